"""`newsletter config`: what is in force, and where it came from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli.base import Face, echo_json, pass_face, print_error
from newsletter.errors import NewsletterError, Place, SettingsError

if TYPE_CHECKING:
    from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Row:
    """One setting in force."""

    key: str
    value: Any
    origin: str


@click.command(name="config")
@click.argument("key", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_face
def command(face: Face, key: str | None, as_json: bool) -> None:
    """Show the settings in force, and where each one comes from.

    With a KEY such as sender.email show the value of that one only. Secrets are never shown.
    """
    if key is None:
        rows = list(_rows(face))
        if as_json:
            echo_json({row.key: {"value": row.value, "origin": row.origin} for row in rows})
        else:
            _print_table(rows)
        return
    row = _find(face, key)
    if as_json:
        echo_json(row.value)
    else:
        click.echo(_shown(row.value))


def _rows(face: Face) -> Iterator[Row]:
    from newsletter.settings import HIDDEN, provider_settings

    settings = face.settings
    yield from _fields(face, settings, ())
    yield Row("secret_key", HIDDEN, _origin_of_secret(face))
    others = sorted(settings.providers.keys() - {settings.provider})
    yield from _fields(
        face, provider_settings(settings, face.workspace, settings.provider), ("providers", settings.provider)
    )
    for name in others:
        try:
            model = provider_settings(settings, face.workspace, name)
        except NewsletterError as error:  # not in use: it may wait for its secret
            print_error(error)
            continue
        yield from _fields(face, model, ("providers", name))


def _fields(face: Face, model: "BaseModel", path: Sequence[str]) -> Iterator[Row]:
    from pydantic import BaseModel

    for name in (*type(model).model_fields, *(model.model_extra or {})):
        value = getattr(model, name)
        here = (*path, name)
        if isinstance(value, BaseModel):
            yield from _fields(face, value, here)
        elif isinstance(value, dict) and any(isinstance(one, BaseModel) for one in value.values()):
            for key, one in value.items():
                yield from _fields(face, one, (*here, key))
        elif here != ("providers",):
            yield Row(".".join(here), _without_secret(value), str(face.settings.origin(*here)))


def _without_secret(value: Any) -> Any:
    from pydantic import SecretBytes, SecretStr

    from newsletter.settings import HIDDEN, hide_password

    if isinstance(value, (SecretStr, SecretBytes)):
        return HIDDEN
    if isinstance(value, str):
        return hide_password(value)
    if isinstance(value, tuple):
        return list(value)
    return value if value is None or isinstance(value, (bool, int, float, list, dict)) else str(value)


def _origin_of_secret(face: Face) -> str:
    from newsletter.settings import SECRET_FILE, SECRET_VARIABLE

    if face.environ.get(SECRET_VARIABLE):
        return f"environment {SECRET_VARIABLE}"
    path = face.workspace.state / SECRET_FILE
    return face.workspace.name_of(path) if path.exists() else "made on first need"


def _find(face: Face, key: str) -> Row:
    rows = {row.key: row for row in _rows(face)}
    if key not in rows:
        near = get_close_matches(key, rows, n=1)
        raise SettingsError(
            f"{key!r} is not a setting",
            where=Place(field=key),
            remedy=f"Did you mean {near[0]!r}?" if near else "'newsletter config' shows them all.",
        )
    return rows[key]


def _print_table(rows: Sequence[Row]) -> None:
    keys = max(len(row.key) for row in rows)
    values = max(min(len(_shown(row.value)), 60) for row in rows)
    for row in rows:
        shown = _shown(row.value).replace("\n", ", ")
        click.echo(f"{row.key:<{keys}}  {shown:<{values}}  {click.style(row.origin, dim=True)}")


def _shown(value: Any) -> str:
    if value is None or value == [] or value == {}:
        return "-"
    if isinstance(value, list | dict):
        pairs = value if isinstance(value, list) else [f"{name} = {one}" for name, one in value.items()]
        return ", ".join(map(str, pairs))
    return str(value).lower() if isinstance(value, bool) else str(value)
