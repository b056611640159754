"""An article that came out in an issue of the month before, under another file's name."""

from conftest import SLUG
from support.checking import Desk

FOUND = "readers had this in 2024-01 of 2024-01-15"
PLACE = ("overdracht-met-een-formulier.md", "Een goede")


def plant(desk: Desk) -> None:
    earlier = desk.workspace.issues / "2024-01"
    earlier.mkdir()
    item = (desk.workspace.issues / SLUG / "overdracht-met-een-formulier.md").read_text(encoding="utf-8")
    (earlier / "other.md").write_text(item.replace("overdracht-met", "iets-met"), encoding="utf-8")
    (earlier / "issue.yaml").write_text(
        "subject: Januari\ndate: 2024-01-15\ntemplate: bulletin\nsections:\n  - layout: news\n    items: [other.md]\n",
        encoding="utf-8",
    )
