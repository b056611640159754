"""A local server that answers POST /v3/smtp/email as Brevo documents it, or as badly as a test says."""

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from newsletter.providers import brevo
from support import api_server
from support.api_server import Answer, ApiServer, Reaction

API_KEY = "xkeysib-0123456789abcdef-test"

TEXT = {"type": "string", "minLength": 1}
MAILBOX = {
    "type": "object",
    "additionalProperties": False,
    "required": ["email"],
    "properties": {
        "email": {"type": "string", "pattern": r"^[^<>@\s]+@[^<>@\s]+$"},
        "name": {"type": "string", "minLength": 1, "maxLength": 70},
    },
}
MAILBOXES = {"type": "array", "minItems": 1, "maxItems": 99, "items": MAILBOX}
EMAIL = Draft202012Validator(
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["sender", "to", "subject", "headers"],
        "anyOf": [{"required": ["htmlContent"]}, {"required": ["textContent"]}],
        "properties": {
            "sender": MAILBOX,
            "to": MAILBOXES,
            "replyTo": MAILBOX,
            "subject": TEXT,
            "htmlContent": TEXT,
            "textContent": TEXT,
            "headers": {
                "type": "object",
                "required": ["idempotencyKey"],
                "properties": {"idempotencyKey": {"type": "string", "format": "uuid"}},
                "propertyNames": {"pattern": "^[!-9;-~]+$"},
                "additionalProperties": {"type": "string", "pattern": "^[ -~]+$", "not": {"pattern": r"=\?"}},
            },
        },
    },
    format_checker=FormatChecker(),
)
"""What a request may hold. Source: Brevo's description of `SendTransacEmailRequest`, as far as it is used."""


def failure(status: int, code: str, message: str) -> Answer:
    """Write what Brevo says of a request that it does not take."""
    return Answer(status, {"code": code, "message": message})


class Request(api_server.Request):
    """A request of one message."""

    @property
    def keys(self) -> list[str]:
        return [self.body["headers"]["X-Mailin-custom"].removeprefix("delivery:")]

    @property
    def once_key(self) -> str:
        return self.body["headers"]["idempotencyKey"]


class BrevoServer(ApiServer):
    """What tests see of the server.

    Attributes:
        account: What is answered to GET /v3/account.
    """

    request_type = Request
    asked = "account"
    key = "api_key"
    module = brevo
    secret = API_KEY
    unauthorized = failure(401, "unauthorized", "Key not found")
    throttled = failure(429, "too_many_requests", "Rate limit exceeded")
    invalid = failure(400, "invalid_parameter", "email is not valid in to")
    odd = failure(400, "invalid_parameter", "htmlContent is not valid")
    batch = 1
    repeats = True

    def __init__(self) -> None:
        super().__init__()
        self.account = Answer(200, {"email": "a@example.org", "relay": {"enabled": True}, "plan": []})
        self._known: set[str] = set()

    def settings(self, **options: Any) -> brevo.Settings:
        return brevo.Settings.model_validate({"api_key": API_KEY, "base_url": self.url, "timeout": 5.0, **options})

    def get(self, request: Request) -> Reaction:
        if request.headers.get("api-key") != API_KEY:
            return self.unauthorized
        return self.account if request.path == "/v3/account" else Answer(404)

    def post(self, request: Request) -> Reaction:
        if request.headers.get("api-key") != API_KEY:
            return self.unauthorized
        found = list(problems(request))
        if found:
            self.problems.extend(found)
            return failure(400, "invalid_parameter", found[0])
        scripted = self.script(request)
        if scripted is not None:
            return scripted
        with self.lock:
            if request.once_key in self._known:
                return failure(400, "duplicate_parameter", "idempotencyKey was used already")
            self._known.add(request.once_key)
            self.accepted.append(request)
            number = len(self.accepted)
        return self.after(request) or Answer(201, {"messageId": f"<message-{number}@smtp-relay.mailin.fr>"})


def problems(request: Request) -> Iterator[str]:
    """Check a request by the documentation."""
    if (request.method, request.path) != ("POST", "/v3/smtp/email"):
        yield f"no such path: {request.path}"
    if request.headers.get("content-type") != "application/json":
        yield "the content is not JSON"
    for error in EMAIL.iter_errors(request.body):
        yield f"{error.json_path}: {error.message[:200]}"
