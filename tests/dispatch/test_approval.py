"""An approval holds for exactly what was approved, and a workspace that demands one sends nothing without it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from newsletter.audience import Selection
from newsletter.dispatch import (
    Proposal,
    Surroundings,
    accept,
    approve_proposal,
    approved,
    look_up_approval,
    propose,
    withdraw_approval,
    write_receipt,
)
from newsletter.errors import DispatchError
from newsletter.settings import load
from newsletter.workspace import Workspace
from support.dispatching import SLUG, Bench


def write(workspace: Workspace, file: str, before: str, after: str) -> None:
    path = workspace.root / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def surroundings(bench: Bench, by: str = "editor", **demands: str) -> Surroundings:
    """What there is now, for somebody, in a workspace with some demands."""
    environ = {f"NEWSLETTER_APPROVAL__{name.upper()}": value for name, value in demands.items()}
    return replace(bench.surroundings, by=by, settings=load(bench.workspace, environ))


def proposal(there: Surroundings, segment: str | None = None, provider: str | None = None) -> Proposal:
    return propose(there, SLUG, Selection("leden", segment), provider)


@pytest.fixture
def ready(bench: Bench) -> Bench:
    bench.subscribe(["anna"], region="Noord")
    return bench


def test_approved_issue_can_be_sent_and_the_receipt_says_by_whom(ready: Bench) -> None:
    chief, editor = surroundings(ready, "chief"), surroundings(ready, "editor", required="true", four_eyes="true")
    approve_proposal(chief, proposal(chief))
    dispatch = accept(editor, approved(editor, proposal(editor)))
    document = write_receipt(ready.database, dispatch).document()
    assert (document["approval"]["by"], document["approval"]["at"]) == ("chief", ready.clock().isoformat())


def test_nothing_is_sent_without_the_approval_that_is_demanded(ready: Bench) -> None:
    editor = surroundings(ready, required="true")
    with pytest.raises(DispatchError, match="nobody has approved"):
        approved(editor, proposal(editor))


def test_no_approval_is_needed_where_none_is_demanded(ready: Bench) -> None:
    editor = surroundings(ready)
    assert approved(editor, proposal(editor)).plan.approval is None


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("content", lambda there: write(there, f"issues/{SLUG}/issue.yaml", "subject:", "subject: Nieuw, ")),
        ("template", lambda there: write(there, "templates/shared/theme.toml", "\n", "\n# changed\n")),
        ("sender", lambda there: write(there, "newsletter.toml", "[sender]\n", "[sender]\nreply_to = 'a@b.nl'\n")),
    ],
)  # fmt: skip
def test_any_change_voids_an_approval_and_is_named(
    ready: Bench, part: str, change: Callable[[Workspace], None]
) -> None:
    chief = surroundings(ready, "chief")
    approve_proposal(chief, proposal(chief))
    change(ready.workspace)
    editor = surroundings(ready, required="true")
    _, changed = look_up_approval(editor, proposal(editor))
    assert part in changed
    with pytest.raises(DispatchError, match=part):
        approved(editor, proposal(editor))


def test_another_condition_of_the_segment_voids_it(ready: Bench) -> None:
    chief = surroundings(ready, "chief")
    approve_proposal(chief, proposal(chief, "noord"))
    south = replace(ready.definitions.segment("noord"), where=ready.definitions.segment("bestuurders").where)
    changed = replace(ready.definitions, segments={**ready.definitions.segments, "noord": south})
    editor = replace(surroundings(ready, required="true"), definitions=changed)
    with pytest.raises(DispatchError, match="audience"):
        approved(editor, proposal(editor, "noord"))


def test_approval_for_one_audience_is_none_for_another(ready: Bench) -> None:
    chief = surroundings(ready, "chief")
    approve_proposal(chief, proposal(chief, "noord"))
    editor = surroundings(ready, required="true")
    with pytest.raises(DispatchError, match="nobody has approved"):
        approved(editor, proposal(editor))


def test_people_who_join_meanwhile_do_not_void_it(ready: Bench) -> None:
    chief, editor = surroundings(ready, "chief"), surroundings(ready, required="true")
    approve_proposal(chief, proposal(chief))
    ready.clock.pass_by(hours=3)
    ready.subscribe(["ben"])
    assert approved(editor, proposal(editor)).plan.approval is not None


def test_nobody_approves_what_they_send_themselves_where_four_eyes_are_demanded(ready: Bench) -> None:
    editor = surroundings(ready, required="true", four_eyes="true")
    approve_proposal(editor, proposal(editor))
    with pytest.raises(DispatchError, match="cannot be the one who sends"):
        approved(editor, proposal(editor))


def test_only_those_who_are_named_may_approve(ready: Bench) -> None:
    editor = surroundings(ready, approvers='["chief"]')
    with pytest.raises(DispatchError, match="none of those who may approve"):
        approve_proposal(editor, proposal(editor))


def test_approval_that_was_withdrawn_holds_no_more(ready: Bench) -> None:
    chief, editor = surroundings(ready, "chief"), surroundings(ready, required="true")
    approve_proposal(chief, proposal(chief))
    approve_proposal(chief, proposal(chief))
    assert withdraw_approval(chief, proposal(chief)) == 1
    assert withdraw_approval(chief, proposal(chief)) == 0
    with pytest.raises(DispatchError, match="nobody has approved"):
        approved(editor, proposal(editor))
