"""Makes the mails: in the newsletter's look, with links that only who reads them has."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from babel.lists import format_list

from newsletter import media
from newsletter.dispatch.batch import Letter
from newsletter.dispatch.confirmation.waiting import Waiting
from newsletter.dispatch.confirmation.wording import ASKED, CONSENT, LAPSES, LINK, LISTS, Correspondence, write
from newsletter.dispatch.prepare import PREFERENCES
from newsletter.dispatch.readers import with_key
from newsletter.dispatch.surroundings import Surroundings
from newsletter.media import CACHE_FOLDER, Collected, Copies, Media, PictureCache, collect
from newsletter.message import Content, DeliveryKey, Mailbox, delivery_key, wire_address
from newsletter.providers.base import PersonalParts, SharedParts
from newsletter.render import (
    CONFIRMATION,
    SHARED,
    CompiledIssue,
    Letterhead,
    Masthead,
    Merger,
    PageCache,
    Reader,
    Template,
    compile_confirmation,
    format_moment,
    load_confirmation,
)
from newsletter.starter import shipped_templates
from newsletter.store import tables
from newsletter.subscribers import Definitions, Kind
from newsletter.tokens import Signer

CONFIRM: Final = "confirm"
"""What the tokens of links to confirm are good for."""
_KEY_PURPOSE: Final = "confirmation mail"
_OWN_FOLDER: Final = Path(__file__).with_name("template")
_subscriptions = tables.subscriptions


@dataclass(frozen=True, slots=True)
class ConfirmationMail:
    """One mail, merged when a provider asks for its bytes; see `newsletter.providers.base.Message`."""

    waiting: Waiting
    reader: Reader
    envelope_sender: str
    letter: Letter

    @property
    def key(self) -> DeliveryKey:
        """Its key."""
        return self.reader.key

    @property
    def recipient(self) -> Mailbox:
        """Whom it goes to."""
        return self.reader.mailbox

    def raw(self) -> bytes:
        """Merge the whole message."""
        return self.letter.merger.merge(self.reader)

    def merged(self) -> Content:
        """Merge the whole message, and tell what need not be looked for in it."""
        return self.letter.merger.content(self.reader)

    def parts(self) -> tuple[SharedParts, PersonalParts]:
        """Give the message as common parts and this reader's values."""
        return self.letter.parts(self.reader)


def key_of(signer: Signer, waiting: Waiting) -> DeliveryKey:
    """Derive the key of a mail: the same at every attempt, and of a form that no delivery's key has.

    It begins with a digit that the others do not know, so that what comes back about it is never taken for a report
    on an issue's delivery.
    """
    secret = signer.sign(_KEY_PURPOSE, b"").encode()
    return DeliveryKey("1" + delivery_key(secret, waiting.requested_at.isoformat(), waiting.number)[1:])


@dataclass
class Letters:
    """Makes mails, of which each kind is compiled once in a language.

    Args:
        surroundings: The workspace.
    """

    surroundings: Surroundings
    _template: Template | None = None
    _compiled: dict[tuple[Kind, str, bool], CompiledIssue] = field(default_factory=dict)

    def make(self, connection: sa.Connection, waiting: Waiting) -> ConfirmationMail | str:
        """Make the mail of a row, or say why there is nothing to mail.

        Raises:
            NewsletterError: The template, a translation or the logo is not in order.
        """
        settings, signer = self.surroundings.settings, self.surroundings.signer
        lists = self._lists(waiting)
        if waiting.kind is Kind.JOIN and not lists:
            return "none of the lists is there any more"
        if not waiting.is_current:
            return "the person has another address now"
        try:
            wire_address(waiting.address.address)
        except ValueError:
            return "the address cannot be written"
        language = self.language(waiting.language)
        values = {**self._moments(waiting, language), CONSENT: waiting.consent}
        values[LISTS] = format_list(lists, locale=self.template.translations(language).locale)
        values[LINK] = self._link(connection, waiting)
        key = key_of(signer, waiting)
        head = Letterhead(
            sender=Mailbox(settings.sender.email, settings.sender.name),
            reply_to=Mailbox(settings.sender.reply_to) if settings.sender.reply_to else None,
            date=waiting.requested_at,
            automatic=True,
        )
        compiled = self._compile(waiting.kind, language, has_consent=bool(waiting.consent.strip()))
        # No name stands beside the address: the one that is known is what somebody typed into a form.
        reader = Reader(Mailbox(waiting.address.address), key, {}, values)
        path = with_key(settings.sender.return_path or settings.sender.email, key)
        return ConfirmationMail(waiting, reader, path, Letter(Merger(compiled, head)))

    def language(self, asked: str) -> str:
        """Choose the language of a mail: the one asked for if there are words in it, or else the workspace's.

        Where the workspace speaks that language in a manner of its own, so does the mail.
        """
        spoken, own = self.template.manifest.languages, self.surroundings.settings.language
        for language in (own if _base(own) == asked else asked, own):
            if _base(language) in spoken:
                return language
        return "en"

    @property
    def template(self) -> Template:
        """The template: the workspace's own where it has one, then ours, with the workspace's shared parts behind."""
        if self._template is None:
            folders = self.surroundings.workspace.templates
            shipped = next(folder for folder in shipped_templates() if folder.name == SHARED)
            candidates = (folders / CONFIRMATION, _OWN_FOLDER, folders / SHARED, shipped)
            self._template = load_confirmation(tuple(folder for folder in candidates if folder.is_dir()))
        return self._template

    def _compile(self, kind: Kind, language: str, *, has_consent: bool) -> CompiledIssue:
        known = self._compiled.get((kind, language, has_consent))
        if known is None:
            settings, workspace = self.surroundings.settings, self.surroundings.workspace
            masthead = Masthead(
                name=settings.name,
                organisation=settings.sender.organisation or settings.name,
                postal_address=settings.sender.postal_address,
                url=settings.public_url,
                time_zone=settings.time_zone,
            )
            about = Correspondence(settings.name, settings.sender.reply_to or settings.sender.email)
            pages = PageCache(workspace.state / "cache" / "pages")
            cache = PictureCache(workspace.state / CACHE_FOLDER)
            logo = self._logo(cache)
            known = compile_confirmation(
                self.template,
                language,
                masthead,
                lambda words, slot: write(kind, about, words, slot, has_consent=has_consent),
                logo,
                pages,
            )
            if known.pictures:
                files = tuple(cache.picture_file(picture) for picture in sorted(known.pictures, key=repr))
                media.publish(Media(logo.base, files), self.surroundings.media_target())
            self._compiled[kind, language, has_consent] = known
        return known

    def _logo(self, cache: PictureCache) -> Collected:
        """Find the files of the theme's logo; nothing is fetched for them."""
        copies = Copies(cache.folder / "copies", timedelta(), frozenset())
        base = self.surroundings.settings.media_url
        return collect(self.template.logos.values(), cache, copies, base=base, paper=self.template.paper)

    def _lists(self, waiting: Waiting) -> Sequence[str]:
        if waiting.kind is not Kind.JOIN:
            return ()
        definitions = self.surroundings.definitions
        language = self.language(waiting.language)
        # The values in it are not looked at: what cannot be kept any more is for whoever confirms, not for the mail.
        names: list[str] = json.loads(waiting.wish)["lists"]
        return [definitions.lists[name].name.said(language) for name in names if name in definitions.lists]

    def _moments(self, waiting: Waiting, language: str) -> dict[str, str]:
        words, zone = self.template.translations(language), self.surroundings.settings.time_zone
        moments = {ASKED: waiting.requested_at, LAPSES: waiting.expires_at}
        return {name: format_moment(moment, words, zone) for name, moment in moments.items()}

    def _link(self, connection: sa.Connection, waiting: Waiting) -> str:
        """Make the link of a mail; one that only tells something has none."""
        public_url, signer = self.surroundings.settings.public_url, self.surroundings.signer
        if waiting.kind in (Kind.JOIN, Kind.ADDRESS):
            return f"{public_url}confirm/{signer.sign(CONFIRM, str(waiting.number).encode())}"
        if waiting.kind is Kind.LINK and waiting.subscriber is not None:
            list_id = main_list(connection, waiting.subscriber, self.surroundings.definitions)
            payload = f"{waiting.subscriber}:{list_id}".encode()
            return f"{public_url}preferences/{signer.sign(PREFERENCES, payload)}"
        return ""


def main_list(connection: sa.Connection, subscriber: int, definitions: Definitions) -> str:
    """Name the list that a person's own page is reached from: the first that they are on, or were; none is "".

    The page is the person's and shows all of their lists; the list in a token tells no more than where they came from.
    """
    chosen = sa.select(_subscriptions.c.list, _subscriptions.c.status)
    rows = connection.execute(chosen.where(_subscriptions.c.subscriber_id == subscriber)).all()
    status = {row.list: row.status for row in rows}
    present = [name for name in definitions.lists if status.get(name) == "subscribed"]
    return next(iter([*present, *(name for name in definitions.lists if name in status)]), "")


def _base(language: str) -> str:
    return language.partition("-")[0]
