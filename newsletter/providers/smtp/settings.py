"""The table `[providers.smtp]`."""

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from newsletter.message import ascii_domain, is_selector
from newsletter.providers.base import ProviderSettings

Tls: TypeAlias = Literal["starttls", "implicit", "none"]

_HOST: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?")
_HELO: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Za-z.:]+\]")


class Settings(ProviderSettings):
    """The table `[providers.smtp]`.

    Args:
        host: The server's name or address; or several, that share the work and stand in for each other.
        tls: `starttls` begins in the clear and goes on only encrypted; `implicit` is encrypted from the start.
        port: 587, 465 or 25 by default, by `tls`.
        username: Whom to log in as; none where the server needs no login.
        password: Belongs to `username`.
        ca_file: The certificates to trust instead of the system's, as PEM; starts from the workspace.
        helo: What this machine calls itself; its own full name, or its address, by default.
        connections: How many to have at once.
        domains: How many connections some domains have for themselves alone, beside the others.
        messages_per_connection: After how many messages to begin a new one.
        pipeline_depth: How many messages may be under way on one connection, where a server far away allows it.
        intents_per_connection: How many may be written down as handed over while all goes well, if that are more.
        dkim: The files of the keys that sign every message, by their names in the DNS; start from the workspace.
        dkim_domain: Whose keys these are; that of the sender by default.
        timeout: The most seconds to wait for any one answer; the standard's own limits hold too.
    """

    host: str | Annotated[tuple[str, ...], Field(min_length=1)]
    tls: Tls = "starttls"
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    username: str | None = None
    password: SecretStr | None = Field(default=None, validate_default=True)
    ca_file: Path | None = None
    helo: str | None = None
    connections: Annotated[int, Field(ge=1, le=64)] = 4
    domains: Mapping[str, Annotated[int, Field(ge=1, le=64)]] = Field(default_factory=dict)
    messages_per_connection: Annotated[int, Field(ge=1)] = 100
    pipeline_depth: Annotated[int, Field(ge=1, le=32)] = 2
    intents_per_connection: Annotated[int, Field(ge=1, le=64)] = 8
    dkim: Mapping[str, Path] = Field(default_factory=dict)
    dkim_domain: str | None = Field(default=None, validate_default=True)
    timeout: Annotated[float, Field(gt=0, le=600)] = 600.0

    @property
    def in_doubt(self) -> int:
        """How many messages of one connection a killed process leaves in doubt, at most."""
        return max(self.pipeline_depth, self.intents_per_connection)

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every server, each once."""
        return (self.host,) if isinstance(self.host, str) else tuple(dict.fromkeys(self.host))

    @field_validator("host")
    @classmethod
    def _check_host(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        return _host_name(value) if isinstance(value, str) else tuple(map(_host_name, value))

    @field_validator("username")
    @classmethod
    def _check_username(cls, value: str | None) -> str | None:
        if value is not None and (not value or "\0" in value):
            raise ValueError("this is no username|Leave it out where the server needs no login.")
        return value

    @field_validator("password")
    @classmethod
    def _check_password(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        known = info.data
        if "username" in known and (value is None) != (known["username"] is None):
            if value is None:
                raise ValueError(
                    "the username has no password|Set the environment variable NEWSLETTER_PROVIDERS__SMTP__PASSWORD."
                )
            raise ValueError("the password has no username|Set username too.")
        if value is None:
            return None
        if not value.get_secret_value() or "\0" in value.get_secret_value():
            raise ValueError("this is no password|Set it again, without the character NUL.")
        if known.get("tls") == "none" and not _are_loopback(known.get("host", "localhost")):
            raise ValueError('the password would travel in the clear|Set tls = "starttls" or tls = "implicit".')
        return value

    @field_validator("ca_file")
    @classmethod
    def _find_ca_file(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is None:
            return None
        root: Path = (info.context or {}).get("root", Path())
        if not _is_there(root / value):
            raise ValueError("there is no such file|Name a file of certificates (PEM), from the workspace's folder.")
        return root / value

    @field_validator("helo")
    @classmethod
    def _check_helo(cls, value: str | None) -> str | None:
        if value is not None and not _HELO.fullmatch(value):
            raise ValueError('this is not the name of a host|Write it like "mail.example.org", or leave it out.')
        return value

    @field_validator("domains")
    @classmethod
    def _check_domains(cls, value: Mapping[str, int]) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for name, connections in value.items():
            try:
                domain = ascii_domain(name).lower()
            except ValueError:
                domain = ""
            if "." not in domain or not _HOST.fullmatch(domain):
                raise ValueError(f'{name!r} is no domain|Write it like "example.org".')
            if domain in found:
                raise ValueError(f"{name!r} stands there twice|Leave one of them out.")
            found[domain] = connections
        return found

    @field_validator("dkim")
    @classmethod
    def _find_keys(cls, value: Mapping[str, Path], info: ValidationInfo) -> Mapping[str, Path]:
        root: Path = (info.context or {}).get("root", Path())
        for selector, file in value.items():
            if not is_selector(selector):
                raise ValueError(f"{selector!r} cannot be the name of a key|Take small letters, digits and hyphens.")
            if not _is_there(root / file):
                raise ValueError(f"there is no key {str(file)!r}|Make one: newsletter dkim new {selector}.")
        return {selector: root / file for selector, file in value.items()}

    @field_validator("dkim_domain")
    @classmethod
    def _check_dkim_domain(cls, value: str | None, info: ValidationInfo) -> str | None:
        sender: str = (info.context or {}).get("sender_domain", "")
        domain = value or sender
        if value is None and not info.data.get("dkim"):
            return None
        try:
            domain, own = ascii_domain(domain).lower(), ascii_domain(sender).lower() if sender else ""
        except ValueError:
            domain = own = ""
        if "." not in domain or not _HOST.fullmatch(domain):
            raise ValueError('this is no domain|Write it like "example.org", or leave it out.')
        if own and own != domain and not own.endswith(f".{domain}"):
            raise ValueError(
                f"signatures of {domain} do not speak for the sender, {own}|Take its domain, or one above it."
            )
        return domain


def _host_name(value: str) -> str:
    remedy = 'Write it like "smtp.example.org", and the port as a setting of its own.'
    if _is_address(value):
        return value
    try:
        host = ascii_domain(value)
    except ValueError:
        raise ValueError(f"this is not the name of a host|{remedy}") from None
    if not _HOST.fullmatch(host):
        raise ValueError(f"this is not the name of a host|{remedy}")
    return host


def _is_there(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError:  # a name that is too long for a file
        return False


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _are_loopback(hosts: str | tuple[str, ...]) -> bool:
    return all(map(_is_loopback, (hosts,) if isinstance(hosts, str) else hosts))


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)
