"""Plug-ins: found in their folder and behind entry points, and loaded only when they are asked for."""

from importlib.metadata import EntryPoint
from types import ModuleType

import pytest

from newsletter import plugins
from newsletter.errors import PluginError


def offer(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    point = EntryPoint(name, value, "newsletter.providers")
    monkeypatch.setattr(plugins, "_offered", lambda kind: {name: point} if kind == "providers" else {})


def test_what_stands_in_the_folder_is_there() -> None:
    assert {"outbox", "sendgrid", "smtp"} <= set(plugins.names("providers"))
    assert "base" not in plugins.names("providers")
    assert isinstance(plugins.load("providers", "outbox"), ModuleType)


def test_third_parties_add_theirs_by_entry_points(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, "pigeon-post", "json")
    assert "pigeon-post" in plugins.names("providers")
    assert plugins.load("providers", "pigeon-post").__name__ == "json"


def test_name_that_nobody_has_is_answered_with_the_nearest() -> None:
    with pytest.raises(PluginError, match="Did you mean sendgrid"):
        plugins.load("providers", "sengrid")
    with pytest.raises(PluginError, match=r"There are: .*outbox, .*smtp"):
        plugins.load("providers", "../../etc")


def test_package_that_a_plugin_needs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, "pigeon", "loft_that_is_not_installed.pigeons")
    with pytest.raises(PluginError, match="loft_that_is_not_installed"):
        plugins.load("providers", "pigeon")
