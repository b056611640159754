"""What a plain scalar of YAML means: text, number, boolean, date or nothing; and how a value is written as YAML."""

import io
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import SafeRepresenter
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.util import create_timestamp, timestamp_regexp

from newsletter.documents.nodes import Node
from newsletter.errors import ContentError, Place

_BREAKS: Final = re.compile(r"[\n\r\x85\u2028\u2029]")


class Scalars:
    """Reads the scalars of one file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.resolver = VersionedResolver(version=(1, 2))

    def value(self, node: Node) -> Any:
        """Give what a scalar means.

        Raises:
            ContentError: It has the form of a date or number, but there is none such.
        """
        if node.style:
            return node.value
        tag = str(self.resolver.resolve(ScalarNode, node.value, (True, False)).suffix or "")
        read: Callable[[str], Any] = _KINDS.get(tag.rpartition(":")[2], str)
        try:
            return read(node.value)
        except (ValueError, OverflowError) as error:
            shown = node.value if len(node.value) <= 60 else f"{node.value[:57]}…"
            what = "date" if read is _moment else "number"
            raise ContentError(
                f"there is no {what} {shown}",
                where=Place(self.name, node.line, node.column),
                remedy=f"Correct the {what}, or put it in quotes if it is a text.",
            ) from error


def _moment(text: str) -> date | datetime:
    found = timestamp_regexp.match(text)
    moment: date | datetime = create_timestamp(**found.groupdict())
    return moment


def _whole(text: str) -> int:
    digits = text.replace("_", "").lower()
    base = next((base for prefix, base in (("0b", 2), ("0o", 8), ("0x", 16)) if prefix in digits), 10)
    return int(digits, base)


def _fraction(text: str) -> float:
    return float(re.sub(r"\.(?=inf$|nan$)", "", text.replace("_", "").lower()))


def _nothing(_text: str) -> None:
    return None


def _truth(text: str) -> bool:
    return text.lower() == "true"


_KINDS: Final[Mapping[str, Callable[[str], Any]]] = {
    "null": _nothing,
    "bool": _truth,
    "int": _whole,
    "float": _fraction,
    "timestamp": _moment,
}


class _Writer(SafeRepresenter):
    """Writes texts that hold line breaks in double quotes, where each of them is spelled out.

    Those that begin with a sign of YAML's own too: within brackets not every one is read back as it is written.
    """

    def represent_str(self, data: str) -> ScalarNode:
        style = '"' if _BREAKS.search(data) or data.startswith(("?", ":", "-")) else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Writer.add_representer(str, _Writer.represent_str)


def written(value: Any, *, flow: bool) -> str:
    """Write plain data as YAML, with line feeds between its lines and none at its end.

    Args:
        flow: Within brackets; otherwise groups of keys stand on lines of their own.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.Representer = _Writer
    yaml.width = 1_000_000
    yaml.allow_unicode = True
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.default_flow_style = flow
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump([value] if flow else {"x": value}, stream)
    text = stream.getvalue().rstrip("\n")
    return text[1:-1] if flow else text.removeprefix("x:").removeprefix(" ")
