"""Checks what file and environment say of providers; one is loaded only when something names it."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from pydantic import BaseModel, SecretBytes, SecretStr

from newsletter import plugins
from newsletter.errors import Place, PluginError, SettingsError
from newsletter.settings.sources import PREFIX, SEPARATOR, Sources, dotted, variable_name

_START: Final = f"{PREFIX}PROVIDERS{SEPARATOR}"


def check_providers(sources: Sources) -> Iterator[SettingsError]:
    """Find tables of providers that do not exist, and secrets in those of any provider, in use or not."""
    tables = sources.table.get("providers")
    if not isinstance(tables, Mapping):
        return
    for name, table in tables.items():
        path = ("providers", name)
        yield from check_provider(name, sources.place(path))
        model = _model(name)
        if model is not None and isinstance(table, Mapping):
            yield from (secret_in_file(sources, (*path, key)) for key in table if is_secret(model, key))


def check_provider(name: str, where: Place) -> Iterator[SettingsError]:
    """Find out whether there is a provider of that name."""
    known = plugins.names("providers")
    if not any(same_provider(name, one) for one in known):
        near = get_close_matches(name, known, n=1)
        yield SettingsError(
            f"no provider is called {name!r}",
            where=where,
            remedy=f"Did you mean {near[0]!r}?" if near else there_are(known),
        )


def check_variables(sources: Sources) -> Iterator[SettingsError]:
    """Find variables of the environment that no provider reads."""
    for name in sources.environ:
        if not f"{name}{SEPARATOR}".startswith(_START):
            continue
        provider, *rest = name.removeprefix(_START).lower().split(SEPARATOR)
        if not rest or not all((provider, rest[0])):
            yield SettingsError(
                "this names no setting of a provider",
                where=Place(name),
                remedy=f"Name provider and setting: {_START}SMTP__PASSWORD.",
            )
            continue
        yield from _check_variable(name, provider, rest)


def _check_variable(name: str, provider: str, rest: Sequence[str]) -> Iterator[SettingsError]:
    known = [one.replace("-", "_").lower() for one in plugins.names("providers")]
    if provider not in known:
        near = get_close_matches(provider, known, n=1)
        suggested = variable_name(("providers", near[0], *rest)) if near else ""
        yield SettingsError(
            f"no provider is called {provider!r}",
            where=Place(name),
            remedy=f"Did you mean {suggested}?" if near else there_are(known),
        )
        return
    model = _model(provider)
    if model is None or rest[0] in model.model_fields:
        return
    near = get_close_matches(rest[0], model.model_fields, n=1)
    suggested = variable_name(("providers", provider, near[0])) if near else ""
    yield SettingsError(
        f"{dotted(('providers', provider, *rest))!r} is not a setting",
        where=Place(name),
        remedy=f"Did you mean {suggested}?" if near else there_are(list(model.model_fields)),
    )


def secret_in_file(sources: Sources, path: Sequence[str]) -> SettingsError:
    """Say that a secret stands in the file."""
    return SettingsError(
        "a secret does not belong in a file that is shared",
        where=sources.place(path),
        remedy=f"Take it out, and set the environment variable {variable_name(path)}.",
    )


def is_secret(model: type[BaseModel], name: str) -> bool:
    """Tell whether a field of a model is a secret."""
    field = model.model_fields.get(name)
    return field is not None and _holds_secret(field.annotation)


def same_provider(one: str, other: str) -> bool:
    """Tell whether two names mean the same provider: a hyphen stands for an underscore."""
    return one.replace("-", "_") == other.replace("-", "_")


def there_are(known: Sequence[str]) -> str:
    """Name what there is, as a remedy."""
    return f"There are: {', '.join(sorted(known))}."


def _model(name: str) -> type[BaseModel] | None:
    """Load the settings of a provider; None where it cannot be loaded, which is said when it is used."""
    try:
        model: type[BaseModel] = plugins.load("providers", name).Settings
    except PluginError:
        return None
    return model


def _holds_secret(annotation: Any) -> bool:
    if annotation in (SecretStr, SecretBytes):
        return True
    return any(_holds_secret(argument) for argument in getattr(annotation, "__args__", ()))
