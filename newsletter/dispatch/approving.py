"""Approves what is proposed, and lets only what is approved go on where a workspace demands that."""

from dataclasses import replace

from newsletter.dispatch import approval
from newsletter.dispatch.approval import Approval
from newsletter.dispatch.send import Proposal
from newsletter.dispatch.surroundings import Surroundings


def approve_proposal(surroundings: Surroundings, proposal: Proposal) -> Approval:
    """Approve exactly what is proposed, in the name of whoever is logged in.

    Raises:
        DispatchError: The workspace names others who may.
    """
    approval.assert_may_approve(surroundings.by, surroundings.settings.approval)
    sealed = _seal(surroundings, proposal)
    with surroundings.database.writing() as connection:
        return approval.approve(connection, proposal.plan, sealed, surroundings.by, surroundings.clock())


def withdraw_approval(surroundings: Surroundings, proposal: Proposal) -> int:
    """Take an approval back; tell how many held."""
    with surroundings.database.writing() as connection:
        return approval.withdraw(connection, proposal.plan, surroundings.clock())


def look_up_approval(surroundings: Surroundings, proposal: Proposal) -> tuple[Approval | None, tuple[str, ...]]:
    """Give the approval of what is proposed, and what has changed since, which voids it."""
    with surroundings.database.reading() as connection:
        found = approval.find_approval(connection, proposal.plan)
    return found, found.seal.changes(_seal(surroundings, proposal)) if found else ()


def approved(surroundings: Surroundings, proposal: Proposal) -> Proposal:
    """Propose the same by its approval, where there is one that holds.

    Raises:
        DispatchError: The workspace demands one, and there is none that holds.
    """
    with surroundings.database.reading() as connection:
        found = approval.find_approval(connection, proposal.plan)
    sealed = _seal(surroundings, proposal)
    holding = approval.assert_approved(found, sealed, surroundings.by, surroundings.settings.approval)
    return replace(proposal, plan=replace(proposal.plan, approval=holding.json() if holding else None))


def _seal(surroundings: Surroundings, proposal: Proposal) -> approval.Seal:
    return approval.seal(proposal.plan, proposal.prepared.template.digest, surroundings.definitions)
