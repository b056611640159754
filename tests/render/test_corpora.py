"""Real MJML templates: the supported keep all their words, the others are a clear error, none ends the process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SUPPORTED = frozenset(
    {"alert", "arturia", "black-friday", "card", "happy-new-year", "onepage", "proof", "reactivation-email"}
    | {"real-estate", "recast", "referral-email", "sphero-mini", "tech-geek", "welcome-email"}
)
PICTURE_FROM_ELSEWHERE = "<mj-social-element> has no 'src'"
"""The engine's own icons lie on somebody's server, who would learn of every reader."""
REFUSED = {
    "austin": PICTURE_FROM_ELSEWHERE,
    "basic": "<mj-raw> cannot stand in <mj-section>",
    "christmas": PICTURE_FROM_ELSEWHERE,
    "delivery": "<mj-text> has the attribute 'css-class' twice",
    "loyalty-client": "<mj-text> has the attribute 'font-size' twice",
    "newsletter": PICTURE_FROM_ELSEWHERE,
    "racoon": "the attribute 'hamburger' of <mj-navbar> cannot be used",
    "street-expo": PICTURE_FROM_ELSEWHERE,
    "ticketshop": "the text 'a' stands between components",
    "ugg-royale": "<mj-carousel> cannot be used",
    "worldly": "the attribute 'hamburger' of <mj-navbar> cannot be used",
}

COMPILE_ALL = r"""
import json, re, sys
from html import unescape
from pathlib import Path
from newsletter.errors import NewsletterError, Problems
from newsletter.render.inline import inline, to_html
from newsletter.render.prepare import prepare

def words(markup):
    bare = re.sub(r"<!--.*?-->|<(mj-)?style\b.*?</(mj-)?style>|<mj-(preview|title|font)\b.*?</mj-\w+>", " ", markup,
                  flags=re.DOTALL)
    return re.findall(r"\w+", unescape(re.sub(r"<[^>]*>", " ", bare)))

found = {}
for path in sorted(Path(sys.argv[1]).rglob("*.mjml")):
    source = path.read_text(encoding="utf-8")
    try:
        prepared = prepare(source, path.name)
        html = inline(to_html(prepared), prepared.css)
        body = html[html.index("<body"):]
        found[path.stem] = {"written": words(source[source.index("<mj-body"):]), "shown": words(body)}
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
def test_supported_templates_compile_and_lose_no_word(found: dict[str, object]) -> None:
    assert len(found) == 25
    assert {name for name, result in found.items() if isinstance(result, dict)} == SUPPORTED
    for name in SUPPORTED:
        result = found[name]
        assert isinstance(result, dict)
        shown = list(result["shown"])
        assert len(result["written"]) > 20
        for word in result["written"]:
            assert word in shown, (name, word)
            shown.remove(word)


@pytest.mark.corpora
@pytest.mark.parametrize("name", sorted(REFUSED))
def test_other_templates_are_refused_with_line_reason_and_remedy(found: dict[str, object], name: str) -> None:
    errors = found[name]
    assert isinstance(errors, list)
    assert any(message.startswith(REFUSED[name]) for _, _, message, _ in errors)
    for file, line, _, remedy in errors:
        assert file == f"{name}.mjml"
        assert line > 0
        assert remedy
