"""How dispatches are shown: receipts, their place in the list, and what was done with them."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from newsletter.cli.base import Face, echo_json

if TYPE_CHECKING:
    from datetime import datetime

    from newsletter.dispatch import Continuation, Dispatch, FollowUp, Proposal, Receipt, Standing

MOST_REPLIES: Final = 5
"""How many different replies are printed for each state; the receipt has more."""


def show_receipt(face: Face, receipt: "Receipt", *, as_json: bool) -> None:
    from newsletter.dispatch import State

    if as_json:
        echo_json(receipt.document())
        return
    console = face.console
    title = "Receipt" if receipt.balance.is_settled else "Receipt, with deliveries still open"
    console.print(f"\n[bold]{title}[/bold]  dispatch {receipt.dispatch.id} of {receipt.dispatch.issue}")
    console.print(f"  {receipt.equation()}")
    for reason, count in sorted(receipt.balance.reasons.items()):
        console.print(f"  excluded, {reason}: {count:,}")
    for line in _reply_lines(receipt):
        console.print(f"  {line}", markup=False, soft_wrap=True)
    uncertain = receipt.balance.of(State.UNCERTAIN)
    if uncertain:
        console.print(
            f"  {readers(uncertain)} uncertain: handed over, but no reply was read, so the message may have been "
            "taken. They are held, and not mailed again.",
            soft_wrap=True,
        )
    if receipt.next_due:
        console.print(
            f"  deferred ones may be tried again from {moment_of(receipt.next_due)} "
            f"until {moment_of(receipt.dispatch.deadline)}"
        )


def _reply_lines(receipt: "Receipt") -> Iterator[str]:
    """Write the most frequent replies of each state, and how many there are besides."""
    for state in dict.fromkeys(one.state for one in receipt.replies):
        found = [one for one in receipt.replies if one.state is state]
        told = [one for one in found if one.words][:MOST_REPLIES]
        for one in told:
            yield f"{state}: {one.count:,} × {one.words}"
        rest = sum(one.count for one in found) - sum(one.count for one in told)
        if rest:
            yield f"{state}: {rest:,} × other replies"


def show_proposal(face: Face, proposal: "Proposal | FollowUp", *, as_json: bool) -> None:
    audience, plan = proposal.audience, proposal.plan
    if as_json:
        echo_json(
            {
                "issue": plan.compiled.slug,
                "list": plan.selection.list,
                "segment": plan.selection.segment,
                "provider": plan.provider,
                "content_hash": plan.compiled.content_hash,
                "selected": audience.selected,
                "excluded": audience.excluded,
                "planned": audience.planned,
                "waiting": audience.waiting,
                "seconds_at_least": round(proposal.forecast.duration.total_seconds()),
            }
        )
        return
    console = face.error_console
    to = audience_name(plan.selection.list, plan.selection.segment)
    console.print(f"[bold]{plan.compiled.slug}[/bold] to {to}, by {plan.provider}")
    console.print(f"  {readers(audience.planned)} of {audience.selected:,} selected")
    for reason, count in sorted(audience.excluded.items()):
        console.print(f"  {count:,} left out: {reason}")
    if audience.waiting:
        console.print(f"  {audience.waiting:,} of them waiting for another dispatch, which was frozen before")
    if line := proposal.forecast.line():
        console.print(f"  {line}", markup=False, soft_wrap=True)


def show_continuation(face: Face, found: "Continuation", *, as_json: bool) -> None:
    receipt, dispatch = found.receipt, found.receipt.dispatch
    if as_json:
        echo_json({**receipt.document(), "to_go": receipt.unsettled, "content_changed": found.changed})
        return
    console = face.error_console
    console.print(
        f"[bold]{dispatch.issue}[/bold] to {audience_name(dispatch.list, dispatch.segment)}: dispatch {dispatch.id}, "
        f"by {dispatch.provider}, frozen on {moment_of(dispatch.created_at)}, {receipt.unsettled:,} still to go",
        soft_wrap=True,
    )
    console.print(f"  {receipt.equation()}")
    console.print(f"  gives up on {moment_of(dispatch.deadline)}")
    if found.changed is None:
        console.print(
            f"  The issue cannot be compiled any more; it goes on as it was frozen. {found.problem}",
            markup=False,
            soft_wrap=True,
        )
    elif found.changed:
        console.print("  The issue has changed since; it goes on as it was frozen.")


def audience_name(list_name: str, segment: str | None) -> str:
    """Name whom a dispatch is for."""
    return f"{list_name}, segment {segment}" if segment else list_name


def moment_of(moment: "datetime") -> str:
    """Write a moment."""
    from datetime import UTC

    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def readers(count: int) -> str:
    """Count readers."""
    return f"{count:,} reader" if count == 1 else f"{count:,} readers"


def show_standings(face: Face, found: "Sequence[Standing]") -> None:
    """Print each dispatch with its account, on two lines."""
    if not found:
        face.console.print("Nothing was sent from here yet.")
    states = ["sending" if one.processes else one.dispatch.state for one in found]
    width = max(map(len, states), default=0)
    for one, state in zip(found, states, strict=True):
        dispatch = one.dispatch
        kind = "" if dispatch.kind == "first" else f", {dispatch.kind} of {dispatch.follows}"
        face.console.print(
            f"[bold]{dispatch.id}[/bold]  {state:{width}}  {moment_of(dispatch.created_at)}  "
            f"{dispatch.issue} to {audience_name(dispatch.list, dispatch.segment)}{kind}",
            soft_wrap=True,
        )
        face.console.print(f"{'':{len(dispatch.id)}}  {one.receipt.equation()}", soft_wrap=True)


def show_status(face: Face, found: "Sequence[Standing]") -> None:
    """Print how far dispatches have come."""
    if not found:
        face.console.print("No dispatch is under way, and nobody is uncertain.")
    for one in found:
        _print_status(face, one)


def _print_status(face: Face, one: "Standing") -> None:
    from newsletter.dispatch import State

    dispatch, receipt, console = one.dispatch, one.receipt, face.console
    to = audience_name(dispatch.list, dispatch.segment)
    kind = "" if dispatch.kind == "first" else f", {dispatch.kind} of {dispatch.follows}"
    console.print(f"[bold]{dispatch.id}[/bold]  {dispatch.issue} to {to}, by {dispatch.provider}{kind}", soft_wrap=True)
    sending = {0: "open, and no process is sending it", 1: "a process is sending it"}
    state = {"open": sending.get(one.processes, f"{one.processes} processes are sending it")}
    console.print(f"  {state.get(dispatch.state, dispatch.state)}, {readers(receipt.unsettled)} to go")
    console.print(f"  {receipt.equation()}", soft_wrap=True)
    if receipt.next_due and dispatch.finished_at is None:
        console.print(f"  deferred ones are due from {moment_of(receipt.next_due)}")
    if one.closed:
        until = f" until {moment_of(one.closed.until)}" if one.closed.until else ""
        console.print(f"  nothing is handed over{until}: {one.closed.why}", soft_wrap=True)
    if dispatch.finished_at is None:
        console.print(f"  gives up on {moment_of(dispatch.deadline)}")
    if receipt.balance.of(State.UNCERTAIN):
        console.print(f"  settle the uncertain: newsletter dispatch settle {dispatch.id} --resend or --drop")


def show_standing(face: Face, found: "Standing") -> None:
    """Print all about one dispatch."""
    dispatch, console = found.dispatch, face.console
    _print_status(face, found)
    console.print(f"  frozen on {moment_of(dispatch.created_at)}, content {dispatch.content_hash[:12]}")
    for reason, count in sorted(found.receipt.balance.reasons.items()):
        console.print(f"  excluded, {reason}: {count:,}")
    for line in _reply_lines(found.receipt):
        console.print(f"  {line}", markup=False, soft_wrap=True)
    for follower in found.followers:
        console.print(f"  followed by {follower.id}: {follower.kind}, {follower.issue}, {follower.state}")
    console.print()
    for event in found.events:
        detail = f": {event.detail}" if event.detail else ""
        console.print(f"  {moment_of(event.at)}  {event.action} by {event.by}{detail}", markup=False, soft_wrap=True)


def show_schedule(face: Face, dispatch: "Dispatch", *, as_json: bool) -> None:
    """Say when a dispatch begins, and what sends it then."""
    if as_json:
        echo_json({"dispatch": dispatch.id, "selected": dispatch.selected, "start_at": dispatch.start_at})
        return
    begins = f"begins on {moment_of(dispatch.start_at)}" if dispatch.start_at else "is ready"
    face.console.print(f"Dispatch {dispatch.id} {begins}, with {readers(dispatch.selected)}.")
    face.console.print(
        f"{'Then' if dispatch.start_at else 'Now'} 'newsletter worker' sends it, where one runs; or by hand: "
        f"newsletter dispatch resume {dispatch.id}",
        soft_wrap=True,
    )
    face.console.print(f"To call it off: newsletter dispatch cancel {dispatch.id}")
