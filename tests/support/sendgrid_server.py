"""A local server that answers POST /v3/mail/send as SendGrid documents it, or as badly as a test says."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from support import api_server
from support.api_server import Answer, ApiServer, Drop, Hang, Reaction, free_port, running

__all__ = ["API_KEY", "Answer", "Drop", "Hang", "Request", "SendGridServer", "free_port", "sendgrid_server"]

API_KEY = "SG.test-key.0123456789abcdef"
RESERVED = {
    *("x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"),
    *("to", "from", "subject", "reply-to", "cc", "bcc"),
}


class Request(api_server.Request):
    """A request of mail send."""

    @property
    def addresses(self) -> list[str]:
        return [one["to"][0]["email"] for one in self.body["personalizations"]]

    @property
    def keys(self) -> list[str]:
        return [one["custom_args"]["delivery"] for one in self.body["personalizations"]]


def errors(*faults: tuple[str, str | None]) -> dict[str, Any]:
    """Write an error body: pairs of message and field."""
    return {"errors": [{"message": message, "field": name, "help": None} for message, name in faults]}


UNAUTHORIZED = Answer(401, errors(("The provided authorization grant is invalid", None)))


def schema_path() -> Path | None:
    """Find the OpenAPI description of mail send in the corpora, if they are there."""
    corpora = os.environ.get("NEWSLETTER_CORPORA")
    return Path(corpora, "sendgrid-oai/spec/json/tsg_mail_v3.json") if corpora else None


def read_validator(path: Path) -> Draft202012Validator:
    """Read the schema of the request body; its references start from the whole document."""
    document = json.loads(path.read_text("utf-8"))
    schema = document["components"]["requestBodies"]["PostMailSend"]["content"]["application/json"]["schema"]
    return Draft202012Validator({**schema, "components": document["components"]}, format_checker=FormatChecker())


class SendGridServer(ApiServer):
    """What tests see of the server.

    Attributes:
        scopes: What is answered to the question what the key may do.
    """

    request_type = Request

    def __init__(self) -> None:
        super().__init__()
        self.scopes = Answer(200, {"scopes": ["mail.send"]})
        path = schema_path()
        self._validator = read_validator(path) if path else None

    def get(self, request: Request) -> Reaction:
        if request.path != "/v3/scopes":
            return super().get(request)
        is_known = request.headers.get("authorization") == f"Bearer {API_KEY}"
        return self.scopes if is_known else UNAUTHORIZED

    def post(self, request: Request) -> Reaction:
        if request.headers.get("authorization") != f"Bearer {API_KEY}":
            return UNAUTHORIZED
        problems = [*self._schema_problems(request), *documented_problems(request, len(request.content))]
        if problems:
            self.problems.extend(problems)
            return Answer(400, errors((problems[0], "null")))
        scripted = self.script(request)
        if scripted is not None and not (isinstance(scripted, Answer) and scripted.status == 202):
            return scripted
        with self.lock:
            self.accepted.append(request)
            number = len(self.accepted)
        if request.body.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
            return Answer(200)
        return scripted or Answer(202, headers={"X-Message-Id": f"message-{number}"})

    def _schema_problems(self, request: Request) -> Iterator[str]:
        if request.path != "/v3/mail/send":
            yield f"no such path: {request.path}"
        if self._validator:
            for error in self._validator.iter_errors(request.body):
                yield f"{error.json_path}: {error.message[:200]}"

    def messages(self) -> dict[str, dict[str, Any]]:
        """Give every accepted message by key, as its recipient would see it."""
        return {
            message["key"]: message
            for request in self.accepted
            for one in request.body["personalizations"]
            for message in [reconstruct(request.body, one)]
        }


def documented_problems(request: Request, size: int) -> Iterator[str]:
    """Check what the documentation says and the schema does not."""
    people = request.body["personalizations"]
    if not 1 <= len(people) <= 1000 or size >= 30_000_000:
        yield "too many personalizations, or too large"
    twice = [one for one, times in Counter(map(str.lower, request.addresses)).items() if times > 1]
    if twice:
        yield "Each unique email address in the personalizations array should only be included once."
    for one in people:
        substitutions = one.get("substitutions", {})
        if sum(len(name.encode()) + len(value.encode()) for name, value in substitutions.items()) > 10_000:
            yield "substitutions are too large"
        if len(json.dumps(one.get("custom_args", {}))) > 10_000:
            yield "custom_args are too large"
        for name, value in one.get("headers", {}).items():
            if name.lower() in RESERVED or not (value.isascii() and value.isprintable()):
                yield f"header {name} is not allowed or not encoded"
        if not (one.get("subject") or request.body.get("subject")):
            yield "The subject is required."


def reconstruct(body: Mapping[str, Any], one: Mapping[str, Any]) -> dict[str, Any]:
    """Make one message as SendGrid would, at its worst: substitution runs again over what was put in."""

    def fill(text: str) -> str:
        for _ in range(3):
            for name, value in one.get("substitutions", {}).items():
                text = text.replace(name, value)
        return text

    content = {part["type"]: fill(part["value"]) for part in body["content"]}
    return {
        "key": one["custom_args"]["delivery"],
        "to": one["to"][0],
        "from": body["from"],
        "reply_to": body.get("reply_to"),
        "subject": fill(one.get("subject") or body["subject"]),
        "text": content.get("text/plain"),
        "html": content.get("text/html"),
        "headers": one.get("headers") or body.get("headers") or {},
    }


@contextmanager
def sendgrid_server() -> Iterator[SendGridServer]:
    """Run a server on this machine for as long as a test lasts."""
    owner = SendGridServer()
    with running(owner):
        yield owner
