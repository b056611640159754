from .account import Balance, Replies
from .approval import Approval, assert_may_approve
from .approving import approve_proposal, approved, look_up_approval, withdraw_approval
from .audit import Action, Event
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
from .control import Controls, Settlement, Settling
from .costs import Cost, Costs, measure_costs
from .dispatches import Dispatch, DispatchState
from .driving import drive
from .editions import CHOOSING, LEAVING, Edition, ShownEdition, editions, show_edition
from .everybody import survey_everybody
from .follow_up import FollowUp, accept_follow_up, propose_correction, propose_retry, propose_top_up
from .following import Following, Kind
from .history import Story, tell_story
from .lease import InOtherHands
from .measures import Measure, Measures, measure
from .mending import Mended, mend_files, write_mended
from .notices import Notice
from .observing import Observer, Observers, Watch
from .overrides import Override, override
from .overview import Standing, audience_of, find_dispatch, standing, standings
from .prepare import PREFERENCES, UNSUBSCRIBE, PreparedIssue, make_letterhead, prepare_issue, reader_links
from .readers import make_reader
from .receipt import Receipt, assert_writable, keep_receipt, write_receipt
from .runner import Stop
from .scheduling import Closed, Pace, closed, due, pace_of
from .send import (
    Continuation,
    Proposal,
    accept,
    assert_as_frozen,
    find,
    index_page,
    look_again,
    overriding,
    propose,
    refreeze,
)
from .states import Reason, State, Step, advance
from .surroundings import Surroundings
from .tasks import share_work
from .timing import Start
from .trial import Trial, record_for, send_trial
from .working import Worker

__all__ = [
    "CHOOSING",
    "CLIPPED_AT",
    "LEAVING",
    "PREFERENCES",
    "UNSUBSCRIBE",
    "Action",
    "Approval",
    "Balance",
    "Built",
    "Closed",
    "Continuation",
    "Controls",
    "Cost",
    "Costs",
    "Dispatch",
    "DispatchState",
    "Edition",
    "Event",
    "FollowUp",
    "Following",
    "InOtherHands",
    "Kind",
    "Measure",
    "Measures",
    "Mended",
    "Notice",
    "Observer",
    "Observers",
    "Override",
    "Pace",
    "PreparedIssue",
    "Proposal",
    "Reason",
    "Receipt",
    "Replies",
    "Settlement",
    "Settling",
    "ShownEdition",
    "Standing",
    "Start",
    "State",
    "Step",
    "Stop",
    "Story",
    "Surroundings",
    "Trial",
    "Watch",
    "Worker",
    "accept",
    "accept_follow_up",
    "advance",
    "approve_proposal",
    "approved",
    "assert_as_frozen",
    "assert_may_approve",
    "assert_writable",
    "audience_of",
    "build_issue",
    "build_prepared",
    "calendars_of",
    "catalogue",
    "check_issue",
    "closed",
    "describe",
    "drive",
    "due",
    "editions",
    "find",
    "find_dispatch",
    "index_page",
    "keep_receipt",
    "look_again",
    "look_up_approval",
    "make_context",
    "make_letterhead",
    "make_reader",
    "measure",
    "measure_costs",
    "mend_files",
    "override",
    "overriding",
    "pace_of",
    "prepare_issue",
    "propose",
    "propose_correction",
    "propose_retry",
    "propose_top_up",
    "reader_links",
    "record_for",
    "refreeze",
    "send_trial",
    "share_work",
    "show_edition",
    "standing",
    "standings",
    "statistics",
    "survey_everybody",
    "tell_story",
    "withdraw_approval",
    "write_build",
    "write_mended",
    "write_receipt",
]
