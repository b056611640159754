"""Narrow selectors match what the wide ones match: the inlined document is the same, byte for byte."""

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.cssselect import CSSSelector
from lxml.html import document_fromstring

from newsletter.render.narrowing import narrowed

names = st.sampled_from(["a", "b", "c-d", "e_f"])
tags = st.sampled_from(["p", "td", "h3", "span", "DIV"])
elements = st.recursive(
    st.just("x"),
    lambda inner: (
        st.builds('<{0} id="y" class="{1}">{2}</{0}>'.format, tags, st.lists(names, max_size=3).map(" ".join), inner)
        | st.builds("<{0}>{1}{1}</{0}>".format, tags, inner)
    ),
    max_leaves=8,
)
compounds = st.builds(
    "{}{}".format,
    st.sampled_from(["", "", "p", "td", "h3"]),
    st.lists(names, max_size=2).map(lambda several: "".join(f".{one}" for one in several)),
).filter(bool)
selectors = st.lists(compounds, min_size=1, max_size=3).flatmap(
    lambda several: st.lists(st.sampled_from([" ", " > "]), min_size=len(several) - 1, max_size=len(several) - 1).map(
        lambda joints: "".join(part + joint for part, joint in zip(several, [*joints, ""], strict=True))
    )
)


@given(elements, selectors)
@settings(max_examples=300, deadline=None)
def test_narrow_selectors_match_the_same_elements(body: str, selector: str) -> None:
    html = f"<!DOCTYPE html><html><body>{body}</body></html>"
    page = document_fromstring(html)
    wide = set(CSSSelector(selector)(page))
    narrow = {found for _, one, _ in narrowed([(0, selector, "")], html) for found in CSSSelector(one)(page)}
    assert narrow == wide


def test_rules_of_classes_that_do_not_occur_are_left_out_and_the_order_stays() -> None:
    html = '<p class="a">x</p><td class="a b">y</td>'
    rules = [(1, ".a", "1"), (2, ".z", "2"), (3, "p", "3"), (4, "td .b", "4"), (5, "[x]", "5"), (6, ".b", "6")]
    assert narrowed(rules, html) == [
        (1, "p.a", "1"),
        (1, "td.a", "1"),
        (3, "p", "3"),
        (4, "td td.b", "4"),
        (5, "[x]", "5"),
        (6, "td.b", "6"),
    ]
