"""Exports of other programs: known by their headers, imported without a question, and nobody else brought in."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from newsletter.store import Database, tables
from newsletter.subscribers import (
    Act,
    Definitions,
    Fate,
    Method,
    Target,
    find_parts,
    history,
    map_parts,
    parse_address,
    show,
    suppression,
)
from newsletter.subscribers.networks import Policy
from newsletter.subscribers.people import find
from newsletter.tokens import Signer
from support.importing import import_file, write_archive, write_workbook

MAILCHIMP = (
    "Email Address,First Name,Last Name,Company,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,"
    "LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,{more}LEID,EUID,NOTES,TAGS\n"
)
LAST_CHANGED = "LAST_CHANGED,"
UNSUBSCRIBED = "UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,"
CLEANED = "CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,"


def mailchimp(name: str, more: str, cells: str) -> str:
    head = f"{name}@example.org,{name.title()},de Vries,,2,2018-02-05 19:28:22,192.0.2.7,2018-02-05 19:30:00,"
    return MAILCHIMP.format(more=more) + f'{head}192.0.2.7,,,,,,NL,NH,{cells}1,ab,,"""Leden"",""Raad, de"""\n'


@pytest.fixture
def target(definitions: Definitions, signer: Signer, now: datetime) -> Target:
    return Target("leden", "import export.csv", now, definitions, signer.address_hashes, "opt-in", "a.jansen")


def products(path: Path, definitions: Definitions) -> set[str]:
    parts = map_parts(find_parts(path), {}, definitions)
    assert not [header for part in parts for header in part.columns.doubtful]
    return {part.columns.product for part in parts}


def standing_of(database: Database, name: str, target: Target) -> tuple[str | None, str | None]:
    address = parse_address(f"{name}@example.org")
    with database.reading() as connection:
        suppressed = suppression(connection, target.hashes(address.key))
        if find(connection, address) is None:
            return None, suppressed
        profile = show(connection, address, target.definitions, target.hashes)
    return (profile.subscriptions[0].status if profile.subscriptions else None), suppressed


def tags_of(database: Database) -> set[str]:
    with database.reading() as connection:
        return set(connection.scalars(sa.select(tables.subscriber_tags.c.tag)))


def test_archive_of_mailchimp_is_one_import(database: Database, target: Target, tmp_path: Path) -> None:
    path = tmp_path / "audience.zip"
    members = {
        "subscribed_email_audience_export_1.csv": mailchimp("anna", LAST_CHANGED, "2024-01-01 00:00:00,"),
        "unsubscribed_email_audience_export_1.csv": mailchimp("bram", UNSUBSCRIBED, "2019-01-01 00:00:00,,,,,"),
        "cleaned_email_audience_export_1.csv": mailchimp("cor", CLEANED, "2019-01-01 00:00:00,,,"),
        "nonsubscribed_email_audience_export_1.csv": mailchimp("dirk", LAST_CHANGED, "2024-01-01 00:00:00,"),
        "campaigns.csv": "Title,Subject\nMaart,Nieuws\n",
        "__MACOSX/._x.csv": "rubbish",
    }
    write_archive(path, members)
    assert products(path, target.definitions) == {"Mailchimp"}
    assert find_parts(path).passed_over == ["campaigns.csv"]
    result = import_file(database, path, target)
    assert result.counts == {Fate.ADDED: 1, Fate.LEFT: 2, Fate.UNCONFIRMED: 1}
    assert standing_of(database, "anna", target) == ("subscribed", None)
    assert standing_of(database, "bram", target) == ("unsubscribed", None)
    assert standing_of(database, "cor", target) == ("unsubscribed", "bounced")
    assert standing_of(database, "dirk", target) == (None, None)
    assert tags_of(database) == {"Leden", "Raad, de"}
    again = import_file(database, path, target)
    assert again.written == 0


def test_what_a_file_tells_of_consent_is_kept_as_evidence(database: Database, target: Target, tmp_path: Path) -> None:
    path = tmp_path / "subscribed_members_export.csv"
    path.write_text(mailchimp("anna", LAST_CHANGED, "2024-01-01 00:00:00,"), encoding="utf-8")
    import_file(database, path, target)
    with database.reading() as connection:
        (consent,) = history(connection, find(connection, parse_address("anna@example.org")) or 0)
    assert consent.act is Act.IMPORTED
    assert consent.method is Method.IMPORT
    assert (consent.list, consent.basis, consent.source, consent.by) == (
        "leden",
        "opt-in",
        "import export.csv",
        "a.jansen",
    )
    assert consent.requested_at == datetime(2018, 2, 5, 19, 28, 22, tzinfo=UTC)
    assert consent.detail == "confirmed at 2018-02-05 19:30:00 UTC"
    assert consent.network is None


@pytest.mark.parametrize(
    ("policy", "address", "kept"),
    [
        ("full", "192.0.2.7", "192.0.2.7"),
        ("shortened", "192.0.2.7", "192.0.2.0/24"),
        ("shortened", "2001:db8:1:2::3", "2001:db8:1::/48"),
        ("full", "onbekend", None),
        ("none", "192.0.2.7", None),
    ],
)
def test_network_is_kept_as_the_policy_says(
    database: Database, target: Target, tmp_path: Path, policy: Policy, address: str, kept: str | None
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(
        "email;ip-adres;aanmelddatum;bron\na@example.org;IP;gisteren;beurs\n".replace("IP", address), encoding="utf-8"
    )
    import_file(database, path, replace(target, networks=policy))
    with database.reading() as connection:
        (consent,) = history(connection, find(connection, parse_address("a@example.org")) or 0)
    assert consent.network == kept
    assert consent.requested_at is None
    assert consent.detail == "signed up: gisteren; beurs"


@pytest.mark.parametrize(
    ("product", "content", "counts", "standing"),
    [
        (
            "listmonk",
            "uuid,email,name,attributes,status,created_at,updated_at\n"
            '1,a@example.org,Anna de Vries,"{""region"": ""noord"", ""x"": [1]}",enabled,'
            "2023-01-02 15:04:05.999 +0000 UTC,2023-01-02 15:04:05.999 +0000 UTC\n"
            "2,b@example.org,,{},blocklisted,2023-01-02 15:04:05 +0000 UTC,\n"
            "3,c@example.org,,{},disabled,2023-01-02 15:04:05 +0000 UTC,\n"
            "4,d@example.org,,{},unconfirmed,2023-01-02 15:04:05 +0000 UTC,\n",
            {Fate.ADDED: 1, Fate.LEFT: 2, Fate.UNCONFIRMED: 1},
            ("unsubscribed", "suppressed"),
        ),
        (
            "MailPoet",
            "Email,First name,Last name,Subscription IP,Subscription time,Confirmation time,Confirmation IP,"
            "List status,Global status,List\n"
            "a@example.org,Anna,,192.0.2.1,2023-05-01 10:00:00,2023-05-01 10:05:00,,subscribed,subscribed,Nieuwsbrief\n"
            "b@example.org,Bram,,,2023-05-01 10:00:00,,,subscribed,bounced,Nieuwsbrief\n"
            "c@example.org,Cor,,,2023-05-01 10:00:00,,,unsubscribed,subscribed,Nieuwsbrief\n"
            "d@example.org,Dirk,,,2023-05-01 10:00:00,,,subscribed,unconfirmed,Nieuwsbrief\n",
            {Fate.ADDED: 1, Fate.LEFT: 2, Fate.UNCONFIRMED: 1},
            ("unsubscribed", "bounced"),
        ),
        (
            "Substack",
            "email,active_subscription,expiry,email_disabled,prefer_digests,created_at\n"
            "a@example.org,false,,false,false,2018-08-27T15:06:27.713Z\n"
            "b@example.org,true,2021-07-06T16:20:44.000Z,true,false,2018-08-27T15:06:27.713Z\n",
            {Fate.ADDED: 1, Fate.LEFT: 1},
            ("unsubscribed", None),
        ),
        (
            "Laposta",
            "E-mailadres;Voornaam;Tussenvoegsel;Achternaam;Status;Aanmelddatum;Bevestigd op;IP-adres;Bron-URL\n"
            "a@example.org;Anna;de;Vries;actief;5-2-2018 19:28;5-2-2018 19:30;192.0.2.1;https://example.org/aanmelden\n"
            "b@example.org;Bram;;;opgeschoond;5-2-2018 19:28;;;\n"
            "c@example.org;Cor;;;uitgeschreven;5-2-2018 19:28;;;\n"
            "d@example.org;Dirk;;;onbevestigd;5-2-2018 19:28;;;\n",
            {Fate.ADDED: 1, Fate.LEFT: 2, Fate.UNCONFIRMED: 1},
            ("unsubscribed", "bounced"),
        ),
        (
            "Laposta",
            "member_id,list_id,email,state,signup_date,modified_date,ip,source_url\n"
            "1,2,a@example.org,active,2018-02-05 19:28:22,,192.0.2.1,https://example.org/\n"
            "2,2,b@example.org,cleaned,2018-02-05 19:28:22,,,\n",
            {Fate.ADDED: 1, Fate.LEFT: 1},
            ("unsubscribed", "bounced"),
        ),
        (
            "Ghost",
            "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels\n"
            '1,a@example.org,Anna,,true,false,,2023-05-01T10:00:00.000Z,,"Leden,Raad"\n'
            "2,b@example.org,Bram,,false,false,,2023-05-01T10:00:00.000Z,,\n",
            {Fate.ADDED: 1, Fate.LEFT: 1},
            ("unsubscribed", None),
        ),
        (
            "",
            "Naam;E-mail;Ingeschreven op;Regio\nAnna de Vries;a@example.org;1-3-2020;Noord\n",
            {Fate.ADDED: 1},
            (None, None),
        ),
    ],
)
def test_export_is_known_and_imported_without_a_question(
    database: Database,
    target: Target,
    tmp_path: Path,
    product: str,
    content: str,
    counts: dict[Fate, int],
    standing: tuple[str | None, str | None],
) -> None:
    path = tmp_path / "export.csv"
    path.write_text(content, encoding="utf-8")
    assert products(path, target.definitions) == {product}
    assert import_file(database, path, target).counts == counts
    assert standing_of(database, "a", target) == ("subscribed", None)
    assert standing_of(database, "b", target) == standing
    assert standing_of(database, "d", target) == (None, None)
    with database.reading() as connection:
        consent = history(connection, find(connection, parse_address("a@example.org")) or 0)[0]
    assert consent.requested_at is not None


def test_attributes_in_json_are_taken_out_where_they_are_declared(
    database: Database, target: Target, tmp_path: Path
) -> None:
    path = tmp_path / "export.csv"
    path.write_text(
        "uuid,email,name,attributes,status,created_at,updated_at\n"
        '1,a@example.org,Anna,"{""region"": ""noord"", ""schoenmaat"": 42}",enabled,2023-01-02,\n'
        "2,b@example.org,Bram,{broken,enabled,2023-01-02,\n",
        encoding="utf-8",
    )
    assert import_file(database, path, target).counts == {Fate.ADDED: 2}
    with database.reading() as connection:
        profile = show(connection, parse_address("a@example.org"), target.definitions, target.hashes)
    assert profile.values["region"] == "Noord"


def test_region_of_mailchimp_is_not_taken_for_an_attribute_of_that_name(
    database: Database, target: Target, tmp_path: Path
) -> None:
    path = tmp_path / "export.csv"
    path.write_text(mailchimp("anna", LAST_CHANGED, "2024-01-01 00:00:00,"), encoding="utf-8")
    assert "region" in target.definitions.attributes
    assert import_file(database, path, target).counts == {Fate.ADDED: 1}


def test_workbook_of_mailpoet_with_a_sheet_for_each_list_is_one_import(
    database: Database, target: Target, tmp_path: Path
) -> None:
    header = ["Email", "Subscription time", "List status", "Global status", "List"]
    rows = {
        "Leden": [header, ["a@example.org", "2023-05-01 10:00:00", "subscribed", "subscribed", "Leden"]],
        "Raad": [header, ["a@example.org", "2023-05-01 10:00:00", "subscribed", "unsubscribed", "Raad"]],
    }
    write_workbook(tmp_path / "export.xlsx", rows)
    result = import_file(database, tmp_path / "export.xlsx", target)
    assert result.counts == {Fate.LEFT: 1, Fate.REPEATED: 1}
    assert standing_of(database, "a", target) == ("unsubscribed", None)


@pytest.mark.corpora
@pytest.mark.parametrize(
    ("pattern", "product", "left"),
    [
        ("mg-mailchimp-members/src/test/fixtures/subscribed.csv", "Mailchimp", 0),
        ("mg-mailchimp-members/src/test/fixtures/unsubscribed.csv", "Mailchimp", 5),
        ("mg-mailchimp-members/src/test/fixtures/cleaned.csv", "Mailchimp", 5),
        ("mg-substack-members-csv/test/fixtures/fixtures_signup_emails.csv", "Substack", 2),
        ("mg-substack-members-csv/test/fixtures/fixtures_subscriber_emails.csv", "Substack", 2),
        ("mg-beehiiv-members/src/test/fixtures/members.csv", "", 3),
    ],
)
def test_real_exports_are_known(
    corpora: Path, database: Database, target: Target, pattern: str, product: str, left: int
) -> None:
    path = corpora / "ghost-migrate/packages" / pattern
    assert products(path, target.definitions) == {product}
    counts = import_file(database, path, target).counts
    assert counts[Fate.LEFT] == left
    assert counts[Fate.BAD] == 0
