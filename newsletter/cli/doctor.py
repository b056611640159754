"""`newsletter doctor`: whether everything around the newsletter is ready to send."""

import ipaddress
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from newsletter.cli.base import Face, echo_json, pass_face
from newsletter.errors import EXIT_BLOCKED

if TYPE_CHECKING:
    from newsletter.doctor.base import Observation, Report, Surroundings

_SIGNS: Final = {
    "ok": ("✓", "ok", "green"),
    "unknown": ("?", "unknown", "cyan"),
    "warning": ("!", "warning", "yellow"),
    "problem": ("✗", "problem", "red"),
}
_PORT: Final = 53


class CheckName(click.ParamType[str]):
    """The name of a check, as it stands in the folder of them."""

    name = "check"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Give the name, or say which one was meant."""
        from newsletter.doctor.base import names

        known = names()
        wanted = str(value).replace("_", "-")
        if wanted in known:
            return wanted
        near = get_close_matches(wanted, known, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(known)}."
        return self.fail(f"no check is called {value!r}. {hint}", param, ctx)


class Address(click.ParamType[str]):
    """An address of the network."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Give the address in its usual form."""
        try:
            return str(ipaddress.ip_address(str(value)))
        except ValueError:
            return self.fail(f"{value!r} is no address of the network, such as 192.0.2.1.", param, ctx)


class NameServer(click.ParamType[tuple[str, int]]):
    """The address of a name server, with its port where that is another than 53."""

    name = "server"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        """Take address and port apart."""
        if isinstance(value, tuple):
            return value
        host, colon, port = str(value).rpartition(":")
        is_bare = not colon or (":" in host and not host.startswith("["))
        address, number = (str(value), str(_PORT)) if is_bare else (host, port)
        try:
            return str(ipaddress.ip_address(address.strip("[]"))), _port(number)
        except ValueError:
            return self.fail(
                f"{value!r} is no address of a name server, such as 9.9.9.9 or [2620:fe::fe]:53.", param, ctx
            )


@click.command(name="doctor")
@click.argument("checks", metavar="[CHECK]…", nargs=-1, type=CheckName())
@click.option("--message", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A message you received.")
@click.option("--selector", "selectors", multiple=True, metavar="NAME", help="The name of a DKIM key; may be repeated.")
@click.option("--sends-from", multiple=True, type=Address(), help="Where your mail leaves from; may be repeated.")
@click.option("--name-server", type=NameServer(), help="Ask this one, instead of those of the system.")
@click.option("--offline", is_flag=True, help="Leave out what needs the network.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_face
def command(
    face: Face,
    checks: tuple[str, ...],
    message: Path | None,
    selectors: tuple[str, ...],
    sends_from: tuple[str, ...],
    name_server: tuple[str, int] | None,
    offline: bool,
    as_json: bool,
) -> None:
    """Look whether everything around the newsletter is ready to send.

    The domain's records (SPF, DKIM, DMARC, MX), the provider, the web site, the database, the clock. Nothing is sent or
    changed. With one CHECK or several look at these only.

    Most is known of a message that you received: send yourself a test, save it as your mailbox shows its source, and
    name the file with --message.
    """
    import asyncio

    from newsletter.doctor.base import Outcome, names, run

    surroundings = _surroundings(face, message, selectors, sends_from, name_server)
    report = asyncio.run(run(checks or names(), surroundings, offline=offline))
    if as_json:
        echo_json(_as_data(report))
    else:
        _print(face, report)
    if report.count(Outcome.PROBLEM):
        raise click.exceptions.Exit(EXIT_BLOCKED)


def _surroundings(
    face: Face,
    message: Path | None,
    selectors: tuple[str, ...],
    sends_from: tuple[str, ...],
    name_server: tuple[str, int] | None,
) -> "Surroundings":
    from newsletter.authentication import DnsResolver
    from newsletter.clock import now
    from newsletter.doctor.base import Once, Surroundings, ask_provider
    from newsletter.message import read_received
    from newsletter.probing import Prober

    workspace, settings = face.workspace, face.settings
    return Surroundings(
        workspace=workspace,
        settings=settings,
        environ=face.environ,
        now=now,
        resolver=DnsResolver([name_server[0]], name_server[1]) if name_server else DnsResolver(),
        web=Prober(),
        inspect=Once(lambda: ask_provider(workspace, settings)),
        received=read_received(message.read_bytes()) if message is not None else None,
        selectors=selectors,
        sent_from=sends_from,
    )


def _as_data(report: "Report") -> dict[str, Any]:
    return {
        name: [
            {"outcome": one.outcome.value, "message": one.message, "remedy": one.remedy or None} for one in observations
        ]
        for name, observations in report.found.items()
    }


def _print(face: Face, report: "Report") -> None:
    from rich.text import Text

    from newsletter.doctor.base import Outcome

    for name, observations in report.found.items():
        face.console.print(Text(name, style="bold"))
        for one in observations:
            face.console.print(_line(one))
    counted = [(report.count(outcome), outcome) for outcome in reversed(Outcome)]
    face.console.print(Text("\n" + ", ".join(f"{count} {_plural(outcome, count)}" for count, outcome in counted) + "."))


def _line(one: "Observation") -> Any:
    from rich.text import Text

    sign, word, colour = _SIGNS[one.outcome.value]
    text = Text("  ").append(f"{sign} {word:<7}", style=colour).append(f"  {one.message}.")
    if one.remedy:
        text.append(f"\n{'':13}{one.remedy}")
    return text


def _plural(outcome: "str", count: int) -> str:
    return f"{outcome}s" if outcome in ("warning", "problem") and count != 1 else str(outcome)


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 65536:
        raise ValueError(text)
    return port
