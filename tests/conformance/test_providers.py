"""What every provider must be, whatever stands in the folder."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from newsletter import plugins
from newsletter.errors import NewsletterError
from newsletter.providers.base import ProviderSettings
from newsletter.settings import is_secret, load, provider_settings
from newsletter.workspace import Workspace

PROVIDERS = plugins.names("providers")


@pytest.mark.parametrize("name", PROVIDERS)
def test_settings_are_strict_and_frozen(name: str) -> None:
    settings = plugins.load("providers", name).Settings
    assert issubclass(settings, ProviderSettings)
    assert settings.model_config["extra"] == "forbid"
    assert settings.model_config["frozen"]


@pytest.mark.parametrize("name", PROVIDERS)
def test_unknown_setting_is_named_with_its_line(name: str, workspace: Workspace) -> None:
    text = workspace.settings_file.read_text(encoding="utf-8").partition("[providers")[0]
    workspace.settings_file.write_text(f'{text}[providers.{name}]\nnonsense = "x"\n', encoding="utf-8")
    with pytest.raises(NewsletterError) as raised:
        provider_settings(load(workspace, {}), workspace, name)
    assert "nonsense" in str(raised.value)
    assert f"newsletter.toml:{text.count(chr(10)) + 2}:1" in str(raised.value)


@pytest.mark.parametrize("name", PROVIDERS)
def test_secrets_are_named_as_secrets(name: str) -> None:
    settings = plugins.load("providers", name).Settings
    suspects = {
        field for field in settings.model_fields if any(word in field for word in ("key", "password", "secret"))
    }
    assert all(is_secret(settings, field) for field in suspects)


def test_outbox_opens_as_a_context(tmp_path: Path) -> None:
    module: Any = plugins.load("providers", "outbox")
    settings = module.Settings.model_validate({}, context={"root": tmp_path})
    assert isinstance(module.open(settings), AbstractAsyncContextManager)
