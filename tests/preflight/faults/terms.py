"""A name that is written otherwise than the word list says, at the end of a line."""

from support.checking import Desk

FOUND = "“veiligheids huizen” is written “veiligheidshuizen”"
PLACE = ("monitor-veiligheidshuizen.md", "veiligheids")


def plant(desk: Desk) -> None:
    (desk.workspace.root / "terms.yaml").write_text(
        "terms:\n  - term: veiligheidshuizen\n    avoid: [veiligheids huizen]\n", encoding="utf-8"
    )
    path = desk.folder / "monitor-veiligheidshuizen.md"
    desk.write(path.name, f"{path.read_text(encoding='utf-8')}\nAlle dertig veiligheids\nhuizen deden mee.\n")
