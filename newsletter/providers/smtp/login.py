"""The way into a mail server: connection, greeting, TLS, login.

Source: RFC 5321 §3.1 and §3.2; RFC 3207 (STARTTLS), 4954 and 4616 (AUTH).
"""

import asyncio
import socket

from newsletter.errors import Place
from newsletter.providers.smtp.access import (
    Access,
    LostError,
    UnavailableError,
    connecting,
    error_about,
    refusal,
    server_name,
)
from newsletter.providers.smtp.connection import Connection
from newsletter.providers.smtp.dialogue import OUT_OF_TURN
from newsletter.providers.smtp.protocol import (
    Phase,
    Reply,
    command,
    encode64,
    name_for_hello,
    plain_response,
    read_extensions,
)
from newsletter.providers.smtp.replies import Verdict, judge


async def connect(access: Access) -> Connection:
    """Open a connection, up to and including the login.

    Raises:
        UnavailableError: The server cannot be reached, or not now.
        ProviderError: It refuses us, or its certificate is not what it should be.
    """
    connection = Connection(access)
    secure = access.tls == "implicit"
    try:
        async with connecting(access):
            await asyncio.get_running_loop().create_connection(
                lambda: connection,
                access.host,
                access.port,
                ssl=access.context if secure else None,
                server_hostname=access.host if secure else None,
            )
        await _greet(connection)
        connection.let_in = True
    except LostError as error:
        raise UnavailableError(
            f"{server_name(access)} does not let us in: {error}",
            where=Place(field="providers.smtp.host"),
            remedy='Check host and port; port 465 wants tls = "implicit", as a rule.',
        ) from error
    finally:
        if not connection.let_in:
            connection.close()
    return connection


async def _greet(connection: Connection) -> None:
    """Go through greeting, TLS and login.

    Raises:
        ProviderError: The server refuses us, or does not do what the settings ask for.
        LostError: The connection failed meanwhile.
    """
    _expect(connection, Phase.GREETING, await connection.reply())
    await _hello(connection)
    if connection.access.tls == "starttls":
        await _start_tls(connection)
        await _hello(connection)
    if connection.access.username:
        await _log_in(connection)


async def _hello(connection: Connection) -> None:
    clock = asyncio.get_running_loop().time
    name = connection.access.helo or name_for_hello(socket.gethostname(), connection.own_address)
    asked = clock()
    reply = await connection.ask(Phase.HELLO, command("EHLO", name))
    connection.round_trip = clock() - asked
    if reply.code in (500, 502):  # RFC 5321 §3.2
        reply = await connection.ask(Phase.HELLO, command("HELO", name))
    _expect(connection, Phase.HELLO, reply)
    connection.extensions = read_extensions(reply)


async def _start_tls(connection: Connection) -> None:
    """Turn the connection over to TLS. Source: RFC 3207."""
    access = connection.access
    if "STARTTLS" not in connection.extensions:
        remedy = 'Set tls = "implicit" if the server does TLS from the start, as it does on port 465.'
        raise error_about(access, "offers no STARTTLS", "tls", remedy)
    _expect(connection, Phase.STARTTLS, await connection.ask(Phase.STARTTLS, command("STARTTLS")))
    if not connection.trouble:
        async with connecting(access):
            await connection.start_tls()
    # The server must not speak before our EHLO: what is here was put in before TLS, by whomever.
    if connection.trouble == OUT_OF_TURN:
        what = "sent something between STARTTLS and TLS, as somebody does who breaks into a connection"
        raise error_about(access, what, "host", "Try from another network, or tell the server's keeper.")
    if connection.trouble:
        raise LostError(connection.trouble)


async def _log_in(connection: Connection) -> None:
    """Log in with PLAIN or LOGIN; never in the clear, except on this machine. Source: RFC 4954, 4616."""
    access, mechanisms = connection.access, connection.extensions.mechanisms
    if not connection.is_private:
        raise error_about(access, "would get the password in the clear", "tls", 'Set tls = "starttls".')
    if "PLAIN" in mechanisms:
        response = plain_response(access.username, access.password)
        reply = await connection.ask(Phase.LOGIN, command("AUTH", "PLAIN", response))
    elif "LOGIN" in mechanisms:
        reply = await connection.ask(Phase.LOGIN, command("AUTH", "LOGIN"))
        for text in (access.username, access.password):
            if reply.code == 334:
                reply = await connection.ask(Phase.LOGIN, command(encode64(text)))
    else:
        remedy = "Take username and password away if the server needs none, or try another tls or port."
        raise error_about(access, "offers no login with PLAIN or LOGIN", "username", remedy)
    _expect(connection, Phase.LOGIN, reply)


def _expect(connection: Connection, phase: Phase, reply: Reply) -> None:
    """Raise whatever is not what we hoped for."""
    verdict = judge(phase, reply)
    if verdict is not Verdict.GO_ON:
        temporary = verdict in (Verdict.LATER, Verdict.CLOSED)
        raise refusal(connection.access, phase, reply, temporary=temporary)
