from .account import Balance, Replies
from .build import (
    CLIPPED_AT,
    Built,
    build_issue,
    build_prepared,
    calendars_of,
    describe,
    statistics,
    write_build,
)
from .checking import catalogue, check_issue, make_context
from .costs import Cost, Costs, measure_costs
from .everybody import survey_everybody
from .ledger import Dispatch
from .mending import Mended, mend_files, write_mended
from .overrides import Override, override
from .prepare import PreparedIssue, make_letterhead, prepare_issue, reader_links
from .readers import make_reader
from .receipt import Receipt, write_receipt
from .runner import Stop
from .send import (
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
from .states import State, Step, advance
from .trial import Trial, record_for, send_trial

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
