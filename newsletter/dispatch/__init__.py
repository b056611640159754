"""The ledger and all that moves it."""

from newsletter.dispatch.batch import make_reader
from newsletter.dispatch.ledger import Balance, Dispatch
from newsletter.dispatch.prepare import PreparedIssue, make_letterhead, prepare_issue, reader_links
from newsletter.dispatch.receipt import Receipt
from newsletter.dispatch.runner import Stop, write_receipt
from newsletter.dispatch.send import Proposal, Surroundings, accept, drive, find, keep_receipt, propose
from newsletter.dispatch.states import State, Step, advance

__all__ = [
    "Balance",
    "Dispatch",
    "PreparedIssue",
    "Proposal",
    "Receipt",
    "State",
    "Step",
    "Stop",
    "Surroundings",
    "accept",
    "advance",
    "drive",
    "find",
    "keep_receipt",
    "make_letterhead",
    "make_reader",
    "prepare_issue",
    "propose",
    "reader_links",
    "write_receipt",
]
