"""What the tables of MJML take is what the engine carries into the message."""

import pytest

from newsletter.errors import NewsletterError
from newsletter.render import tags
from newsletter.render.inline import to_html
from newsletter.render.prepare import prepare

VALUES = {
    "align": "right",
    "cellpadding": "7",
    "color": "#123456",
    "container-background-color": "#123456",
    "font-family": "Georgia",
    "table-layout": "fixed",
    "vertical-align": "bottom",
}


def document(attributes: str, defaults: str = "") -> str:
    table = f"<mj-table {attributes}><tr><td>a</td></tr></mj-table>"
    head = f"<mj-head><mj-attributes><mj-table {defaults} /></mj-attributes></mj-head>"
    body = f"<mj-body><mj-section><mj-column>{table}</mj-column></mj-section></mj-body>"
    return f"<mjml>{head}{body}</mjml>"


@pytest.mark.parametrize("name", sorted(tags.ATTRIBUTES["mj-table"] - {"css-class", "mj-class"}))
def test_attribute_of_a_table_reaches_the_message(name: str) -> None:
    written = to_html(prepare(document(f'{name}="{VALUES.get(name, "7px")}"'), "x.mjml"))
    assert written != to_html(prepare(document(""), "x.mjml"))


@pytest.mark.parametrize("name", ["role", "border", "cellspacing", "font-weight"])
def test_attribute_of_a_table_that_would_be_dropped_is_refused(name: str) -> None:
    for source in (document(f'{name}="x"'), document("", f'{name}="x"')):
        with pytest.raises(NewsletterError) as raised:
            prepare(source, "x.mjml")
        assert f"x.mjml:1:{source.index(name) + 1}" in str(raised.value)
        assert f"the attribute '{name}' of <mj-table> cannot be used" in str(raised.value)
