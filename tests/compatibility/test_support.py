"""The data about mail clients: carried whole, read back as it was, and honest about what was not tested."""

import importlib.util
import re
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

from newsletter import compatibility
from newsletter.compatibility import Level, clients, edition, feature, features, support
from newsletter.errors import SettingsError

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """The script that makes the data."""
    spec = importlib.util.spec_from_file_location("vendor_caniemail", ROOT / "tools/vendor_caniemail.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.corpora
def test_data_is_what_the_script_makes_of_the_corpus(corpora: Path, tool: ModuleType) -> None:
    assert compatibility.DATA.read_bytes() == tool.compress(tool.vendor(corpora / "caniemail"))


@pytest.mark.corpora
def test_every_feature_and_every_client_of_the_corpus_is_read(corpora: Path) -> None:
    files = [path for path in (corpora / "caniemail/_features").glob("*.md") if path.name != "_template.md"]
    assert set(features()) == {path.stem for path in files}
    for path in files:
        # A second, cruder reading than the script's: braces and quotes, without YAML.
        stats = path.read_text(encoding="utf-8").partition("stats:")[2].partition("notes_by_num")[0]
        versions = len(re.findall(r"[\"']?[\w-]+[\"']?\s*:\s*\{\s*[\"']\d", stats))
        assert len(feature(path.stem).support) == versions, path.name


def test_latest_version_counts_with_its_notes() -> None:
    found = support("css-at-media", "gmail.ios")
    assert (found.level, found.version, len(found.notes)) == (Level.PARTLY, "2020-01", 2)
    assert "height" in found.note
    assert support("css-border-radius", "outlook.windows").level is Level.NO
    assert support("css-border-radius", "apple-mail.ios").level is Level.YES


def test_client_that_was_not_tested_is_unknown_and_not_refused() -> None:
    found = support("css-border-radius", "rainloop.desktop-webmail")
    assert (found.level, found.notes, found.tested) == (Level.UNKNOWN, (), feature("css-border-radius").tested)


def test_clients_have_names_that_people_know() -> None:
    assert clients()["gmail.android"].title == "Gmail, Android"
    assert clients()["outlook.outlook-com"].title == "Outlook.com"
    assert clients()["outlook.windows-mail"].title == "Windows Mail"
    assert list(clients().values()) == sorted(clients().values(), key=lambda one: one.title.casefold())


def test_unknown_client_is_refused_with_the_nearest_names() -> None:
    with pytest.raises(SettingsError, match=r"no mail client 'gmail\.androit'.*gmail\.android"):
        compatibility.client("gmail.androit")


def test_source_and_licence_are_named_in_the_data_and_in_the_notice() -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert edition().date >= date(2026, 4, 1)
    for part in (edition().source, edition().copyright, edition().licence):
        assert part in notice
    assert max(one.tested for one in features().values()) == edition().date
