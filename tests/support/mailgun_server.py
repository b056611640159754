"""A local server that answers POST /v3/{domain}/messages.mime as Mailgun documents it, or as badly as a test says."""

from base64 import b64encode
from collections.abc import Iterator
from email import policy
from email.parser import BytesHeaderParser
from functools import cached_property
from typing import Any

from newsletter.providers import mailgun
from support import api_server
from support.api_server import Answer, ApiServer, Reaction

API_KEY = "key-0123456789abcdef-test"
DOMAIN = "example.org"
LOGIN = "Basic " + b64encode(f"api:{API_KEY}".encode()).decode()
OPTIONS = {
    "to": None,
    "message": None,
    "v:delivery": None,
    "o:tracking": {"yes", "no", "true", "false", "htmlonly"},
    "o:tracking-clicks": {"yes", "no", "true", "false", "htmlonly"},
    "o:tracking-opens": {"yes", "no", "true", "false"},
    "o:testmode": {"yes"},
    "o:dkim": {"yes", "no", "true", "false"},
}
"""The fields of a request, and what they may say. Source: Mailgun's reference of messages.mime."""


def name_of(head: str) -> str:
    """Read the name of a field from the head of its part."""
    return head.partition('; name="')[2].partition('"')[0]


class Request(api_server.Request):
    """A request of one message."""

    @cached_property
    def parts(self) -> list[tuple[str, bytes]]:
        """The form's parts: head and content, byte for byte."""
        mark = b"--" + self.headers["content-type"].partition("boundary=")[2].encode()
        pieces = (part.partition(b"\r\n\r\n") for part in self.content.split(mark)[1:-1])
        return [(head.decode(), content.removesuffix(b"\r\n")) for head, _, content in pieces]

    @property
    def fields(self) -> dict[str, str]:
        """The form's fields, but for the message; one that stands twice is the last."""
        return {name_of(head): content.decode() for head, content in self.parts if name_of(head) != "message"}

    @property
    def message(self) -> bytes:
        (content,) = (content for head, content in self.parts if name_of(head) == "message")
        return content

    @property
    def keys(self) -> list[str]:
        return [self.fields["v:delivery"]]


class MailgunServer(ApiServer):
    """What tests see of the server.

    Attributes:
        domain: What is answered to GET /v4/domains/{name}.
    """

    request_type = Request
    asked = "domain"
    key = "api_key"
    module = mailgun
    secret = API_KEY
    unauthorized = Answer(401, {"message": "Invalid private key"})
    throttled = Answer(429, {"message": "Too many requests"})
    invalid = Answer(400, {"message": "'to' parameter is not a valid address. please check documentation"})
    odd = Answer(400, {"message": "message is not a valid MIME"})
    batch = 1
    repeats = False

    def __init__(self) -> None:
        super().__init__()
        self.domain = Answer(200, {"domain": {"name": DOMAIN, "state": "active", "is_disabled": False}})

    def settings(self, **options: Any) -> mailgun.Settings:
        values = {"api_key": API_KEY, "base_url": self.url, "timeout": 5.0, **options}
        return mailgun.Settings.model_validate(values, context={"sender_domain": DOMAIN})

    def get(self, request: Request) -> Reaction:
        if request.headers.get("authorization") != LOGIN:
            return self.unauthorized
        known = request.path == f"/v4/domains/{DOMAIN}"
        return self.domain if known else Answer(404, {"message": "Domain not found"})

    def post(self, request: Request) -> Reaction:
        if request.headers.get("authorization") != LOGIN:
            return self.unauthorized
        found = list(problems(request))
        if found:
            self.problems.extend(found)
            return Answer(400, {"message": found[0]})
        scripted = self.script(request)
        if scripted is not None:
            return scripted
        with self.lock:
            self.accepted.append(request)
        identifier = BytesHeaderParser(policy=policy.default).parsebytes(request.message)["Message-ID"]
        return Answer(200, {"id": str(identifier), "message": "Queued. Thank you."})


def problems(request: Request) -> Iterator[str]:
    """Check a request by the documentation."""
    if (request.method, request.path) != ("POST", f"/v3/{DOMAIN}/messages.mime"):
        yield f"no such path: {request.path}"
    if not request.headers["content-type"].startswith("multipart/form-data"):
        yield "the message must be sent as multipart/form-data"
        return
    for name, value in request.fields.items():
        allowed = OPTIONS.get(name, set())
        if allowed is not None and value not in allowed:
            yield f"{name} is no option, or cannot be {value}"
    if not any("filename=" in head for head, _ in request.parts if name_of(head) == "message"):
        yield "the message must be sent as a file"
    if len(request.parts) != len(request.fields) + 1:
        yield "a field stands twice"
    if "," in request.fields["to"]:
        yield "everybody would see everybody"
    if any(len(line) > 998 for line in request.message.split(b"\r\n")):
        yield "a line is too long"
