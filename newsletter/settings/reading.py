"""Reads the settings of a workspace and of its provider, and says what is wrong with them, all at once."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from newsletter import plugins
from newsletter.documents import read_text
from newsletter.errors import ContentError, Place, SettingsError, raise_all
from newsletter.settings.databases import has_password, hide_password
from newsletter.settings.limits import check_limits
from newsletter.settings.model import Settings
from newsletter.settings.providers import (
    check_provider,
    check_providers,
    check_variables,
    is_secret,
    same_provider,
    secret_in_file,
    there_are,
)
from newsletter.settings.sources import (
    PREFIX,
    SEPARATOR,
    Kind,
    Sources,
    dotted,
    merge,
    variable_name,
)
from newsletter.settings.toml import find_keys
from newsletter.workspace import Workspace

_POSITION: Final = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")
_EXPECTED: Final = {
    "string_type": 'a text, in double quotes: "…"',
    "string_too_short": "a text that is not empty",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": 'a list: ["…", "…"]',
    "tuple_type": 'a list: ["…", "…"]',
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "greater_than": "a number above 0",
}


def load(workspace: Workspace, environ: Mapping[str, str]) -> Settings:
    """Read the settings of a workspace.

    Args:
        environ: The environment; `NEWSLETTER_SENDER__EMAIL` goes before `email` in the table `[sender]`.

    Raises:
        SettingsError: Something is missing, unknown or not what was expected; several are raised together.
    """
    return _load(_read_sources(workspace, environ))


def check(text: str, name: str) -> None:
    """Check the text of a settings file, without the environment.

    Raises:
        SettingsError: As `load` does.
    """
    _load(_take_apart(text, name, {}))


def _load(sources: Sources) -> Settings:
    errors = [
        *_unknown_variables(sources),
        *check_variables(sources),
        *_secrets_in_file(sources),
        *check_providers(sources),
        *check_limits(sources),
    ]
    data = merge(sources.table, _environment(Settings, sources, PREFIX))
    data["sender"] = data.get("sender", {})
    try:
        settings = Settings.model_validate(data, context={"sources": sources})
    except ValidationError as error:
        raise_all([*errors, *_explain_all(error, Settings, sources)])
        raise
    errors.extend(_unknown_provider(settings, sources))
    raise_all(errors)
    return settings


def provider_settings(settings: Settings, workspace: Workspace, name: str) -> BaseModel:
    """Read a provider's own settings: its table, and the environment.

    Args:
        name: The provider, as users write it.

    Returns:
        What the provider's module calls `Settings`.

    Raises:
        PluginError: There is no such provider, or it needs a package that is not installed.
        SettingsError: Its settings are not as it wants them.
    """
    module = plugins.load("providers", name)
    model: type[BaseModel] = module.Settings
    key = next((known for known in settings.providers if same_provider(known, name)), name)
    path = ("providers", key)
    table = settings.providers.get(key, {})
    sources = settings.sources
    prefix = variable_name(path) + SEPARATOR
    data = merge(table, _environment(model, sources, prefix))
    context = {
        "root": workspace.root,
        "public_url": settings.public_url,
        "media_url": settings.media_url,
        "media": settings.media_folder(workspace),
        "language": settings.language,
        "sender_domain": settings.sender.email.rpartition("@")[2],
    }
    try:
        found = model.model_validate(data, context=context)
    except ValidationError as error:
        raise_all(_explain_all(error, model, sources, path))
        raise
    return found


def _read_sources(workspace: Workspace, environ: Mapping[str, str]) -> Sources:
    name = workspace.name_of(workspace.settings_file)
    try:
        text = read_text(workspace.settings_file, name)
    except ContentError as error:
        raise SettingsError(error.message, where=error.where, remedy=error.remedy) from error
    return _take_apart(text, name, environ)


def _take_apart(text: str, name: str, environ: Mapping[str, str]) -> Sources:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(str(error), text, name) from error
    ours = {name.upper(): value for name, value in environ.items() if name.upper().startswith(PREFIX) and value}
    return Sources(name, table, find_keys(text), ours)


def _syntax_error(message: str, text: str, name: str) -> SettingsError:
    position = _POSITION.search(message)
    line, column = text.count("\n") + 1, None
    if position and position[1]:
        line, column = int(position[1]), int(position[2])
    remedy = 'Mend that line. A setting looks like this: name = "…".'
    if "overwrite" in message or "twice" in message:
        remedy = "The key or table stands there twice: remove one of them."
    problem = _POSITION.sub("", message)
    return SettingsError(f"this is not TOML: {problem}", where=Place(name, line, column), remedy=remedy)


def _environment(model: type[BaseModel], sources: Sources, prefix: str) -> dict[str, Any]:
    """Read the environment's part of a model; a provider's tables are read with that provider's own model."""
    environ = sources.environ
    if model is Settings:
        start = variable_name(["providers"])
        environ = {name: value for name, value in environ.items() if not name.startswith(start + SEPARATOR)}
    fields = {f"{prefix}{field}".upper() for field in model.model_fields}
    if not any(name.startswith(field) for name in environ for field in fields):
        return {}
    from pydantic_settings import SettingsError as VariableError

    from newsletter.settings.environment import read_environment

    try:
        return read_environment(model, environ, prefix)
    except VariableError as error:
        field = re.search(r'"(\w+)"', str(error))
        name = f"{prefix}{field[1].upper()}" if field else prefix
        raise SettingsError("this is not JSON", where=Place(name), remedy="Write lists and tables as JSON.") from error


def _unknown_variables(sources: Sources) -> Iterator[SettingsError]:
    """Name the variables that nobody reads; one word may be somebody else's, unless it is nearly ours."""
    known = list(Settings.model_fields)
    for name in sources.environ:
        first, *rest = name.removeprefix(PREFIX).lower().split(SEPARATOR)
        if first in known:
            continue
        near = get_close_matches(first, known, n=1, cutoff=0.6 if rest else 0.8)
        if near or rest:
            yield SettingsError(
                f"{dotted([first, *rest])!r} is not a setting",
                where=Place(name),
                remedy=f"Did you mean {variable_name([near[0], *rest])}?" if near else there_are(known),
            )


def _secrets_in_file(sources: Sources) -> Iterator[SettingsError]:
    database = sources.table.get("database")
    url = database.get("url") if isinstance(database, Mapping) else None
    if isinstance(url, str) and has_password(url):
        yield secret_in_file(sources, ("database", "url"))


def _unknown_provider(settings: Settings, sources: Sources) -> Iterator[SettingsError]:
    yield from check_provider(settings.provider, sources.origin(("provider",)).place)
    yield from check_limits(sources, settings.limits.providers)


def _explain_all(
    error: ValidationError, model: type[BaseModel], sources: Sources, path: Sequence[str] = ()
) -> list[SettingsError]:
    return [_explain(problem, model, sources, path) for problem in error.errors()]


def _explain(problem: ErrorDetails, model: type[BaseModel], sources: Sources, above: Sequence[str]) -> SettingsError:
    """Say in plain words what is wrong with a setting, where it came from, and what to do."""
    # Pydantic's mark for a key that does not fit is no part of its name.
    path = (*above, *(part for part in problem["loc"] if part != "[key]"))
    kind = problem["type"]
    origin = sources.origin(path)
    where = origin.place if origin.kind is not Kind.DEFAULT else sources.place(path)
    if kind == "extra_forbidden":
        return _unknown_key(path, problem["loc"], model, where, in_environment=origin.kind is Kind.ENVIRONMENT)
    if kind == "missing":
        return SettingsError("this setting is missing", where=where, remedy=_how_to_add(path, model))
    if kind == "value_error":
        raised = problem.get("ctx", {}).get("error", problem["msg"])
        message, _, remedy = str(raised).partition("|")
        return SettingsError(message, where=where, remedy=remedy or "Correct it.")
    expected = _EXPECTED.get(kind, problem["msg"])
    if kind in ("enum", "literal_error"):
        expected = f"one of {problem.get('ctx', {}).get('expected')}"
    secret = len(problem["loc"]) == 1 and is_secret(model, str(problem["loc"][0]))
    shown = "this" if secret else _shown(problem["input"])
    return SettingsError(f"{shown} does not fit", where=where, remedy=f"Expected: {expected}.")


def _unknown_key(
    path: Sequence[str | int],
    location: Sequence[str | int],
    model: type[BaseModel],
    where: Place,
    *,
    in_environment: bool,
) -> SettingsError:
    known = _known_keys(model, location[:-1])
    near = get_close_matches(str(path[-1]), known, n=1)
    if path == ("secret_key",):
        remedy = f"Set the environment variable {PREFIX}SECRET_KEY instead."
    elif near:
        suggested = variable_name([*path[:-1], near[0]]) if in_environment else repr(near[0])
        remedy = f"Did you mean {suggested}?"
    elif len(path) > 1 and path[-1] in Settings.model_fields:
        remedy = "Move it up: it belongs above the first table."
    else:
        remedy = there_are(known)
    return SettingsError(f"{dotted(path)!r} is not a setting", where=where, remedy=remedy)


def _known_keys(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """Name the settings of the table at a place."""
    found: Any = model
    for part in location:
        found = _type_below(found, str(part))
    return list(found.model_fields) if _is_model(found) else []


def _type_below(around: Any, name: str) -> Any:
    """Give the type of what stands below a name: a field of a model, or one of many tables that are alike."""
    if _is_model(around):
        field = around.model_fields.get(name)
        extra = get_args(around.__annotations__.get("__pydantic_extra__"))
        found = field.annotation if field else next(reversed(extra), None)
    else:
        found = next(reversed(get_args(around)), None)
    if get_origin(found) is dict:
        return found
    return next((one for one in get_args(found) if _is_model(one)), found)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _how_to_add(path: Sequence[str | int], model: type[BaseModel]) -> str:
    name = variable_name(path)
    if is_secret(model, str(path[-1])):
        return f"Set the environment variable {name}."
    below = f" below [{dotted(path[:-1])}]" if len(path) > 1 else " above the first table"
    return f'Add {path[-1]} = "…"{below}, or set {name}.'


def _shown(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return "a table" if isinstance(value, dict) else "a list"
    text = repr(hide_password(value)) if isinstance(value, str) else str(value).lower()
    return text if len(text) <= 60 else f"{text[:57]}…"
