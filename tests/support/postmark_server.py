"""A local server that answers POST /email/batch as Postmark documents it, or as badly as a test says."""

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator

from newsletter.providers import postmark
from support import api_server
from support.api_server import Answer, ApiServer, Reaction

TOKEN = "0b3f5f5e-test-token"
TEST_TOKEN = "POSTMARK_API_TEST"

MAILBOX = {
    "type": "string",
    "pattern": r'^(?:"(?:[^"\\]|\\.)*" <[^<>@\s]+@[^<>@\s]+>|[^<>@\s"]+@[^<>@\s"]+)$',
}
TEXT = {"type": "string", "minLength": 1}
BATCH = Draft202012Validator(
    {
        "type": "array",
        "minItems": 1,
        "maxItems": 500,
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["From", "To", "Subject"],
            "anyOf": [{"required": ["HtmlBody"]}, {"required": ["TextBody"]}],
            "properties": {
                "From": MAILBOX,
                "To": MAILBOX,
                "ReplyTo": MAILBOX,
                "Subject": TEXT,
                "HtmlBody": TEXT,
                "TextBody": TEXT,
                "MessageStream": TEXT,
                "Tag": {"type": "string", "maxLength": 1000},
                "TrackOpens": {"type": "boolean"},
                "TrackLinks": {"enum": ["None", "HtmlAndText", "HtmlOnly", "TextOnly"]},
                "Metadata": {
                    "type": "object",
                    "propertyNames": {"maxLength": 20},
                    "additionalProperties": {"type": "string", "maxLength": 80},
                },
                "Headers": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["Name", "Value"],
                        "properties": {
                            "Name": {"type": "string", "pattern": "^[!-9;-~]+$"},
                            "Value": {"type": "string", "pattern": "^[ -~]*$"},
                        },
                    },
                },
            },
        },
    }
)
"""What a request may hold. Source: Postmark's description of `SendEmailRequest`, and its limits of metadata."""


def failure(code: int, message: str) -> dict[str, Any]:
    """Write what Postmark says of a request or a message that it does not take."""
    return {"ErrorCode": code, "Message": message}


def inactive(address: str) -> dict[str, Any]:
    return failure(
        406,
        "You tried to send to recipient(s) that have been marked as inactive. Found inactive addresses: "
        f"{address}. Inactive recipients are ones that have generated a hard bounce, a spam complaint, or a manual "
        "suppression.",
    )


class Request(api_server.Request):
    """A request of a batch."""

    @property
    def keys(self) -> list[str]:
        return [one["Metadata"]["delivery"] for one in self.body]


class PostmarkServer(ApiServer):
    """What tests see of the server.

    Attributes:
        fates: By address: what is said of a message instead of that it was taken.
        server: What is answered to GET /server.
        stream: What is answered to GET /message-streams/broadcast.
    """

    request_type = Request
    asked = "server"
    key = "server_token"
    module = postmark
    secret = TOKEN
    unauthorized = Answer(401, failure(10, "No Account or Server API tokens were supplied in the HTTP headers."))
    throttled = Answer(429, failure(429, "Rate limit exceeded"))
    batch = 500
    repeats = False

    def __init__(self) -> None:
        super().__init__()
        self.fates: dict[str, dict[str, Any]] = {}
        self.server = Answer(200, {"ID": 1, "Name": "News", "DeliveryType": "Live", "TrackOpens": True})
        self.stream = Answer(
            200,
            {
                "ID": "broadcast",
                "MessageStreamType": "Broadcasts",
                "SubscriptionManagementConfiguration": {"UnsubscribeHandlingType": "Custom"},
            },
        )

    def settings(self, **options: Any) -> postmark.Settings:
        return postmark.Settings(**{"server_token": TOKEN, "base_url": self.url, "timeout": 5.0, **options})

    def get(self, request: Request) -> Reaction:
        if request.headers.get("x-postmark-server-token") != TOKEN:
            return self.unauthorized
        answers = {"/server": self.server, "/message-streams/broadcast": self.stream}
        return answers.get(request.path) or Answer(404, failure(1226, "The message stream was not found."))

    def post(self, request: Request) -> Reaction:
        if request.headers.get("x-postmark-server-token") not in (TOKEN, TEST_TOKEN):
            return self.unauthorized
        found = list(problems(request))
        if found:
            self.problems.extend(found)
            return Answer(422, failure(402, found[0]))
        scripted = self.script(request)
        if scripted is not None:
            return scripted
        with self.lock:
            self.accepted.append(request)
            first = sum(len(one.body) for one in self.accepted)
        return Answer(200, [self._entry(one, first + place) for place, one in enumerate(request.body)])

    def _entry(self, message: Mapping[str, Any], number: int) -> dict[str, Any]:
        address = message["To"].rpartition("<")[2].removesuffix(">")
        return self.fates.get(address) or {
            "To": address,
            "SubmittedAt": "2026-11-02T12:00:00Z",
            "MessageID": f"message-{number}",
            "ErrorCode": 0,
            "Message": "OK",
        }


def problems(request: Request) -> Iterator[str]:
    """Check a request by the documentation."""
    if (request.method, request.path) != ("POST", "/email/batch"):
        yield f"no such path: {request.path}"
    for name in ("content-type", "accept"):
        if request.headers.get(name) != "application/json":
            yield f"{name} is not JSON"
    if len(request.content) > 50_000_000:
        yield "the request is too large"
    for error in BATCH.iter_errors(request.body):
        yield f"{error.json_path}: {error.message[:200]}"
