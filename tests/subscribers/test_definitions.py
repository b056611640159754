"""Definitions in `subscribers/`: mistakes are named with their place and their remedy."""

import pytest

from newsletter.errors import NewsletterError
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


def test_workspace_without_segments_and_attributes_is_fine(workspace: Workspace) -> None:
    for name in ("segments.yaml", "attributes.yaml"):
        (workspace.subscribers / name).unlink()
    found = read_definitions(workspace)
    assert found.segments == {}
    assert set(found.schema().fields) == {"email", "first_name", "last_name", "language", "topics"}
