"""A request of a provider is checked, read, stored and applied, or refused with nothing kept of it."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from feedback.test_ingest import Scripted, key_of, suppressions
from newsletter.errors import FetchError, PluginError, SettingsError, WebhookRefused
from newsletter.feedback.webhooks import fetch_document, has_webhook, take_webhook
from newsletter.providers.base.feedback import WebhookRequest
from newsletter.settings import load
from newsletter.store import tables
from support.dispatching import Bench

PRIVATE = ec.generate_private_key(ec.SECP256R1())
PUBLIC = base64.b64encode(PRIVATE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def request_of(events: list[dict[str, object]], at: datetime) -> WebhookRequest:
    body, moment = json.dumps(events).encode(), str(int(at.timestamp()))
    signature = PRIVATE.sign(moment.encode() + body, ec.ECDSA(hashes.SHA256()))
    headers = {
        "x-twilio-email-event-webhook-signature": base64.b64encode(signature).decode(),
        "x-twilio-email-event-webhook-timestamp": moment,
    }
    return WebhookRequest(headers, body, at)


def test_a_signed_report_is_applied_and_a_changed_one_leaves_no_trace(bench: Bench) -> None:
    bench.subscribe(["jan", "piet"])
    dispatch = bench.freeze()
    bench.drive(dispatch, Scripted())
    environ = {
        "NEWSLETTER_PROVIDERS__SENDGRID__WEBHOOK_VERIFIER": PUBLIC,
        "NEWSLETTER_PROVIDERS__SENDGRID__API_KEY": "SG.x",
    }
    surroundings = replace(bench.surroundings, settings=load(bench.workspace, environ))
    at = bench.clock().astimezone(UTC)
    key = key_of(bench, dispatch, "jan")
    bounce = {
        "email": "jan@example.org", "event": "bounce", "type": "bounce", "status": "5.1.1",
        "reason": "550 5.1.1 no such user", "timestamp": int(at.timestamp()), "key": key, "delivery": key,
        "sg_event_id": "a", "sg_message_id": "b",
    }  # fmt: skip
    request = request_of([bounce], at)
    with pytest.raises(WebhookRefused):
        take_webhook(surroundings, "sendgrid", replace(request, body=request.body.replace(b"5.1.1", b"5.1.2")))
    with bench.database.reading() as connection:
        assert not connection.scalar(sa.select(sa.func.count()).select_from(tables.feedback_events))
    assert take_webhook(surroundings, "sendgrid", request).new == 1
    assert take_webhook(surroundings, "sendgrid", request).known == 1
    assert suppressions(bench) == {"jan": "bounced"}
    with pytest.raises(SettingsError):
        take_webhook(bench.surroundings, "sendgrid", request)


def test_who_reports_nothing_is_named(bench: Bench) -> None:
    assert has_webhook("postmark")
    assert not has_webhook("outbox")
    assert not has_webhook("nobody")
    with pytest.raises(PluginError, match="reports nothing by webhook"):
        take_webhook(bench.surroundings, "outbox", WebhookRequest({}, b"", bench.clock()))


@pytest.mark.parametrize("url", ["https://127.0.0.1/cert.pem", "http://169.254.169.254/latest", "file:///etc/passwd"])
def test_documents_are_fetched_from_the_internet_only(url: str) -> None:
    with pytest.raises(FetchError):
        fetch_document(url)
