"""Real MJML templates: the supported become HTML, the others a clear error, and none ends the process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

# Those that use no picture of somebody else's server, no carousel, and nothing that the engine misreads.
SUPPORTED = frozenset(
    {"alert", "arturia", "black-friday", "card", "happy-new-year", "onepage", "proof", "reactivation-email"}
    | {"real-estate", "recast", "referral-email", "sphero-mini", "tech-geek", "welcome-email"}
)

COMPILE_ALL = """
import json, sys
from pathlib import Path
from newsletter.errors import NewsletterError, Problems
from newsletter.render.inline import inline, to_html
from newsletter.render.prepare import prepare
found = {}
for path in sorted(Path(sys.argv[1]).rglob("*.mjml")):
    try:
        prepared = prepare(path.read_text(encoding="utf-8"), path.name)
        found[path.stem] = len(inline(to_html(prepared), prepared.css))
    except NewsletterError as error:
        errors = error.errors if isinstance(error, Problems) else (error,)
        found[path.stem] = [[one.where.file, one.where.line, one.message, one.remedy] for one in errors]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(corpora: Path) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", COMPILE_ALL, str(corpora / "mjml-templates")], capture_output=True, text=True, check=True
    )
    results: dict[str, object] = json.loads(done.stdout)
    return results


@pytest.mark.corpora
def test_supported_templates_compile(found: dict[str, object]) -> None:
    assert len(found) == 25
    assert {name for name, result in found.items() if isinstance(result, int)} == SUPPORTED
    assert all(isinstance(found[name], int) and found[name] > 5_000 for name in SUPPORTED)  # type: ignore[operator]


@pytest.mark.corpora
def test_other_templates_are_refused_with_line_and_remedy(found: dict[str, object]) -> None:
    for name, result in found.items():
        if isinstance(result, list):
            assert result
            for file, line, message, remedy in result:
                assert file == f"{name}.mjml"
                assert line > 0
                assert "mj-" in message or "text" in message
                assert remedy
