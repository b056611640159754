"""The ledger and all that moves it."""

from newsletter.dispatch.account import Balance, Replies
from newsletter.dispatch.batch import make_reader
from newsletter.dispatch.build import (
    CLIPPED_AT,
    Built,
    build_issue,
    build_prepared,
    calendars_of,
    describe,
    statistics,
    write_build,
)
from newsletter.dispatch.checking import catalogue, check_issue, make_context
from newsletter.dispatch.costs import Cost, Costs, measure_costs
from newsletter.dispatch.everybody import survey_everybody
from newsletter.dispatch.ledger import Dispatch
from newsletter.dispatch.mending import Mended, mend_files, write_mended
from newsletter.dispatch.override import Override, override
from newsletter.dispatch.prepare import PreparedIssue, make_letterhead, prepare_issue, reader_links
from newsletter.dispatch.receipt import Receipt, write_receipt
from newsletter.dispatch.runner import Stop
from newsletter.dispatch.send import (
    Continuation,
    Proposal,
    Surroundings,
    accept,
    assert_as_frozen,
    assert_writable,
    drive,
    find,
    index_page,
    keep_receipt,
    look_again,
    overriding,
    propose,
    refreeze,
)
from newsletter.dispatch.states import State, Step, advance
from newsletter.dispatch.trial import Trial, record_for, send_trial

__all__ = [
    "CLIPPED_AT",
    "Balance",
    "Built",
    "Continuation",
    "Cost",
    "Costs",
    "Dispatch",
    "Mended",
    "Override",
    "PreparedIssue",
    "Proposal",
    "Receipt",
    "Replies",
    "State",
    "Step",
    "Stop",
    "Surroundings",
    "Trial",
    "accept",
    "advance",
    "assert_as_frozen",
    "assert_writable",
    "build_issue",
    "build_prepared",
    "calendars_of",
    "catalogue",
    "check_issue",
    "describe",
    "drive",
    "find",
    "index_page",
    "keep_receipt",
    "look_again",
    "make_context",
    "make_letterhead",
    "make_reader",
    "measure_costs",
    "mend_files",
    "override",
    "overriding",
    "prepare_issue",
    "propose",
    "reader_links",
    "record_for",
    "refreeze",
    "send_trial",
    "statistics",
    "survey_everybody",
    "write_build",
    "write_mended",
    "write_receipt",
]
