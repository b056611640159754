"""Reads what forms send: no more than there may be, no longer than it may take; from browsers and mail systems."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

MOST_BYTES: Final = 65_536
MOST_FIELDS: Final = 200
PATIENCE_SECONDS: Final = 15.0
"""How long a body may take to come in, whole."""

_BOUNDARY: Final = re.compile(r"""boundary=(?:"([^"]{1,70})"|([^\s;,"]{1,70}))""", re.IGNORECASE)
_DISPOSITION: Final = re.compile(r"^content-disposition:.*$", re.IGNORECASE | re.MULTILINE)
_NAME: Final = re.compile(r"""[;\s]name=(?:"([^"]*)"|([^\s;"]+))""", re.IGNORECASE)
_FILE: Final = re.compile(r"[;\s]filename\*?=", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent: every value by the name of its field."""

    values: Mapping[str, Sequence[str]]

    def one(self, name: str) -> str:
        """Give the first value of a field; nothing where there is none."""
        return next(iter(self.values.get(name, ())), "").strip()

    def all(self, name: str) -> tuple[str, ...]:
        """Give all values of a field."""
        return tuple(self.values.get(name, ()))

    def has(self, name: str) -> bool:
        """Tell whether a field was sent, whatever it holds."""
        return name in self.values


async def read_form(request: Request) -> Form:
    """Read a form.

    Raises:
        HTTPException: It is too large (413), too slow (408), or none (400).
    """
    body = await read_body(request, MOST_BYTES)
    kind = request.headers.get("content-type", "")
    pairs = _multipart(kind, body) if kind.lower().startswith("multipart/form-data") else _urlencoded(body)
    found: dict[str, list[str]] = {}
    for name, value in pairs[:MOST_FIELDS]:
        found.setdefault(name, []).append(value.replace("\0", ""))
    return Form(found)


async def read_body(request: Request, most: int, seconds: float = PATIENCE_SECONDS) -> bytes:
    """Read a body as it came.

    Raises:
        HTTPException: It is too large, or too slow.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > most:
        raise HTTPException(413, headers={"connection": "close"})
    pieces: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for piece in request.stream():
                size += len(piece)
                if size > most:
                    raise HTTPException(413, headers={"connection": "close"})
                pieces.append(piece)
    except TimeoutError as error:
        raise HTTPException(408, headers={"connection": "close"}) from error
    except ClientDisconnect as error:
        raise HTTPException(400) from error
    return b"".join(pieces)


def _urlencoded(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise HTTPException(400) from error


def _multipart(kind: str, body: bytes) -> list[tuple[str, str]]:
    """Read the fields of a body in parts; files are left out. Source: RFC 7578, RFC 2046 §5.1.1."""
    boundary = _BOUNDARY.search(kind)
    if boundary is None:
        raise HTTPException(400)
    border = b"\n--" + (boundary[1] or boundary[2]).encode("latin-1", "replace")
    pairs: list[tuple[str, str]] = []
    for part in (b"\n" + body.replace(b"\r\n", b"\n")).split(border, MOST_FIELDS + 1)[1:]:
        head, empty_line, content = part.partition(b"\n\n")
        disposition = _DISPOSITION.search(head.decode("utf-8", "replace"))
        if empty_line and disposition is not None and not _FILE.search(disposition[0]):
            name = _NAME.search(disposition[0])
            pairs += [(name[1] or name[2] or "", content.decode("utf-8", "replace"))] if name else []
    return pairs
