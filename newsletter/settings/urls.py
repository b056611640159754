"""What the URLs and hosts among the settings may be; what is wrong is said with its remedy after a bar."""

import ipaddress
import re
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

import idna

CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_LONGEST_HOST: Final = 253


def check_public_url(text: str) -> str:
    """Check where readers find the newsletter's web site; give it with a slash at the end."""
    example = "Write it as https://news.example.org/."
    parts, host = _parse(text, example)
    if parts.scheme not in ("http", "https") or not host or CONTROL.search(text):
        raise ValueError(f"{text!r} is not the URL of a web site|{example}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(f"a user name, a query or a fragment does not belong here|{example}")
    if _BROKEN_ESCAPE.search(parts.path):
        raise ValueError(f"a percent sign in the path is not followed by two digits|{example}")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ValueError("http is for this machine only: readers' links must be private|Write https://….")
    named = _ascii_host(host, example) + (f":{parts.port}" if parts.port else "")
    path = quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~-._") + "/"
    return urlunsplit((parts.scheme, named, path, "", ""))


def check_collector(text: str) -> str:
    """Check where a collector of OpenTelemetry takes OTLP over HTTP; give it without a slash at the end."""
    example = "Write the base of the collector's HTTP receiver, such as http://127.0.0.1:4318."
    parts, host = _parse(text, example)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("keys and passwords do not belong here|Leave them to OTEL_EXPORTER_OTLP_HEADERS.")
    if parts.scheme not in ("http", "https") or not host or CONTROL.search(text):
        raise ValueError(f"{text!r} is not the address of a collector|{example}")
    return text.strip().rstrip("/")


def check_media_folder(text: str) -> str:
    """Check where pictures are published: a folder, or a URL without keys in it."""
    if "://" not in text:
        return text
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a URL: {error}|Name a folder, or write it as s3://bucket/media.") from error
    if "@" in parts.netloc or parts.query:
        raise ValueError(
            "keys and passwords do not belong here|Leave them to the environment of that store, such as AWS_PROFILE."
        )
    return text


def check_host(text: str) -> str:
    """Check a host with its port; give it in lower case."""
    host, _, port = text.strip().lower().rpartition(":")
    if not host or "/" in host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"{text!r} is not a host with its port|Write it as images.example.org:443.")
    return f"{host}:{port}"


def check_network(text: str) -> str:
    """Check an address or a network of addresses; give it as a network."""
    try:
        return str(ipaddress.ip_network(text.strip()))
    except ValueError as error:
        raise ValueError(f"{text!r} is no address or network: {error}|Write it as 127.0.0.1 or 10.0.0.0/8.") from error


def check_site(text: str) -> str:
    """Check the address of a web site without a path; give it as browsers name the origin of a page."""
    example = "Write it as https://www.example.org."
    parts, host = _parse(text, example)
    if parts.scheme not in ("http", "https") or not host or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"{text!r} is not the address of a whole web site|{example}")
    if parts.username or parts.password or CONTROL.search(text):
        raise ValueError(f"{text!r} is not the address of a whole web site|{example}")
    usual = {"http": 80, "https": 443}[parts.scheme]
    port = f":{parts.port}" if parts.port and parts.port != usual else ""
    return f"{parts.scheme}://{_ascii_host(host, example)}{port}"


def _parse(text: str, example: str) -> tuple[SplitResult, str | None]:
    """Take a URL apart; give its host too, and see to it that its port is a number."""
    try:
        parts = urlsplit(text.strip())
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{text!r} is not a URL: {error}|{example}") from error
    return parts, host


def _ascii_host(host: str, example: str) -> str:
    if ":" in host:
        return f"[{_ip6(host, example)}]"
    try:
        named = host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise ValueError(f"{host!r} is not a host name: {error}|{example}") from error
    if len(named) > _LONGEST_HOST or not all(_LABEL.fullmatch(label) for label in named.split(".")):
        raise ValueError(f"{host!r} is not a host name|{example}")
    return named


def _ip6(host: str, example: str) -> str:
    try:
        return str(ipaddress.IPv6Address(host))
    except ValueError as error:
        raise ValueError(f"{host!r} is not an address of the network|{example}") from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
