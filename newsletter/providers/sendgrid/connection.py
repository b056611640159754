"""Calls SendGrid with its own client, in threads; tells a call that never left from a reply that was lost."""

import asyncio
import http.client
import logging
import ssl
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from email.message import Message as Headers
from typing import Any, Final, cast

from python_http_client.client import Client
from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from newsletter.providers.base.replies import LostReplyError, Reply, UnreachableError

SEND: Final = ("mail", "send")
SCOPES: Final = ("scopes",)


class Connection:
    """A way to SendGrid; every call makes a connection of its own.

    Args:
        host: Scheme and host.
        timeout: How many seconds one step of a call may take: to connect, to write, to read.
        local: The host is this machine, which no proxy stands before.
    """

    def __init__(self, host: str, api_key: str, timeout: float, *, local: bool) -> None:
        # At the level DEBUG the client writes the key and all readers' addresses to the log.
        logging.getLogger("python_http_client").setLevel(logging.INFO)
        client = SendGridAPIClient(api_key, host=host)
        opener = _opener(local=local)
        self._send, self._scopes = (
            _Client(client.host, client.client.request_headers, path, timeout, opener) for path in (SEND, SCOPES)
        )
        self._secret = api_key.encode()

    async def post(self, make_body: Callable[[], Mapping[str, Any]]) -> Reply:
        """Send a request and read its reply, whatever its status.

        Args:
            make_body: Writes the request; called in the thread that sends it.

        Raises:
            UnreachableError: Nothing was sent.
            LostReplyError: The connection failed later.
        """
        return await asyncio.to_thread(self._post, make_body)

    async def scopes(self) -> Reply:
        """Ask what the key may do, whatever the status of the reply.

        Raises:
            UnreachableError: Nothing was asked.
            LostReplyError: The connection failed later.
        """
        return await asyncio.to_thread(self._call, self._scopes.get)

    def _post(self, make_body: Callable[[], Mapping[str, Any]]) -> Reply:
        body = make_body()
        return self._call(lambda: self._send.post(request_body=body))

    def _call(self, call: Callable[[], Any]) -> Reply:
        try:
            answer = call()
        except HTTPError as error:
            return self._reply(error)
        except (OSError, http.client.HTTPException) as error:
            # Not the error's text: it may hold what the server wrote.
            raise LostReplyError(type(error).__name__) from error
        return self._reply(answer)

    def _reply(self, answer: Any) -> Reply:
        headers = cast("Headers", answer.headers)
        return Reply(
            int(answer.status_code),
            {name.lower(): str(value) for name, value in headers.items()},
            bytes(answer.body).replace(self._secret, b"(key)"),
        )


class _Client(Client):  # type: ignore[misc] # the library has no types
    """SendGrid's client, which follows no redirect: urllib would carry the key to wherever it leads."""

    def __init__(
        self,
        host: str,
        headers: Mapping[str, str],
        path: Sequence[str],
        timeout: float,
        opener: urllib.request.OpenerDirector,
    ) -> None:
        super().__init__(host, dict(headers), version=3, url_path=list(path), timeout=timeout)
        self._opener = opener

    def _make_request(self, _opener: object, request: urllib.request.Request, timeout: object = None) -> Any:
        return super()._make_request(self._opener, request, timeout)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: object, **_named: object) -> None:
        return None


class _PlainConnection(http.client.HTTPConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except OSError as error:
            raise UnreachableError(type(error).__name__) from error


class _SafeConnection(http.client.HTTPSConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except OSError as error:
            raise UnreachableError(type(error).__name__) from error


class _PlainHandler(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_PlainConnection, req)


class _SafeHandler(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_SafeConnection, req, context=ssl.create_default_context())


def _opener(*, local: bool) -> urllib.request.OpenerDirector:
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect(), _PlainHandler(), _SafeHandler()]
    if local:
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)
