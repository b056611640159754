"""Puts people into a workspace's database as the command does, in a process of its own: its memory is not measured."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from newsletter.clock import now
from newsletter.store import open_database
from newsletter.subscribers import (
    Target,
    import_people,
    map_columns,
    open_table,
    read_definitions,
    read_rows,
    synchronise_attributes,
)
from newsletter.tokens import Signer
from newsletter.workspace import Workspace

SECRET = b"a secret of thirty-two characters"


def people(workspace: Workspace, count: int, regions: Sequence[str] = ("Noord",)) -> float:
    """Import so many people into the list, and tell how many seconds that took.

    Args:
        regions: Theirs, one after the other.
    """
    command = [sys.executable, "-m", "benchmarks.peopling", str(workspace.root), str(count), *regions]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _import(root: Path, count: int, regions: Sequence[str]) -> float:
    definitions = read_definitions(Workspace(root))
    database = open_database("sqlite:///var/newsletter.db", root)
    synchronise_attributes(database, definitions)
    target = Target("leden", "benchmark", now(), definitions, Signer.of((SECRET,)).address_hashes)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "people.csv"
        with file.open("w", encoding="utf-8") as rows:
            rows.write("email,voornaam,achternaam,regio\n")
            rows.writelines(f"p{n}@example.org,Piet,Puk {n},{regions[n % len(regions)]}\n" for n in range(count))
        start = time.perf_counter()
        with open_table(file) as table:
            columns = map_columns(table.headers, {}, definitions, str(file))
            import_people(database, read_rows(table.rows, columns, definitions), target)
        taken = time.perf_counter() - start
    database.close()
    return taken


if __name__ == "__main__":
    print(_import(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
