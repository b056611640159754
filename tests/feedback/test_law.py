"""Whatever happens in whatever order: who left or complained is in no audience until they themselves join again."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.audience import Selection, selected
from newsletter.errors import NewsletterError
from newsletter.feedback.ingest import Policy, take
from newsletter.feedback.policy import Rules
from newsletter.message import DeliveryKey
from newsletter.providers.base.feedback import EventKind, Fault, FeedbackEvent
from newsletter.settings import PrivacySettings
from newsletter.store import Database, tables
from newsletter.subscribers import (
    Answer,
    Asking,
    Choices,
    Definitions,
    Edit,
    ListChoice,
    ListDefinition,
    Method,
    Target,
    Texts,
    Wish,
    add,
    ask_new_address,
    ask_to_join,
    confirm,
    edit_people,
    erase,
    find,
    forget_due,
    import_people,
    last_change,
    leave,
    merge,
    parse_address,
    remove,
    save_preferences,
    take_back,
    undo,
)
from newsletter.subscribers.importing.rows import Person
from newsletter.subscribers.importing.standing import Standing
from newsletter.subscribers.importing.tabular import Row
from newsletter.tokens import Signer

NOW = datetime(2024, 2, 20, 8, 30, tzinfo=UTC)
JAN = parse_address("jan@example.org")
ELSEWHERE = parse_address("j.devries@example.net")
LISTS = ("leden", "pers")
POLICY = Policy(Rules(limit=1, half_life=timedelta(days=90)), complaints=1)

lists = st.sampled_from(LISTS)
acts = st.one_of(
    st.tuples(st.sampled_from(["ask", "confirm", "leave", "take back", "prefer", "forsake"]), lists),
    st.tuples(st.sampled_from(["add", "import", "import as left", "staff unsubscribe", "undo"]), lists),
    st.tuples(st.sampled_from(["complain", "bounce", "ask by mail", "fail", "deliver", "late complaint"]), lists),
    st.tuples(st.sampled_from(["erase", "wait", "remove", "move", "merge", "forget in time"]), lists),
)


@dataclass
class World:
    """One person, two lists, and what must hold of them.

    Attributes:
        barred: The lists that they have left or complained about, and not joined again.
    """

    database: Database
    definitions: Definitions
    signer: Signer
    now: datetime = NOW
    barred: set[str] = field(default_factory=set)
    pending: dict[int, str] = field(default_factory=dict)
    left: dict[str, datetime] = field(default_factory=dict)
    joined: dict[str, datetime] = field(default_factory=dict)
    keys: dict[str, DeliveryKey] = field(default_factory=dict)

    def empty(self) -> None:
        with self.database.writing() as connection:
            for table in (
                tables.feedback_events,
                tables.suppressions,
                tables.deliveries,
                tables.confirmations,
                tables.departures,
            ):
                connection.execute(sa.delete(table))
            connection.execute(sa.delete(tables.former_people))
            for table in (tables.subscribers, tables.changes, tables.dispatches, tables.compiled_issues):
                connection.execute(sa.delete(table))

    def act(self, act: str, name: str) -> None:
        self.now += timedelta(minutes=7)
        getattr(self, "_" + act.replace(" ", "_"))(name)

    def may_be_mailed(self, name: str) -> bool:
        with self.database.reading() as connection:
            rows = connection.execute(selected(Selection(name), self.definitions, self.now)).all()
        return any(row.exclusion is None for row in rows)

    def _number(self) -> int | None:
        with self.database.reading() as connection:
            return find(connection, JAN)

    def _free(self, name: str) -> None:
        self.barred.discard(name)
        self.left.pop(name, None)
        self.joined[name] = self.now

    def _ask(self, name: str) -> None:
        asking = Asking(self.now, "nl", "het formulier", text="Ja.")
        with self.database.writing() as connection:
            before = connection.scalar(sa.select(sa.func.max(tables.confirmations.c.id))) or 0
            ask_to_join(connection, JAN, Wish((name,)), asking, self.definitions, self.signer.address_hashes)
            new = connection.scalar(sa.select(sa.func.max(tables.confirmations.c.id))) or 0
        if new > before:
            self.pending[new] = name

    def _confirm(self, _: str) -> None:
        for number, name in list(self.pending.items()):
            with self.database.writing() as connection:
                answer, _who = confirm(connection, number, self.definitions, self.signer.address_hashes, self.now)
            if answer is Answer.DONE:
                self._free(name)
                assert self.may_be_mailed(name), "who confirms is on the list"

    def _leave(self, name: str) -> None:
        if (number := self._number()) is not None:
            with self.database.writing() as connection:
                if leave(connection, number, name, Method.ONE_CLICK, self.now):
                    self.left[name] = self.now
            self.barred.add(name)

    def _take_back(self, name: str) -> None:
        if (number := self._number()) is not None:
            with self.database.writing() as connection:
                was_taken_back = take_back(connection, number, name, self.now)
            if was_taken_back and name in self.left:
                self._free(name)

    def _prefer(self, name: str) -> None:
        self._choose(name, subscribed=True)

    def _forsake(self, name: str) -> None:
        self._choose(name, subscribed=False)

    def _choose(self, name: str, *, subscribed: bool) -> None:
        if (number := self._number()) is None:
            return
        choices = Choices(lists={name: ListChoice(subscribed)})
        asking = Asking(self.now, "nl", "de eigen pagina")
        with self.database.writing() as connection:
            row = connection.scalar(
                sa.select(tables.subscriptions.c.status).where(
                    tables.subscriptions.c.subscriber_id == number, tables.subscriptions.c.list == name
                )
            )
            save_preferences(connection, number, choices, asking, self.definitions, self.signer.address_hashes)
        if subscribed and row != "subscribed":
            self._free(name)
        elif not subscribed and row == "subscribed":
            self.barred.add(name)

    def _add(self, name: str) -> None:
        try:
            with self.database.writing() as connection:
                add(connection, JAN, name, {}, self.definitions, source="staff", now=self.now, hashes=self._hashes)
        except NewsletterError:
            pass

    @property
    def _hashes(self) -> object:
        return self.signer.address_hashes

    def _import(self, name: str, *, has_left: bool = False) -> None:
        target = Target(name, "lijst.csv", self.now, self.definitions, self.signer.address_hashes)
        person = Person(Row(1, 1, ("jan@example.org",)), JAN, {}, Standing.LEFT if has_left else Standing.SUBSCRIBED)
        import_people(self.database, [person], target)

    def _import_as_left(self, name: str) -> None:
        self._import(name, has_left=True)
        self.barred.add(name)

    def _staff_unsubscribe(self, name: str) -> None:
        if (number := self._number()) is not None:
            edit_people(self.database, [number], Edit(leave=name), self.definitions, by="staff", now=self.now)

    def _undo(self, _: str) -> None:
        try:
            with self.database.reading() as connection:
                change = last_change(connection)
        except NewsletterError:
            return
        undo(self.database, change, self.definitions, by="staff", now=self.now)

    def _report(self, name: str, kind: EventKind, fault: Fault | None = None, ago: timedelta = timedelta()) -> bool:
        """Report something about a message to the person, if there is one on the list."""
        number = self._number()
        if number is not None:
            key = self.keys[name] = DeliveryKey(f"{number}{name}".ljust(26, "a"))
            with self.database.writing() as connection:
                self._deliver_to(connection, name, number, key)
        elif name in self.keys:
            key = self.keys[name]  # they are not kept any more, and still have a message of ours
        else:
            return False
        take(self.database, [FeedbackEvent(kind, "mail", self.now - ago, key, fault=fault)], POLICY, self.now)
        return True

    def _deliver_to(self, connection: sa.Connection, name: str, number: int, key: DeliveryKey) -> None:
        if connection.scalar(sa.select(tables.deliveries.c.key).where(tables.deliveries.c.key == key)):
            return
        identifier = f"{name}{number}"[:16]
        connection.execute(
            sa.insert(tables.compiled_issues).values(content_hash=identifier, payload=b"", created_at=NOW)
        )
        connection.execute(
            sa.insert(tables.dispatches).values(
                id=identifier, issue=identifier, list=name, provider="smtp", content_hash=identifier, letterhead="{}",
                secret=b"x" * 32, state="finished", selected=1, created_at=NOW, finished_at=NOW,
            )
        )  # fmt: skip
        row = {"dispatch_id": identifier, "subscriber_id": number, "state": "accepted", "changed_at": NOW, "key": key}
        connection.execute(sa.insert(tables.deliveries).values(row))

    def _complain(self, name: str) -> None:
        if self._report(name, EventKind.COMPLAINED):
            self.barred |= set(LISTS)

    def _late_complaint(self, name: str) -> None:
        """One that happened an hour ago: what was joined by themselves since then stays."""
        happened = self.now - timedelta(hours=1)
        if self._report(name, EventKind.COMPLAINED, ago=timedelta(hours=1)):
            self.barred |= {one for one in LISTS if self.joined.get(one, NOW) < happened}

    def _bounce(self, name: str) -> None:
        if self._report(name, EventKind.BOUNCED, Fault.ADDRESS):
            assert not any(map(self.may_be_mailed, LISTS)), "who does not exist is not mailed"

    def _ask_by_mail(self, name: str) -> None:
        if self._report(name, EventKind.UNSUBSCRIBED):
            self.barred.add(name)

    def _fail(self, name: str) -> None:
        self._report(name, EventKind.BOUNCED, Fault.MAILBOX)

    def _deliver(self, name: str) -> None:
        self._report(name, EventKind.DELIVERED)

    def _erase(self, _: str) -> None:
        number = self._number()
        if number is not None:
            with self.database.writing() as connection:
                erase(connection, number, self.now)
            self.barred |= set(LISTS)
            self.pending.clear()

    def _remove(self, _: str) -> None:
        """Staff remove them; what they have left stays closed, and what they say about old messages counts."""
        if self._number() is not None:
            with self.database.writing() as connection:
                remove(connection, JAN, self.now, self.signer.address_hashes, suppress=False)

    def _move(self, _: str) -> None:
        """They move to another address and back, by way of somebody who was imported under that address."""
        if (number := self._number()) is None:
            return
        for address in (ELSEWHERE, JAN):
            with self.database.writing() as connection:
                connection.execute(sa.delete(tables.confirmations).where(tables.confirmations.c.kind == "address"))
                asking = Asking(self.now, "nl", "de eigen pagina")
                ask_new_address(connection, number, address, asking, self.signer.address_hashes)
                asked = connection.scalars(sa.select(sa.func.max(tables.confirmations.c.id))).one()
                confirm(connection, asked, self.definitions, self.signer.address_hashes, self.now)

    def _merge(self, name: str) -> None:
        """Staff make one person of them and another who was imported."""
        number = self._number()
        target = Target(name, "lijst.csv", self.now, self.definitions, self.signer.address_hashes)
        import_people(self.database, [Person(Row(1, 1, ("x",)), ELSEWHERE, {})], target)
        with self.database.writing() as connection:
            other = find(connection, ELSEWHERE)
            if number is not None and other is not None:
                merge(connection, into=number, other=other, now=self.now, by="staff")
            elif other is not None:
                remove(connection, ELSEWHERE, self.now, self.signer.address_hashes, suppress=False)

    def _forget_in_time(self, _: str) -> None:
        forget_due(self.database, PrivacySettings(keep_left_days=1), self.now + timedelta(days=2))

    def _wait(self, _: str) -> None:
        self.now += timedelta(hours=30)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(plan=st.lists(acts, min_size=1, max_size=14))
def test_who_left_or_complained_gets_nothing_until_they_join_again(
    database: Database, definitions: Definitions, signer: Signer, plan: list[tuple[str, str]]
) -> None:
    known = {name: definitions.lists.get(name) or ListDefinition(name, Texts.of(name)) for name in LISTS}
    world = World(database, replace(definitions, lists=known), signer)
    world.empty()
    for act, name in plan:
        world.act(act, name)
        for one in world.barred:
            assert not world.may_be_mailed(one), (plan, act, one)
