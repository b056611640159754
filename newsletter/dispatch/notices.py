"""What a process that sends by itself has to tell: one notice for each thing, for people and for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from newsletter.dispatch.dispatches import Dispatch, DispatchState
from newsletter.dispatch.receipt import Receipt
from newsletter.errors import NewsletterError
from newsletter.message import without_addresses

Level: TypeAlias = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that has happened.

    Args:
        name: What has happened, such as `dispatch.rested`; a program may rely on it.
        message: The same in words, for a person. Like the fields it says nothing about a reader.
        fields: What there is to say about it: texts, numbers and moments, by names that a program may rely on.
    """

    name: str
    message: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    level: Level = "info"


def continued(dispatch: Dispatch) -> Notice:
    """Tell that a process goes on with a dispatch."""
    return Notice("dispatch.continued", f"{dispatch.id}: going on with {dispatch.issue}", _about(dispatch))


def rested(receipt: Receipt, lasted: timedelta) -> Notice:
    """Tell how a dispatch stands after a process has done what could be done."""
    dispatch = receipt.dispatch
    counts = {state.value: count for state, count in receipt.balance.states.items()}
    return Notice(
        "dispatch.rested",
        f"{dispatch.id}: {receipt.equation()}",
        {
            **_about(dispatch),
            "state": dispatch.state.value,
            "selected": receipt.balance.selected,
            **counts,
            "seconds": round(lasted.total_seconds(), 3),
            "next_due": receipt.next_due,
        },
        "warning" if dispatch.state is DispatchState.PAUSED else "info",
    )


def failed(dispatch: Dispatch, error: NewsletterError) -> Notice:
    """Tell what has ended the work on a dispatch early."""
    fields = {**_about(dispatch), "error": type(error).__name__}
    return Notice("dispatch.failed", f"{dispatch.id}: {error}", fields, "error")


def broken(dispatch: Dispatch, error: Exception) -> Notice:
    """Tell that the program has failed at a dispatch, which is paused for that."""
    fields = {**_about(dispatch), "error": type(error).__name__}
    message = f"{dispatch.id}: paused for a mistake in the program: {type(error).__name__}: {error}"
    return Notice("dispatch.broken", message, fields, "error")


def waiting(error: Exception, length: timedelta) -> Notice:
    """Tell what keeps a worker from all work, and that this is waited for."""
    said = (str(error).strip() or type(error).__name__).splitlines()[0]
    message = f"cannot go on: {said}; tried again in {length.seconds} s"
    return Notice("worker.waiting", message, {"error": type(error).__name__}, "warning")


def mails_settled(counts: Mapping[str, int]) -> Notice:
    """Tell what came of mails that something is confirmed by."""
    said = ", ".join(f"{count} {name}" for name, count in counts.items())
    level: Level = "warning" if counts.get("rejected") or counts.get("uncertain") else "info"
    return Notice("confirmations.mailed", f"confirmation mails: {said}", dict(counts), level)


def mail_not_made(error: NewsletterError, count: int) -> Notice:
    """Tell why mails that something is confirmed by could not be made."""
    fields = {"error": type(error).__name__, "count": count}
    message = f"{count} confirmation mails cannot be made, and are tried again: {without_addresses(str(error))}"
    return Notice("confirmations.unmade", message, fields, "error")


def mails_waiting(error: NewsletterError, rest: timedelta) -> Notice:
    """Tell what keeps all mails back that something is confirmed by."""
    said = without_addresses(str(error)).splitlines()[0]
    again = f"; tried again in {rest.seconds} s" if rest else ""
    message = f"confirmation mails wait: {said}{again}"
    return Notice("confirmations.waiting", message, {"error": type(error).__name__}, "warning")


def mails_broken(error: Exception, rest: timedelta) -> Notice:
    """Tell that the program has failed at mails that something is confirmed by."""
    name = type(error).__name__
    message = f"confirmation mails wait for a mistake in the program: {name}; tried again in {rest.seconds} s"
    return Notice("confirmations.broken", message, {"error": name}, "error")


def clock_set(by: timedelta, paused: Sequence[Dispatch]) -> Notice:
    """Tell that this machine's clock was set, and what waits for a person because of it."""
    direction = "ahead" if by > timedelta() else "back"
    told = f"the clock was set {direction} by {abs(by)}".partition(".")[0]
    waiting_now = f"; {', '.join(one.id for one in paused)} would begin too early and is paused" if paused else ""
    fields = {"seconds": round(by.total_seconds()), "paused": [one.id for one in paused]}
    return Notice("clock.set", told + waiting_now, fields, "warning")


def put_off(dispatch: Dispatch, until: datetime) -> Notice:
    """Tell that a dispatch is left alone until a moment, because it could not go on."""
    message = f"{dispatch.id}: tried again from {until:%Y-%m-%d %H:%M} UTC"
    return Notice("dispatch.put-off", message, {**_about(dispatch), "until": until}, "warning")


def _about(dispatch: Dispatch) -> dict[str, str]:
    return {"dispatch": dispatch.id, "issue": dispatch.issue, "provider": dispatch.provider}
