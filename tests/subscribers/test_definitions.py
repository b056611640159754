"""Definitions in `subscribers/`: mistakes are named with their place and their remedy."""

import pytest

from newsletter.errors import ContentError, NewsletterError
from newsletter.subscribers import read_definitions
from newsletter.workspace import Workspace


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("lists", "lists:\n  Leden:\n    name: x\n", ["subscribers/lists.yaml:"]),
        ("lists", "lists:\n  leden:\n    naam: x\n", ["lists.yaml:3:5", "'naam' is not known", "'name'"]),
        ("lists", "lists: [", ["subscribers/lists.yaml:"]),
        (
            "segments",
            "segments:\n  a:\n    name: A\n    where: subscriber.regio == 'x'\n",
            ["segments.yaml:4:", "regio", "region"],
        ),
        (
            "segments",
            "segments:\n  a:\n    name: A\n    where: subscriber.region == 'Mars'\n",
            ["segments.yaml:4:", "Mars"],
        ),
        (
            "segments",
            "segments:\n  a:\n    name: A\n    where: \"subscriber.region == 'Mars'\"\n",
            ["segments.yaml:4:34", "Mars"],
        ),
        ("attributes", "attributes:\n  email:\n    name: E\n", ["attributes.yaml:2:"]),
        ("attributes", "attributes:\n  a:\n    name: A\n    type: colour\n", ["attributes.yaml:4:", "text"]),
        ("imports/x", "columns: 3\n", ["subscribers/imports/x.yaml:1:"]),
    ],
)
def test_mistake_is_named_with_its_place(workspace: Workspace, file: str, content: str, expected: list[str]) -> None:
    (workspace.subscribers / f"{file}.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(NewsletterError) as raised:
        read_definitions(workspace)
    for part in expected:
        assert part in str(raised.value)


@pytest.mark.parametrize(
    "name",
    [
        *("status", "name", "infix", "left_at", "opted_out", "source", "subscribed_at", "unsubscribed_at", "topics"),
        *("email", "row", "line", "problem", "remedy", "email_disabled", "language", "tags", "frequency", "list"),
    ],
)
def test_attribute_cannot_have_a_name_that_imports_and_exports_use(workspace: Workspace, name: str) -> None:
    (workspace.subscribers / "segments.yaml").unlink()
    (workspace.subscribers / "attributes.yaml").write_text(f"attributes:\n  {name}:\n    name: X\n", encoding="utf-8")
    with pytest.raises(ContentError) as raised:
        read_definitions(workspace)
    assert (raised.value.where.line, raised.value.where.column) == (2, 3)
    assert "choose another name" in raised.value.remedy


def test_workspace_without_segments_and_attributes_is_fine(workspace: Workspace) -> None:
    for name in ("segments.yaml", "attributes.yaml"):
        (workspace.subscribers / name).unlink()
    found = read_definitions(workspace)
    assert found.segments == {}
    assert set(found.schema().fields) == {"email", "first_name", "last_name", "language", "topics"}
