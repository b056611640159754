"""The ledger and all that moves it."""

from newsletter.dispatch.batch import make_reader
from newsletter.dispatch.build import Built, build_issue, describe, write_build
from newsletter.dispatch.ledger import Balance, Dispatch
from newsletter.dispatch.prepare import PreparedIssue, make_letterhead, prepare_issue, reader_links
from newsletter.dispatch.receipt import Receipt
from newsletter.dispatch.runner import Stop, write_receipt
from newsletter.dispatch.send import (
    Proposal,
    Surroundings,
    accept,
    drive,
    find,
    index_page,
    keep_receipt,
    propose,
)
from newsletter.dispatch.states import State, Step, advance
from newsletter.dispatch.trial import Trial, record_for, send_trial

__all__ = [
    "Balance",
    "Built",
    "Dispatch",
    "PreparedIssue",
    "Proposal",
    "Receipt",
    "State",
    "Step",
    "Stop",
    "Surroundings",
    "Trial",
    "accept",
    "advance",
    "build_issue",
    "describe",
    "drive",
    "find",
    "index_page",
    "keep_receipt",
    "make_letterhead",
    "make_reader",
    "prepare_issue",
    "propose",
    "reader_links",
    "record_for",
    "send_trial",
    "write_build",
    "write_receipt",
]
