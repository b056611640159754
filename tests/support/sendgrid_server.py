"""A local server that answers POST /v3/mail/send as SendGrid documents it, or as badly as a test says."""

import json
import os
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

API_KEY = "SG.test-key.0123456789abcdef"
RESERVED = {
    *("x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"),
    *("to", "from", "subject", "reply-to", "cc", "bcc"),
}


@dataclass(frozen=True)
class Answer:
    """A scripted reply.

    Args:
        body: Bytes as they are, or something to write as JSON.
        missing: How many bytes fewer are sent than Content-Length says.
    """

    status: int = 202
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    missing: int = 0


class Hang:
    """Read the request and say nothing until the server ends."""


class Drop:
    """Read the request and close the connection without a word."""


@dataclass(frozen=True)
class Request:
    """What arrived."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def addresses(self) -> list[str]:
        return [one["to"][0]["email"] for one in self.body["personalizations"]]

    @property
    def keys(self) -> list[str]:
        return [one["custom_args"]["delivery"] for one in self.body["personalizations"]]


Script = Callable[[Request], Answer | Hang | Drop | None]


def errors(*faults: tuple[str, str | None]) -> dict[str, Any]:
    """Write an error body: pairs of message and field."""
    return {"errors": [{"message": message, "field": name, "help": None} for message, name in faults]}


def schema_path() -> Path | None:
    """Find the OpenAPI description of mail send in the corpora, if they are there."""
    corpora = os.environ.get("NEWSLETTER_CORPORA")
    return Path(corpora, "sendgrid-oai/spec/json/tsg_mail_v3.json") if corpora else None


def read_validator(path: Path) -> Draft202012Validator:
    """Read the schema of the request body; its references start from the whole document."""
    document = json.loads(path.read_text("utf-8"))
    schema = document["components"]["requestBodies"]["PostMailSend"]["content"]["application/json"]["schema"]
    return Draft202012Validator({**schema, "components": document["components"]}, format_checker=FormatChecker())


class SendGridServer:
    """What tests see of the server.

    Attributes:
        requests: Everything that arrived, in order.
        problems: What was wrong with it, by the documentation.
        script: Decides over the replies; None from it means an ordinary one.
        most_at_once: How many requests were under way together.
        scopes: What is answered to the question what the key may do.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.problems: list[str] = []
        self.script: Script = lambda _request: None
        self.most_at_once = 0
        self.scopes = Answer(200, {"scopes": ["mail.send"]})
        self.accepted: list[Request] = []
        self.ended = threading.Event()
        self._under_way = 0
        self._lock = threading.Lock()
        path = schema_path()
        self._validator = read_validator(path) if path else None
        self.url = ""

    def take(self, request: Request, raw: bytes) -> Answer | Hang | Drop:
        """Check a request and decide what to answer."""
        with self._lock:
            self.requests.append(request)
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            return self._decide(request, raw)
        finally:
            with self._lock:
                self._under_way -= 1

    def _decide(self, request: Request, raw: bytes) -> Answer | Hang | Drop:
        if request.headers.get("authorization") != f"Bearer {API_KEY}":
            return Answer(401, errors(("The provided authorization grant is invalid", None)))
        problems = [*self._schema_problems(request), *documented_problems(request, len(raw))]
        if problems:
            self.problems.extend(problems)
            return Answer(400, errors((problems[0], "null")))
        scripted = self.script(request)
        if scripted is not None and not (isinstance(scripted, Answer) and scripted.status == 202):
            return scripted
        with self._lock:
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


class _Handler(BaseHTTPRequestHandler):
    owner: SendGridServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.owner.take(Request(self.path, headers, json.loads(raw)), raw)
        self.close_connection = True
        if isinstance(answer, Hang):
            self.owner.ended.wait(30)
        if isinstance(answer, Answer):
            self._write(answer)

    def do_GET(self) -> None:
        if self.path == "/v3/scopes":
            is_known = self.headers.get("authorization") == f"Bearer {API_KEY}"
            refusal = Answer(401, errors(("The provided authorization grant is invalid", None)))
            self.close_connection = True
            self._write(self.owner.scopes if is_known else refusal)
            return
        self.owner.problems.append("a redirect was followed")
        self.close_connection = True
        self._write(Answer(202, headers={"X-Message-Id": "wrong"}))

    def _write(self, answer: Answer) -> None:
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) + answer.missing))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@contextmanager
def sendgrid_server() -> Iterator[SendGridServer]:
    """Run a server on this machine for as long as a test lasts."""
    owner = SendGridServer()
    handler = type("Handler", (_Handler,), {"owner": owner})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        owner.url = f"http://127.0.0.1:{httpd.server_address[1]}"
        thread = threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield owner
        finally:
            owner.ended.set()
            httpd.shutdown()
            thread.join()


def free_port() -> int:
    """Find a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
