"""What the doctor makes of the records of a domain."""

import base64
from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from newsletter.doctor.base import Observation, Outcome
from newsletter.providers.smtp.keys import make_key_file
from newsletter.workspace import Workspace
from support.dns_server import text
from support.surroundings import examine, outcomes, says

OK, WARNING, PROBLEM, UNKNOWN = Outcome.OK, Outcome.WARNING, Outcome.PROBLEM, Outcome.UNKNOWN


def rsa_record(bits: int, more: str = "") -> str:
    public = rsa.generate_private_key(65537, bits).public_key()
    octets = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    record = f"v=DKIM1; k=rsa; {more}p={base64.b64encode(octets).decode()}"
    return text(record[:200], record[200:])


def ed25519_record() -> str:
    octets = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return text(f"v=DKIM1; k=ed25519; p={base64.b64encode(octets).decode()}")


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("a@gmail.com", PROBLEM),
        ("a@yahoo.co.uk", PROBLEM),
        ("a@ziggo.nl", PROBLEM),
        ("a@nieuws.example.org", PROBLEM),
        ("a@ours.nl", OK),
        ("a@gmail.com.ours.nl", OK),
    ],
)
def test_sender_has_a_domain_of_its_own(workspace: Workspace, email: str, expected: Outcome) -> None:
    assert outcomes(examine("sender-domain", workspace, settings={"NEWSLETTER_SENDER__EMAIL": email})) == [expected]


def test_spf_that_lets_our_server_send_is_well(workspace: Workspace) -> None:
    records = {("ours.nl", "TXT"): [text("v=spf1 ip4:9.9.9.9 -all")]}
    assert set(outcomes(examine("spf", workspace, records, sent_from=("9.9.9.9",)))) == {OK}


def test_spf_that_does_not_let_our_server_send_says_what_to_add(workspace: Workspace) -> None:
    records = {("ours.nl", "TXT"): [text("v=spf1 ip4:9.9.9.9 -all")]}
    found = examine("spf", workspace, records, sent_from=("2620:fe::fe",))
    assert says(found, PROBLEM, "does not let 2620:fe::fe send (fail)")
    assert any("Add ip6:2620:fe::fe" in one.remedy for one in found)


@pytest.mark.parametrize(
    ("texts", "outcome", "words"),
    [
        ([], PROBLEM, "has no SPF record"),
        (["v=spf1 -all", "v=spf1 ~all"], PROBLEM, "2 SPF records"),
        (["v=spf1 +all"], PROBLEM, "lets everybody send"),
        (["v=spf1 ip4:9.9.9.9"], WARNING, "says nothing of strangers"),
        (["v=spf1 " + "a " * 9 + "-all"], WARNING, "nearly too long"),
        (["v=spf1 " + "a " * 11 + "-all"], PROBLEM, "more than 10 questions"),
        (["v=spf1 ptr -all"], WARNING, '"ptr"'),
        (["v=spf1 -all"], UNKNOWN, "which addresses your mail leaves from"),
    ],
)
def test_spf_record_is_judged(workspace: Workspace, texts: Sequence[str], outcome: Outcome, words: str) -> None:
    records = {("ours.nl", "TXT"): [text(one) for one in texts], ("ours.nl", "A"): ["9.9.9.9"]}
    assert says(examine("spf", workspace, records), outcome, words)


def test_spf_with_a_macro_leaves_our_server_unknown(workspace: Workspace) -> None:
    records = {("ours.nl", "TXT"): [text("v=spf1 exists:%{i}.list.ours.nl -all")]}
    assert says(examine("spf", workspace, records, sent_from=("9.9.9.9",)), UNKNOWN, "holds a macro")


def test_spf_of_another_return_path_does_not_count_for_the_sender(workspace: Workspace) -> None:
    records = {("mailer.example", "TXT"): [text("v=spf1 -all")]}
    settings = {"NEWSLETTER_SENDER__RETURN_PATH": "bounces+{key}@mailer.example"}
    assert says(examine("spf", workspace, records, settings=settings), WARNING, "rests on DKIM alone")
    below = {
        ("bounces.ours.nl", "TXT"): [text("v=spf1 -all")],
        ("_dmarc.ours.nl", "TXT"): [text("v=DMARC1; p=reject")],
    }
    settings = {"NEWSLETTER_SENDER__RETURN_PATH": "bounces+{key}@bounces.ours.nl"}
    assert WARNING not in outcomes(examine("spf", workspace, below, settings=settings))


def test_dkim_key_of_good_length_is_well(workspace: Workspace) -> None:
    records = {("s1._domainkey.ours.nl", "TXT"): [rsa_record(2048)]}
    assert outcomes(examine("dkim", workspace, records, selectors=("s1",))) == [OK]


@pytest.mark.parametrize(
    ("found", "outcome", "words"),
    [
        ([], PROBLEM, "no DKIM key at s1._domainkey.ours.nl"),
        ([text("v=DKIM1; p=")], PROBLEM, "withdrawn"),
        ([rsa_record(1024)], WARNING, "1024 bits"),
        ([rsa_record(2048, "t=y; ")], WARNING, "marked as a test"),
        ([rsa_record(2048, "h=sha1; ")], PROBLEM, "forbids SHA-256"),
        ([rsa_record(2048), rsa_record(2048)], WARNING, "2 records"),
        ([ed25519_record()], WARNING, "no RSA key"),
    ],
)
def test_dkim_key_is_judged(workspace: Workspace, found: Sequence[str], outcome: Outcome, words: str) -> None:
    records = {("s1._domainkey.ours.nl", "TXT"): found}
    assert says(examine("dkim", workspace, records, selectors=("s1",)), outcome, words)


def test_dkim_keys_are_those_that_the_provider_always_uses(workspace: Workspace) -> None:
    settings = {"NEWSLETTER_PROVIDER": "sendgrid", "NEWSLETTER_PROVIDERS__SENDGRID__API_KEY": "SG.x"}
    records = {("s1._domainkey.ours.nl", "TXT"): [rsa_record(2048)]}
    found = examine("dkim", workspace, records, settings=settings)
    assert outcomes(found) == [OK, PROBLEM]
    assert says(found, PROBLEM, "s2._domainkey.ours.nl")


def test_dkim_keys_of_our_own_are_held_against_the_dns(workspace: Workspace) -> None:
    key = make_key_file(workspace.state / "dkim/ours.pem", "ours.nl", "ours", "rsa")
    settings = {
        "NEWSLETTER_PROVIDER": "smtp",
        "NEWSLETTER_PROVIDERS__SMTP__HOST": "localhost",
        "NEWSLETTER_PROVIDERS__SMTP__DKIM": '{"ours": "var/dkim/ours.pem"}',
    }

    def found(*records: str) -> Sequence[Observation]:
        return examine("dkim", workspace, {("ours._domainkey.ours.nl", "TXT"): list(records)}, settings=settings)

    record = key.record()
    assert outcomes(found(text(record[:200], record[200:]))) == [OK]
    assert says(found(rsa_record(2048)), PROBLEM, "not the other half")
    assert says(found(), PROBLEM, "there is no DKIM key")


def test_dkim_key_is_found_by_a_received_message(workspace: Workspace) -> None:
    message = b"DKIM-Signature: v=1; a=rsa-sha256; d=mail.ours.nl; s=x9; h=from; bh=YQ==; b=YQ==\nFrom: a@ours.nl\n\n"
    records = {("x9._domainkey.mail.ours.nl", "TXT"): [rsa_record(2048)]}
    assert outcomes(examine("dkim", workspace, records, received=message)) == [OK]


def test_dkim_without_a_name_is_unknown(workspace: Workspace) -> None:
    assert outcomes(examine("dkim", workspace)) == [UNKNOWN]


def test_dmarc_that_asks_for_something_and_reports_is_well(workspace: Workspace) -> None:
    records = {("_dmarc.ours.nl", "TXT"): [text("v=DMARC1; p=quarantine; rua=mailto:dmarc@reports.ours.nl")]}
    assert outcomes(examine("dmarc", workspace, records)) == [OK]


@pytest.mark.parametrize(
    ("record", "outcome", "words"),
    [
        ("", PROBLEM, "no DMARC policy"),
        ("v=DMARC1; p=x", PROBLEM, "is wrong"),
        ("v=DMARC1; p=none; rua=mailto:a@ours.nl", WARNING, "lets everything through"),
        ("v=DMARC1; p=reject", WARNING, "nobody gets reports"),
        ("v=DMARC1; p=reject; t=y; rua=mailto:a@ours.nl", WARNING, "marked as a test"),
        ("v=DMARC1; p=reject; pct=50; rua=mailto:a@ours.nl", WARNING, "pct"),
        ("v=DMARC1; p=reject; rua=https://ours.nl/", WARNING, "no mail address"),
        ("v=DMARC1; p=reject; rua=mailto:a@silent.example", WARNING, "will not arrive"),
    ],
)
def test_dmarc_policy_is_judged(workspace: Workspace, record: str, outcome: Outcome, words: str) -> None:
    records = {("_dmarc.ours.nl", "TXT"): [text(record)]} if record else {}
    assert says(examine("dmarc", workspace, records), outcome, words)


def test_reports_to_another_organisation_arrive_where_it_agrees(workspace: Workspace) -> None:
    records = {
        ("_dmarc.ours.nl", "TXT"): [text("v=DMARC1; p=reject; rua=mailto:a@reports.example!10m")],
        ("ours.nl._report._dmarc.reports.example", "TXT"): [text("v=DMARC1")],
    }
    assert outcomes(examine("dmarc", workspace, records)) == [OK]


def test_mail_servers_of_all_our_domains_are_looked_up(workspace: Workspace) -> None:
    records = {("ours.nl", "MX"): ["10 mx.ours.nl."], ("mx.ours.nl", "A"): ["9.9.9.9"]}
    settings = {"NEWSLETTER_SENDER__REPLY_TO": "desk@answers.nl"}
    found = examine("mx", workspace, records, settings=settings)
    assert says(found, OK, "ours.nl takes mail at mx.ours.nl")
    assert says(found, PROBLEM, "answers.nl takes no mail")


@pytest.mark.parametrize(
    ("servers", "outcome", "words"),
    [
        (["0 ."], PROBLEM, "says that it takes no mail"),
        (["10 gone.ours.nl."], PROBLEM, "no mail server of ours.nl has an address"),
        (["10 gone.ours.nl.", "20 mx.ours.nl."], WARNING, "gone.ours.nl"),
        ([], WARNING, "names no mail server"),
    ],
)
def test_mail_servers_are_judged(workspace: Workspace, servers: Sequence[str], outcome: Outcome, words: str) -> None:
    records = {("ours.nl", "MX"): servers, ("mx.ours.nl", "A"): ["9.9.9.9"], ("ours.nl", "A"): ["9.9.9.9"]}
    assert says(examine("mx", workspace, records), outcome, words)


@pytest.mark.parametrize(
    ("names", "outcome", "words"),
    [
        (["out.ours.nl."], OK, "leads back to it"),
        (["other.ours.nl."], PROBLEM, "does not lead back"),
        ([], PROBLEM, "has no name"),
    ],
)
def test_address_has_a_name_that_leads_back(
    workspace: Workspace, names: Sequence[str], outcome: Outcome, words: str
) -> None:
    records = {("9.9.9.9.in-addr.arpa", "PTR"): names, ("out.ours.nl", "A"): ["9.9.9.9"]}
    assert says(examine("reverse-name", workspace, records, sent_from=("9.9.9.9",)), outcome, words)


def test_address_of_our_own_network_says_nothing(workspace: Workspace) -> None:
    assert outcomes(examine("reverse-name", workspace, sent_from=("10.0.0.1",))) == [UNKNOWN]


@pytest.mark.parametrize(("check", "name"), [("spf", "ours.nl"), ("dmarc", "_dmarc.ours.nl"), ("mx", "ours.nl")])
def test_dns_that_does_not_answer_is_no_problem_of_ours(workspace: Workspace, check: str, name: str) -> None:
    found = examine(check, workspace, broken=[name])
    assert outcomes(found) == [UNKNOWN]
    assert "does not answer" in found[0].message
