"""A template from where it was kept does what it would do compiled anew; and nobody else's code is run."""

import os
import shutil
from pathlib import Path

import pytest

from conftest import SLUG
from newsletter.dispatch import CLIPPED_AT, build_issue
from newsletter.dispatch.build import Built
from newsletter.errors import ExpressionError
from newsletter.render import code_cache, load_template
from newsletter.render.code_cache import own_folder
from newsletter.render.environment import Environment
from newsletter.settings import load
from newsletter.subscribers import Definitions, example_record
from newsletter.workspace import Workspace


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for caches."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/newsletter/templates"


@pytest.fixture
def generated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were really compiled."""
    names: list[str] = []
    real = Environment._generate

    def generate(self: Environment, source: object, name: str, *rest: object, **options: object) -> str:
        names.append(name)
        return real(self, source, name, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Environment, "_generate", generate)
    return names


def build(workspace: Workspace, definitions: Definitions) -> Built:
    return build_issue(workspace, load(workspace, {}), definitions, SLUG, "leden", example_record(definitions))


def test_message_from_kept_templates_is_the_same_to_the_letter(
    workspace: Workspace, definitions: Definitions, generated: list[str]
) -> None:
    first = build(workspace, definitions)
    compiled = list(generated)
    second = build(workspace, definitions)
    assert compiled
    assert generated == compiled
    assert (second.html, second.text, second.subject, second.message) == (
        first.html, first.text, first.subject, first.message,
    )  # fmt: skip
    assert 0 < len(first.html) < CLIPPED_AT


def test_condition_on_the_reader_comes_back_whole(workspace: Workspace, definitions: Definitions) -> None:
    """What is bound for each reader only is kept beside the code, and with its place for messages."""
    part = workspace.templates / "bulletin/issue.mjml.j2"
    text = part.read_text(encoding="utf-8")
    part.write_text(text.replace("</mj-body>", "{{ subscriber.nonsense }}</mj-body>"), encoding="utf-8")
    said = []
    for _ in range(2):
        with pytest.raises(ExpressionError, match="nonsense") as caught:
            build(workspace, definitions)
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert "issue.mjml.j2:" in said[0]


def test_change_of_a_template_is_compiled(workspace: Workspace, definitions: Definitions, generated: list[str]) -> None:
    before = build(workspace, definitions)
    part = workspace.templates / "bulletin/issue.mjml.j2"
    part.write_text(part.read_text(encoding="utf-8").replace('"page"', '"page other"'), encoding="utf-8")
    generated.clear()
    assert build(workspace, definitions).html != before.html
    assert "issue.mjml.j2" in generated


def test_code_of_another_program_is_not_taken(
    workspace: Workspace, definitions: Definitions, generated: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    build(workspace, definitions)
    generated.clear()
    monkeypatch.setattr(code_cache, "_program", lambda: b"the program of next year")
    build(workspace, definitions)
    assert generated


def test_languages_have_code_of_their_own(workspace: Workspace, generated: list[str]) -> None:
    for language in ("nl", "en", "nl"):
        load_template(workspace.templates / "bulletin").environment(language).get_template("issue.mjml.j2")
    assert generated.count("issue.mjml.j2") == 2


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x80\x04]q\x00."])
def test_damaged_file_counts_as_none(
    workspace: Workspace, definitions: Definitions, cache: Path, content: bytes
) -> None:
    before = build(workspace, definitions)
    for file in cache.iterdir():
        file.write_bytes(content)
    assert build(workspace, definitions).html == before.html


def test_folder_that_others_can_write_to_is_left_alone(
    workspace: Workspace, definitions: Definitions, cache: Path, generated: list[str]
) -> None:
    assert own_folder() == cache
    cache.chmod(0o770)
    assert own_folder() is None
    build(workspace, definitions)
    assert generated
    assert list(cache.iterdir()) == []


def test_folder_that_is_a_link_is_left_alone(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    cache.parent.mkdir(parents=True)
    cache.symlink_to(tmp_path / "elsewhere")
    assert own_folder() is None


def test_without_a_home_nothing_is_kept_and_nothing_fails(
    workspace: Workspace, definitions: Definitions, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert own_folder() is None
    assert build(workspace, definitions).html


def test_nothing_of_it_lies_in_the_workspace(workspace: Workspace, definitions: Definitions, cache: Path) -> None:
    build(workspace, definitions)
    assert list(cache.iterdir())
    assert not list(workspace.root.rglob("*.template"))


def test_oldest_files_go(
    workspace: Workspace, definitions: Definitions, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(workspace, definitions)
    count = len(list(cache.iterdir()))
    monkeypatch.setattr(code_cache, "KEPT", count + 1)
    for file in cache.iterdir():
        os.utime(file, ns=(0, 0))
    copy = workspace.root.parent / "other"
    shutil.copytree(workspace.root, copy)
    build(Workspace(copy), definitions)
    assert len(list(cache.iterdir())) == count + 1
