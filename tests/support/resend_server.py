"""A local server that answers POST /emails/batch as Resend documents it, or as badly as a test says."""

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator

from newsletter.providers import resend
from support import api_server
from support.api_server import Answer, ApiServer, Reaction

API_KEY = "re_test-key_0123456789"

TEXT = {"type": "string", "minLength": 1}
MAILBOX = {
    "type": "string",
    "pattern": r'^(?:[^\\",.;:<>()\[\]@]+ <[^<>@\s]+@[^<>@\s]+>|[^<>@\s"]+@[^<>@\s"]+)$',
    "not": {"pattern": r"=\?"},
}
MAILBOXES = {"type": "array", "minItems": 1, "maxItems": 50, "items": MAILBOX}
TAG = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,256}$"}
BATCH = Draft202012Validator(
    {
        "type": "array",
        "minItems": 1,
        "maxItems": 100,
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["from", "to", "subject"],
            "anyOf": [{"required": ["html"]}, {"required": ["text"]}],
            "properties": {
                "from": MAILBOX,
                "to": MAILBOXES,
                "cc": MAILBOXES,
                "bcc": MAILBOXES,
                "reply_to": MAILBOXES,
                "subject": TEXT,
                "html": TEXT,
                "text": TEXT,
                "headers": {
                    "type": "object",
                    "propertyNames": {"pattern": "^[!-9;-~]+$"},
                    "additionalProperties": {"type": "string", "pattern": "^[ -~]*$"},
                },
                "tags": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["name", "value"],
                        "properties": {"name": TAG, "value": TAG},
                    },
                },
            },
        },
    }
)
"""What a request may hold. Source: Resend's OpenAPI description of `SendEmailRequest`, without what batches lack."""


def failure(status: int, name: str, message: str) -> Answer:
    """Write what Resend says of a request that it does not take."""
    return Answer(status, {"statusCode": status, "name": name, "message": message})


class Request(api_server.Request):
    """A request of a batch."""

    @property
    def keys(self) -> list[str]:
        return [one["tags"][0]["value"] for one in self.body]

    @property
    def once_key(self) -> str:
        return self.headers["idempotency-key"]


class ResendServer(ApiServer):
    """What tests see of the server.

    Attributes:
        faults: By address: what is wrong with a message.
        domains: What is answered to GET /domains.
        domain: What is answered to GET /domains/{id}.
    """

    request_type = Request
    asked = "domains"
    key = "api_key"
    module = resend
    secret = API_KEY
    unauthorized = failure(401, "missing_api_key", "Missing API key in the authorization header.")
    throttled = failure(429, "rate_limit_exceeded", "Too many requests.")
    batch = 100
    repeats = True

    def __init__(self) -> None:
        super().__init__()
        self.faults: dict[str, str] = {}
        self.domains = Answer(200, {"object": "list", "has_more": False, "data": [{"id": "d1", "name": "example.org"}]})
        self.domain = Answer(200, {"id": "d1", "status": "verified", "open_tracking": False, "click_tracking": False})
        self._known: dict[str, tuple[bytes, Answer]] = {}

    def settings(self, **options: Any) -> resend.Settings:
        values = {"api_key": API_KEY, "base_url": self.url, "timeout": 5.0, **options}
        return resend.Settings.model_validate(values, context={"sender_domain": "example.org"})

    def get(self, request: Request) -> Reaction:
        if request.headers.get("authorization") != f"Bearer {API_KEY}":
            return self.unauthorized
        answers = {"/domains?limit=100": self.domains, "/domains/d1": self.domain}
        return answers.get(request.path) or failure(404, "not_found", "The requested endpoint does not exist.")

    def post(self, request: Request) -> Reaction:
        if request.headers.get("authorization") != f"Bearer {API_KEY}":
            return self.unauthorized
        found = list(problems(request))
        if found:
            self.problems.extend(found)
            return failure(400, "validation_error", found[0])
        return self.script(request) or self._once(request)

    def _once(self, request: Request) -> Reaction:
        """Carry a request out, unless that was done before under its key."""
        with self.lock:
            content, answer = self._known.get(request.once_key, (request.content, None))
            if content != request.content:
                return failure(409, "invalid_idempotent_request", "This key was used with a different payload.")
            if answer is None:
                self.accepted.append(request)
                answer = self._answer(request.body, len(self.accepted))
                self._known[request.once_key] = (content, answer)
        return self.after(request) or answer

    def _answer(self, messages: list[Mapping[str, Any]], number: int) -> Answer:
        faults = {
            place: self.faults[address]
            for place, one in enumerate(messages)
            if (address := one["to"][0].rpartition("<")[2].removesuffix(">")) in self.faults
        }
        taken = [{"id": f"message-{number}-{place}"} for place in range(len(messages)) if place not in faults]
        errors = [{"index": place, "message": message} for place, message in faults.items()]
        return Answer(200, {"data": taken, **({"errors": errors} if errors else {})})


def problems(request: Request) -> Iterator[str]:
    """Check a request by the documentation."""
    if (request.method, request.path) != ("POST", "/emails/batch"):
        yield f"no such path: {request.path}"
    if not 1 <= len(request.headers.get("idempotency-key", "")) <= 256:
        yield "The key must be between 1-256 chars."
    if request.headers.get("x-batch-validation") != "permissive":
        yield "one bad message would keep all from going"
    for error in BATCH.iter_errors(request.body):
        yield f"{error.json_path}: {error.message[:200]}"
