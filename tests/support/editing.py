"""What tests of edits share: an item, and how the items of an issue stand after an edit."""

from pathlib import Path

from newsletter.documents import parse_yaml

ITEM = "---\nkind: article\ntitle: {}\n---\n\nTekst.\n"


def order(folder: Path) -> list[list[str]]:
    """Give the items of each section, as the file says."""
    data = parse_yaml((folder / "issue.yaml").read_text(encoding="utf-8"), "issue.yaml").data
    return [
        [entry if isinstance(entry, str) else entry["file"] for entry in section.get("items") or []]
        for section in data["sections"]
    ]
