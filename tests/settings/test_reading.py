"""Settings: from the file and the environment, and every mistake named with its place and a remedy."""

import json
from collections.abc import Mapping

import pytest

from newsletter.errors import NewsletterError, Problems, SettingsError
from newsletter.settings import HIDDEN, hide_password, load, provider_settings
from newsletter.workspace import Workspace

LEAST = """\
name = "De Brug"
public_url = "https://example.org"

[sender]
name = "De Brug"
email = "brug@example.org"
postal_address = "Kade 1, Utrecht"
"""


def write(workspace: Workspace, text: str) -> None:
    workspace.settings_file.write_text(text, encoding="utf-8")


def problems(workspace: Workspace, environ: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(NewsletterError) as caught:
        load(workspace, environ or {})
    errors = caught.value.errors if isinstance(caught.value, Problems) else (caught.value,)
    assert all(isinstance(error, SettingsError) for error in errors)
    assert all(error.remedy for error in errors)
    return [str(error) for error in errors]


def test_defaults_need_no_setting(workspace: Workspace) -> None:
    write(workspace, LEAST)
    settings = load(workspace, {})
    assert (settings.language, settings.time_zone, settings.provider) == ("en", "UTC", "outbox")
    assert settings.database.url == "sqlite:///var/newsletter.db"
    assert settings.public_url == "https://example.org/"


def test_environment_goes_before_the_file(workspace: Workspace) -> None:
    environ = {
        "NEWSLETTER_SENDER__EMAIL": "ander@example.org",
        "newsletter_name": "Klein geschreven",
        "NEWSLETTER_LANGUAGE": "",
    }
    settings = load(workspace, environ)
    assert settings.sender.email == "ander@example.org"
    assert settings.name == "Klein geschreven"
    assert settings.language == "nl"
    assert str(settings.origin("sender", "email")) == "environment NEWSLETTER_SENDER__EMAIL"


@pytest.mark.parametrize(
    ("old", "new", "place", "says"),
    [
        ('name = "De Brug"\npublic', "name = 12\npublic", "newsletter.toml:1:1", "in double quotes"),
        ('name = "De Brug"\npublic', 'name = ""\npublic', "newsletter.toml:1:1", "not empty"),
        ('name = "De Brug"\npublic', 'name = "a\\nBcc: x"\npublic', "newsletter.toml:1:1", "one line"),
        ('"https://example.org"', '"example.org"', "newsletter.toml:2:1", "https://news.example.org/"),
        ('"https://example.org"', '"http://example.org"', "newsletter.toml:2:1", "https://…"),
        ('"https://example.org"', '"https://u:p@example.org"', "newsletter.toml:2:1", "user name"),
        ("[sender]", "[sendr]", "newsletter.toml:4:1", "Did you mean 'sender'?"),
        ("email =", "e-mail =", "newsletter.toml:6:1", "Did you mean 'email'?"),
        ('"brug@example.org"', '"brug"', "newsletter.toml:6:1", "name@example.org"),
        ('"brug@example.org"', '"br\\u0000ug@example.org"', "newsletter.toml:6:1", "name@example.org"),
        ("[sender]", 'language = "Dutch"\n[sender]', "newsletter.toml:4:1", "nl-BE"),
        ("[sender]", 'time_zone = "Amsterdam"\n[sender]', "newsletter.toml:4:1", "Europe/Amsterdam"),
        ("[sender]", 'provider = "outbx"\n[sender]', "newsletter.toml:4:1", "Did you mean 'outbox'?"),
        ("[sender]", '[database]\nurl = "mysql://x/y"\n[sender]', "newsletter.toml:5:1", "postgresql://"),
        ("[sender]", '[database]\nurl = "postgres://u@h/d"\n[sender]', "newsletter.toml:5:1", "postgresql://u@h/d"),
        ("[sender]", '[database]\nurl = "postgresql://u:geheim@h/d"\n[sender]', "newsletter.toml:5:1", "DATABASE__URL"),
        (
            "[sender]",
            '[database]\nurl = "postgres://u:geheim@h/d"\n[sender]',
            "newsletter.toml:5:1",
            "postgresql://u:•••@h/d",
        ),
        (
            "[sender]",
            '[database]\nurl = "postgresql://u:ge/h#e?heim@h/d"\n[sender]',
            "newsletter.toml:5:1",
            "DATABASE__URL",
        ),
        (
            "[sender]",
            '[database]\nurl = "postgresql://h/d?password=geheim"\n[sender]',
            "newsletter.toml:5:1",
            "DATABASE__URL",
        ),
        (
            "[sender]",
            '[database]\nurl = "postgresql://h/d?sslpassword=geheim"\n[sender]',
            "newsletter.toml:5:1",
            "DATABASE__URL",
        ),
        (
            "[sender]",
            '[database]\nurl = "postgresql://h/d?passfile=geheim"\n[sender]',
            "newsletter.toml:5:1",
            "DATABASE__URL",
        ),
        ("[sender]", 'database = "postgresql://u:geheim@h/d"\n[sender]', "newsletter.toml:4:1", "a table"),
        ('"https://example.org"', '"https://exa mple.org/"', "newsletter.toml:2:1", "https://news.example.org/"),
        ('"https://example.org"', "'https://a\"b.org/'", "newsletter.toml:2:1", "https://news.example.org/"),
        ('"https://example.org"', '"https://a..b/"', "newsletter.toml:2:1", "https://news.example.org/"),
        ('"https://example.org"', '"https://-a.org/"', "newsletter.toml:2:1", "https://news.example.org/"),
        ('"https://example.org"', '"https://[::zz]/"', "newsletter.toml:2:1", "https://news.example.org/"),
        ('"https://example.org"', '"https://example.org/%zz"', "newsletter.toml:2:1", "percent sign"),
        ("[sender]", "[sender]\nlanguage = 'nl'", "newsletter.toml:5:1", "above the first table"),
        ("[sender]", 'secret_key = "x"\n[sender]', "newsletter.toml:4:1", "NEWSLETTER_SECRET_KEY"),
        ("[sender]", "[sender", "newsletter.toml:4:8", "Mend that line"),
        ("[sender]", "[sender]\n[sender]", "newsletter.toml:5", "twice"),
        ("email = ", "return_path = 'b+{id}@example.org'\nemail = ", "newsletter.toml:6:1", "bounces+{key}"),
    ],
)
def test_mistake_in_the_file_is_named_with_its_place(
    workspace: Workspace, old: str, new: str, place: str, says: str
) -> None:
    assert old in LEAST
    write(workspace, LEAST.replace(old, new, 1))
    found = [problem for problem in problems(workspace) if problem.startswith(place)]
    assert any(says in problem for problem in found), problems(workspace)
    assert "geheim" not in "".join(found)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"NEWSLETTER_SENDER__MAIL": "x@example.org"}, "NEWSLETTER_SENDER__EMAIL"),
        ({"NEWSLETTER_SENDR__EMAIL": "x@example.org"}, "NEWSLETTER_SENDER__EMAIL"),
        ({"NEWSLETTER_SENDER": "no json"}, "as JSON"),
        ({"NEWSLETTER_TIME_ZONE": "Mars"}, "Europe/Amsterdam"),
        ({"NEWSLETTER_PROVIDERS__SMTP": "x"}, "NEWSLETTER_PROVIDERS__SMTP__PASSWORD"),
        ({"NEWSLETTER_DATABASE__URL": "geheim"}, "sqlite:///var/newsletter.db"),
        ({"NEWSLETTER_DATABASE__URL": "postgresql://geheim:x/x"}, "sqlite:///var/newsletter.db"),
        ({"NEWSLETTER_DATABASE__URL": "postgresql://[::1/x"}, "sqlite:///var/newsletter.db"),
        ({"NEWSLETTER_DATABASE__URL": "postgresql://u:p@geheim@h/x"}, "%40"),
        ({"NEWSLETTER_DATABASE__URL": "sqlite:///x?timeout=abc"}, "question mark"),
        ({"NEWSLETTER_PROVIDERS__OUTBOX__FOLDR": "x"}, "NEWSLETTER_PROVIDERS__OUTBOX__FOLDER"),
        ({"NEWSLETTER_PROVIDERS__SMPT__PASSWORD": "x"}, "NEWSLETTER_PROVIDERS__SMTP__PASSWORD"),
        ({"NEWSLETTER_PROVIDERS": "{}"}, "NEWSLETTER_PROVIDERS__SMTP__PASSWORD"),
    ],
)
def test_mistake_in_the_environment_is_named_with_its_variable(
    workspace: Workspace, environ: dict[str, str], says: str
) -> None:
    found = problems(workspace, environ)
    assert any(says in problem for problem in found)
    assert all(next(iter(environ)) in problem for problem in found)
    assert "geheim" not in "".join(found)


def test_all_mistakes_are_named_together(workspace: Workspace) -> None:
    write(workspace, "naam = 1\n")
    found = problems(workspace)
    assert len(found) == 6
    for missing in ("name", "public_url", "sender.name", "sender.email", "sender.postal_address"):
        assert any(missing in problem for problem in found)


@pytest.mark.parametrize("content", [b"\xff\xfe", b'name = "caf\xe9"', b"\x00\x01"])
def test_file_of_another_kind_is_a_clear_error(workspace: Workspace, content: bytes) -> None:
    workspace.settings_file.write_bytes(content)
    assert "newsletter.toml" in problems(workspace)[0]


def test_providers_read_their_own_table_and_secrets(workspace: Workspace) -> None:
    write(workspace, f'{LEAST}\n[providers.smtp]\nhost = "smtp.example.org"\nusername = "smid"\nport = 2525\n')
    settings = load(workspace, {"NEWSLETTER_PROVIDERS__SMTP__PASSWORD": "geheim"})
    found = provider_settings(settings, workspace, "smtp")
    assert found.port == 2525  # type: ignore[attr-defined]
    assert "geheim" not in repr(found)
    assert "geheim" not in repr(settings)


def test_outbox_knows_where_readers_find_pictures(workspace: Workspace) -> None:
    write(workspace, f'{LEAST}\n[media]\nurl = "https://beeld.example.net/nieuws"\n')
    library = provider_settings(load(workspace, {}), workspace, "outbox").library  # type: ignore[attr-defined]
    assert library.media_url == "https://beeld.example.net/nieuws/"
    assert library.media == workspace.root / "var/media"


@pytest.mark.parametrize("provider", ["smtp", "outbox"])
def test_secret_in_the_file_is_refused_whether_its_provider_is_in_use_or_not(
    workspace: Workspace, provider: str
) -> None:
    table = '[providers.smtp]\nhost = "smtp.example.org"\nusername = "smid"\npassword = "geheim"\n'
    write(workspace, f'provider = "{provider}"\n{LEAST}\n{table}')
    (found,) = problems(workspace)
    assert "newsletter.toml:13:1, providers.smtp.password" in found
    assert "NEWSLETTER_PROVIDERS__SMTP__PASSWORD" in found
    assert "geheim" not in found


def test_file_of_certificates_with_an_impossible_name_is_named(workspace: Workspace) -> None:
    write(workspace, f'{LEAST}\n[providers.smtp]\nhost = "smtp.example.org"\nca_file = "{"a" * 300}"\n')
    with pytest.raises(SettingsError, match="there is no such file"):
        provider_settings(load(workspace, {}), workspace, "smtp")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:geheim@h/d",
        "postgresql://u:geheim/x@h/d",
        "postgresql://u:x#geheim@h/d",
        "postgresql://u:x?geheim@h/d",
        "postgresql://u:x@geheim@h/d",
        "postgresql://u:geheim@h:port/d",
        "postgresql://u@h/d?password=geheim",
        "postgresql://u@h/d?sslmode=require&PASSWORD=geheim",
        "postgresql://u:a@h/d?sslpassword=geheim&passfile=geheim",
    ],
)
def test_password_of_a_database_is_never_shown(url: str) -> None:
    shown = hide_password(url)
    assert "geheim" not in shown
    assert HIDDEN in shown
    assert shown.startswith("postgresql://")


@pytest.mark.parametrize(
    "text", ["sqlite:///var/newsletter.db", "postgresql://u@h/d?sslmode=require", "https://example.org/", "a: b@c?"]
)
def test_text_without_a_password_is_shown_as_it_is(text: str) -> None:
    assert hide_password(text) == text


def test_setting_of_a_provider_that_will_not_do_is_named(workspace: Workspace) -> None:
    write(workspace, f'{LEAST}\n[providers.smtp]\nhost = "https://smtp.example.org"\nport = 99999\ntls = "ssl"\n')
    with pytest.raises(Problems) as caught:
        provider_settings(load(workspace, {}), workspace, "smtp")
    said = str(caught.value)
    assert "newsletter.toml:10:1, providers.smtp.host" in said
    assert "newsletter.toml:11:1, providers.smtp.port" in said
    assert "'starttls', 'implicit' or 'none'" in said


@pytest.mark.parametrize("field", ["email", "reply_to", "return_path"])
def test_sender_has_no_letters_beyond_ascii_before_the_at_sign(workspace: Workspace, field: str) -> None:
    name = f"NEWSLETTER_SENDER__{field.upper()}"
    (said,) = problems(workspace, {name: "müller@example.org"})
    assert "letters beyond ASCII before the @" in said
    assert name in said
    assert getattr(load(workspace, {name: "info@münchen.example"}).sender, field) == "info@münchen.example"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("proxies", '["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"]', ("127.0.0.1/32", "10.0.0.0/8", "2001:db8::/32")),
        (
            "embedded_in",
            '["https://WWW.Example.org/", "http://localhost:8000"]',
            ("https://www.example.org", "http://localhost:8000"),
        ),
        ("embedded_in", '["https://bücher.example:443"]', ("https://xn--bcher-kva.example",)),
    ],
)
def test_proxies_and_sites_are_kept_as_requests_name_them(
    workspace: Workspace, name: str, value: str, expected: tuple[str, ...]
) -> None:
    assert getattr(load(workspace, {f"NEWSLETTER_WEB__{name.upper()}": value}).web, name) == expected


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("proxies", "10.0.0.1/8", "no address or network"),
        ("proxies", "proxy.example.org", "no address or network"),
        ("embedded_in", "www.example.org", "not the address of a whole web site"),
        ("embedded_in", "https://www.example.org/page", "not the address of a whole web site"),
        ("embedded_in", "https://me@www.example.org", "not the address of a whole web site"),
        ("embedded_in", "https://*.example.org", "is not a host name"),
        ("embedded_in", "https://a.example 'unsafe-inline'", "is not a host name"),
    ],
)
def test_a_proxy_or_site_that_is_none_is_said(workspace: Workspace, name: str, value: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        load(workspace, {f"NEWSLETTER_WEB__{name.upper()}": json.dumps([value])})
