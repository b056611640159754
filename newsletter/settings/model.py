"""Every setting of a workspace: its name, its default, what it means and what it may be."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, StringConstraints

from newsletter import plugins
from newsletter.settings.databases import check_database
from newsletter.settings.limits import LimitsSettings
from newsletter.settings.sources import Origin, Sources
from newsletter.settings.urls import (
    CONTROL,
    check_collector,
    check_host,
    check_media_folder,
    check_network,
    check_public_url,
    check_site,
)
from newsletter.workspace import Workspace

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?(-x(-[a-z0-9]{1,8})+)?")
_CONTROL_BUT_LINES: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_HOURS: Final = re.compile(r"((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d)")


def _check_line(text: str) -> str:
    if CONTROL.search(text):
        raise ValueError("it holds a line break or another control character|Write it on one line.")
    return text


def _check_lines(text: str) -> str:
    text = text.replace("\r\n", "\n")
    if _CONTROL_BUT_LINES.search(text):
        raise ValueError("it holds a control character|Remove that character.")
    return text


def _check_language(text: str) -> str:
    if not _LANGUAGE.fullmatch(text):
        raise ValueError(f"{text!r} is not a language|Write a tag such as nl, en, nl-BE or nl-x-informal.")
    return text


def is_time_zone(text: str) -> bool:
    """Tell whether a text names a time zone."""
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _check_time_zone(text: str) -> str:
    if not is_time_zone(text):
        raise ValueError(f"{text!r} is not a time zone|Write a name such as Europe/Amsterdam.")
    return text


def _check_hours(text: str) -> str:
    found = _HOURS.fullmatch(text)
    if text and (found is None or found[1] == found[2]):
        raise ValueError(f"{text!r} is no time from one hour to another|Write it like 21:00-07:00.")
    return text


def _check_days(days: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(days)) == len(get_args(Day)):
        raise ValueError("nothing could ever be sent|Leave at least one day out.")
    return days


def _check_address(text: str) -> str:
    try:
        checked = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        reason = str(error).rstrip(".")
        raise ValueError(f"{text!r} is no e-mail address: {reason}|Write it as name@example.org.") from error
    if not checked.local_part.isascii():
        raise ValueError(
            f"{text!r} has letters beyond ASCII before the @, which not every mail system takes from a sender"
            "|Use an address without them; its domain may have them."
        )
    return checked.normalized


def _check_return_path(text: str) -> str:
    """Check the address with a key in it, which is 26 letters and digits long."""
    if text.count("{") > 1 or ("{" in text and "{key}" not in text.partition("@")[0]):
        raise ValueError("the place for the key is not clear|Write it as bounces+{key}@example.org.")
    checked = _check_address(text.replace("{key}", "k" * 26))
    return checked.replace("k" * 26, "{key}") if "{key}" in text else checked


def _check_names(severity: dict[str, Any]) -> dict[str, Any]:
    """Refuse the name of a check that there is not."""
    known = [name.replace("_", "-") for name in plugins.names("preflight")]
    for name in severity:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(known)}."
            raise ValueError(f"no check is called {name!r}|{hint}")
    return severity


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_check_line)]
OptionalLine = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_check_line)]
Lines = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_check_lines)]
Address = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_check_address)]
Day: TypeAlias = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Positive = Annotated[int, Field(gt=0)]
ReturnPath = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_check_return_path)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Sender(_Table):
    """Who the newsletter comes from; the law wants readers to know."""

    name: Line
    """The name that readers see as the sender."""

    email: Address
    """The address that the newsletter comes from. Its domain must be yours, with SPF, DKIM and DMARC."""

    postal_address: Lines
    """Where the sender can be reached by post; stands at the foot of every message."""

    organisation: OptionalLine = ""
    """Who is responsible, where that is not the newsletter itself; stands at the foot of every message."""

    reply_to: Address | None = None
    """Where answers go, when not to the sender's address."""

    return_path: ReturnPath | None = None
    """Where mail systems report failures to, when not to the sender's address.

    `{key}` in it, as in `bounces+{key}@example.org`, tells one delivery from another.
    """


class DatabaseSettings(_Table):
    """Where subscribers and dispatches are kept."""

    url: Annotated[str, AfterValidator(check_database)] = Field(default="sqlite:///var/newsletter.db", repr=False)
    """`sqlite:///` with a path that starts from the workspace, or `postgresql://user@host/database`.

    A URL with a password belongs in the environment.
    """


class MediaSettings(_Table):
    """Where the pictures and documents of issues are published from, and how those from elsewhere are fetched."""

    folder: Annotated[Line, AfterValidator(check_media_folder)] = "var/media"
    """Where they are written: a folder, which starts from the workspace, or a URL of any kind that fsspec knows, such
    as `s3://bucket/media`. Keys and passwords belong where that store looks for them.
    """

    url: Annotated[str, AfterValidator(check_public_url)] | None = None
    """Where readers find what lies in that folder, when not at `media/` below the public URL."""

    keep_hours: Annotated[int, Field(ge=0, le=8760)] = 24
    """How long a copy of a picture from elsewhere is used before it is fetched anew."""

    allow: tuple[Annotated[str, AfterValidator(check_host)], ...] = ()
    """Hosts of the own network, with their port, that pictures may be fetched from: `["images.example.org:443"]`."""


class PreflightSettings(_Table):
    """What is checked before an issue is sent, and how strictly."""

    severity: Annotated[dict[str, Literal["error", "warning", "hint", "off"]], AfterValidator(_check_names)] = {}
    """How much a check weighs, by its name: `error` stops sending; `off` leaves the check out."""

    network: bool = True
    """Whether checks may ask the network, for where links lead."""

    programs: bool = True
    """Whether checks may ask other programs of this machine, such as a browser, which takes seconds."""

    staging_hosts: tuple[Line, ...] = ()
    """Hosts that are not for the public, such as `proef.example.org`, with all below them."""

    clients: tuple[Line, ...] = (
        *("outlook.windows", "outlook.outlook-com", "outlook.macos", "outlook.ios", "outlook.android"),
        *("gmail.desktop-webmail", "gmail.android", "gmail.ios", "apple-mail.macos", "apple-mail.ios"),
        *("samsung-email.android", "thunderbird.macos"),
    )
    """The mail clients that the newsletter must work in, as Can I Email calls them: one, or a family such as `gmail`.

    The new Outlook for Windows and Outlook on the web are `outlook.outlook-com`; `outlook.windows` is the classic one.
    """

    abbreviations: tuple[Line, ...] = ()
    """Abbreviations that readers know, beside those that everybody does."""

    longest_lead: Positive = 350
    """The most characters that a lead or a summary may have."""

    longest_subject: Positive = 70
    """The most characters that a subject may have; phones show about forty."""

    longest_preheader: Positive = 140
    """The most characters that a preheader may have."""

    look_back: Positive = 365
    """How many days back issues are compared with this one."""


class MarkupSettings(_Table):
    """What messages tell mail programs beside what they show."""

    events: bool = True
    """Whether they describe their events in schema.org's words, which some programs show as dates to keep."""


class DispatchSettings(_Table):
    """When messages leave, and what stops a dispatch by itself."""

    quiet_hours: Annotated[str, AfterValidator(_check_hours)] = ""
    """From when until when nothing is handed over, by the clock of the newsletter's time zone: `21:00-07:00`."""

    quiet_days: Annotated[tuple[Day, ...], AfterValidator(_check_days)] = ()
    """Days on which nothing is handed over: `["saturday", "sunday"]`."""

    most_complained: Annotated[float, Field(ge=0, le=100)] = 0.3
    """How many in a hundred may call it spam before a dispatch pauses by itself; 100 takes any."""

    latest_start_hours: Annotated[int, Field(ge=0, le=8760)] = 6
    """How many hours after its time a dispatch still begins by itself; after that it waits for a person."""

    canary_minutes: Annotated[int, Field(ge=0, le=10_080)] = 30
    """How many minutes the first part of a dispatch is looked at before the rest follows."""

    most_rejected: Annotated[float, Field(ge=0, le=100)] = 20
    """How many in a hundred may be refused for good before a dispatch pauses by itself; 100 takes any."""

    machine: OptionalLine = ""
    """What this machine is called, where its own name does not last, as in a container; it tells a copy from it."""

    judged_by: Annotated[int, Field(ge=10, le=10_000)] = 100
    """How many of the last outcomes that is judged by."""


class ApprovalSettings(_Table):
    """Whether somebody must have approved an issue before it is sent."""

    required: bool = False
    """Whether sending needs an approval of exactly this content, template, audience and sender."""

    four_eyes: bool = False
    """Whether it must come from somebody else than the one who sends."""

    approvers: tuple[Line, ...] = ()
    """Who may approve, by the names that they are logged in under; anybody where nobody is named."""


class PrivacySettings(_Table):
    """What is kept of people beyond what sending needs, and for how long; `newsletter retention` sees to it."""

    networks: Literal["none", "shortened", "full"] = "none"
    """Whether it is kept where on the network somebody joined from: not at all, without its last part, or whole."""

    keep_networks_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """After how many days that is forgotten."""

    keep_left_days: Annotated[int, Field(ge=1, le=36_500)] = 730
    """After how many days somebody who has left every list is erased; a keyed hash keeps them from coming back."""

    keep_feedback_days: Annotated[int, Field(ge=30, le=36_500)] = 730
    """After how many days it is forgotten what came back about messages."""

    keep_changes_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """For how many days a bulk change can be undone; what people's values were before is kept as long."""


class FeedbackSettings(_Table):
    """What becomes of addresses that messages come back from."""

    soft_bounces: Annotated[float, Field(ge=1, le=100)] = 3
    """How many failures that may pass, such as a full mailbox, make an address that is not mailed any more.

    At most one counts for each issue; one that was delivered begins anew.
    """

    half_life_days: Annotated[float, Field(ge=1, le=3650)] = 90
    """After how many days such a failure counts half."""


class WebSettings(_Table):
    """The public site, as `newsletter serve` serves it."""

    proxies: tuple[Annotated[str, AfterValidator(check_network)], ...] = ()
    """Proxies that tell who asks, by address or network: `["127.0.0.1", "10.0.0.0/8"]`. Nobody else is believed."""

    embedded_in: tuple[Annotated[str, AfterValidator(check_site)], ...] = ()
    """Sites that may show the form to join in a frame, and send one of their own here: `["https://www.example.org"]`."""

    archive: bool = True
    """Whether there is an archive with feeds; the web version of an issue is there for whoever has its link."""

    joins_per_address: Positive = 20
    """How many requests that cause a mail may come from one address of the network in an hour."""

    joins_per_network: Positive = 100
    """Likewise from its neighbours and itself: a network of 256 addresses, or of a household."""

    joins_per_list: Positive = 1000
    """Likewise for one list."""

    joins_in_total: Positive = 3000
    """Likewise in all."""

    log_requests: bool = True
    """Whether each request is a line of the log; never with an address of the network, a token or a query."""


class LogSettings(_Table):
    """What a worker writes about its work."""

    format: Literal["text", "json"] = "text"
    """In words, or as JSON, one object on each line."""


class TelemetrySettings(_Table):
    """Where traces and metrics of what is sent go, by OpenTelemetry; nowhere where it is not said."""

    endpoint: Annotated[str, AfterValidator(check_collector)] | None = None
    """A collector's receiver of OTLP over HTTP, such as `http://127.0.0.1:4318`; goes before the variables OTEL_…."""


class Settings(_Table):
    """Everything that `newsletter.toml` and the environment say."""

    name: Line
    """The newsletter's name."""

    language: Annotated[str, AfterValidator(_check_language)] = "en"
    """The language of issues that do not say otherwise, such as `nl`, `en-GB` or `nl-x-informal`."""

    time_zone: Annotated[str, AfterValidator(_check_time_zone)] = "UTC"
    """The time zone of dates in issues and of what is shown, such as `Europe/Amsterdam`."""

    public_url: Annotated[str, AfterValidator(check_public_url)]
    """Where readers find the newsletter's web site; their links to leave and to choose begin with it."""

    provider: Line = "outbox"
    """What carries the messages."""

    sender: Sender
    database: DatabaseSettings = DatabaseSettings()
    media: MediaSettings = MediaSettings()
    markup: MarkupSettings = MarkupSettings()
    preflight: PreflightSettings = PreflightSettings()
    approval: ApprovalSettings = ApprovalSettings()
    dispatch: DispatchSettings = DispatchSettings()
    limits: LimitsSettings = LimitsSettings()
    privacy: PrivacySettings = PrivacySettings()
    feedback: FeedbackSettings = FeedbackSettings()
    web: WebSettings = WebSettings()
    log: LogSettings = LogSettings()
    telemetry: TelemetrySettings = TelemetrySettings()

    providers: dict[str, dict[str, Any]] = Field(default_factory=dict, repr=False)
    """A table for each provider; see the settings of each."""

    _sources: Sources = PrivateAttr(default_factory=Sources)

    @property
    def media_url(self) -> str:
        """Where readers find pictures and documents; with a slash at the end."""
        return self.media.url or f"{self.public_url}media/"

    def media_folder(self, workspace: Workspace) -> Path | None:
        """Give the folder that published pictures and documents lie in; None where it is not on this machine."""
        return None if "://" in self.media.folder else workspace.root / self.media.folder

    def origin(self, *path: str) -> Origin:
        """Tell where the value of a setting came from, such as `origin("sender", "email")`."""
        return self._sources.origin(path)

    @property
    def sources(self) -> Sources:
        """What the settings were read from."""
        return self._sources

    def model_post_init(self, context: Mapping[str, Any] | None, /) -> None:
        """Remember what the settings were read from, which the validation is given as its context."""
        if context:
            self._sources = context["sources"]
