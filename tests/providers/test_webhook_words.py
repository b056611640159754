"""The words of providers are described as they are read."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest

from newsletter.providers.base import amazon
from newsletter.providers.base.feedback import EventKind, Fault
from newsletter.providers.base.webhooks import Meaning
from newsletter.providers.brevo import webhook as brevo
from newsletter.providers.mailgun import webhook as mailgun
from newsletter.providers.postmark import webhook as postmark
from newsletter.providers.resend import webhook as resend
from newsletter.providers.sendgrid import webhook as sendgrid
from newsletter.providers.ses import webhook as ses

PAGE = Path(__file__).parents[2] / "docs/webhooks.md"
HEAD = "| provider | its word | what it is | what it blames |\n|---|---|---|---|\n"


Found = Mapping[str, Meaning] | Mapping[tuple[str, str], Meaning]


def blaming(kind: EventKind, faults: Mapping[str, Fault]) -> Found:
    return {word: Meaning(kind, fault) for word, fault in faults.items()}


TABLES: Final[Sequence[tuple[str, str, Found]]] = (
    ("SendGrid", "", sendgrid.EVENTS),
    ("SendGrid", "bounce, ", blaming(EventKind.BOUNCED, sendgrid.TYPES)),
    ("SendGrid", "bounce, ", blaming(EventKind.BOUNCED, sendgrid.CLASSES)),
    ("SendGrid", "dropped, ", blaming(EventKind.DROPPED, sendgrid.REASONS)),
    ("Amazon SES", "", {word: form.meaning for word, form in ses.EVENTS.items()}),
    ("Amazon SES, Resend", "bounce, ", amazon.BOUNCES),
    ("Amazon SES", "DeliveryDelay, ", blaming(EventKind.DELAYED, ses.DELAYS)),
    ("Amazon SES", "Complaint, ", ses.COMPLAINTS),
    ("Postmark", "", postmark.RECORDS),
    ("Postmark", "Bounce, ", postmark.BOUNCES),
    ("Postmark", "SubscriptionChange, ", postmark.SUPPRESSIONS),
    ("Mailgun", "", mailgun.EVENTS),
    ("Mailgun", "failed, ", {word: Meaning(kind, Fault.UNKNOWN) for word, kind in mailgun.SEVERITIES.items()}),
    ("Mailgun", "failed, permanent, ", mailgun.REASONS),
    ("Mailgun", "failed, permanent, ", blaming(EventKind.BOUNCED, mailgun.BOUNCE_TYPES)),
    ("Brevo", "", brevo.EVENTS),
    ("Resend", "", resend.EVENTS),
)


def meanings() -> Iterator[tuple[str, str, Meaning]]:
    for provider, before, table in TABLES:
        for word, meaning in table.items():
            yield provider, before + (word if isinstance(word, str) else ", ".join(word)), meaning


def page() -> str:
    """Write the page: what stands above its last table, and a row for every word."""
    rows = [f"| {provider} | `{word}` | {one.kind} | {one.fault or '–'} |" for provider, word, one in meanings()]
    return PAGE.read_text(encoding="utf-8").partition(HEAD)[0].rstrip() + f"\n\n{HEAD}" + "\n".join(rows) + "\n"


def test_words_of_providers_are_described_as_they_are_read(request: pytest.FixtureRequest) -> None:
    written = page()
    if request.config.getoption("--update-golden"):
        PAGE.write_text(written, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == written


def test_every_number_of_a_type_of_bounce_names_one_that_is_known() -> None:
    assert {*postmark.TYPE_CODES.values()} == {*postmark.BOUNCES}
