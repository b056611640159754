"""`newsletter archive build`."""

from pathlib import Path

from click.testing import CliRunner

from newsletter.cli import main
from newsletter.workspace import Workspace


def build(workspace: Workspace, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["--workspace", str(workspace.root), "archive", "build", *arguments])
    return result.exit_code, result.output


def test_an_archive_is_written_before_anything_has_gone_out(workspace: Workspace, tmp_path: Path) -> None:
    code, output = build(workspace, "-o", str(tmp_path / "archive"))
    assert (code, "0 issues in 5 files." in output) == (0, True), output
    assert (tmp_path / "archive" / "index.html").is_file()


def test_what_is_wrong_is_said(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert build(workspace, "-o", str(tmp_path / "file"))[0] == 3
    code, output = build(workspace, "-o", str(tmp_path / "archive"), "--url", "ftp://example.org")
    assert (code, "is not the URL of a web site" in output) == (2, True)
    assert build(workspace)[0] == 2
