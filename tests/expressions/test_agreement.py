"""One syntax tree, two compilers: Python and SQL give the same answer for every condition and every person."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.expressions import Expression, Field, Schema, Type, parse, predicate
from newsletter.expressions.clause import Columns, clause

SCHEMA = Schema(
    {
        "name": Field(Type.TEXT),
        "region": Field(Type.TEXT, ("Noord", "Zuid")),
        "age": Field(Type.NUMBER),
        "since": Field(Type.DATE),
        "member": Field(Type.BOOLEAN),
        "topics": Field(Type.TEXT_SET, ("a", "b")),
    }
)
WORDS = (
    "",
    "a",
    "A",
    "b",
    "Noord",
    "Zuid",
    "é",
    "e\u0301",
    "z",
    "Z",
    "10",
    "9",
    "\U0001f600",
    "\ufffd",
    "o'x",
    "%",
    "_",
)
DAYS = tuple(date(2024, 2, 27) + timedelta(days=number) for number in range(5))
NUMBERS = (-1.5, -1, 0, 1, 2, 10, 1e15)

texts = st.sampled_from(WORDS)
orders = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
people = st.fixed_dictionaries(
    {
        "name": st.none() | texts,
        "region": st.none() | st.sampled_from(["Noord", "Zuid"]),
        "age": st.none() | st.sampled_from(NUMBERS).map(float),
        "since": st.none() | st.sampled_from(DAYS),
        "member": st.none() | st.booleans(),
        "topics": st.sets(st.sampled_from(["a", "b"])).map(frozenset),
    }
)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


comparisons = st.one_of(
    st.tuples(st.just("subscriber.name"), st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), texts.map(quoted)),
    st.tuples(st.just("subscriber.region"), st.sampled_from(["==", "!="]), st.sampled_from(['"Noord"', '"Zuid"'])),
    st.tuples(
        st.just("subscriber.age"),
        st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
        st.sampled_from(NUMBERS).map(repr),
    ),
    st.tuples(
        st.just("subscriber.since"),
        st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
        st.sampled_from(DAYS).map(lambda day: f'"{day}"'),
    ),
    st.tuples(st.just("subscriber.member"), st.sampled_from(["==", "!="]), st.sampled_from(["true", "false"])),
    st.tuples(
        st.just("subscriber.name"),
        st.sampled_from(["in", "not in"]),
        st.lists(texts.map(quoted), max_size=3).map(lambda items: f"[{', '.join(items)}]"),
    ),
    st.tuples(st.sampled_from(['"a"', '"b"']), st.sampled_from(["in", "not in"]), st.just("subscriber.topics")),
).map(" ".join)
truths = st.sampled_from([f"subscriber.{name}" for name in SCHEMA.fields] + ["true", "false"])
presences = st.sampled_from(
    [f"subscriber.{name} is {word}none" for name in ("name", "age", "since", "member") for word in ("", "not ")]
)
conditions = st.recursive(
    comparisons | truths | presences,
    lambda inner: (
        inner.map("not ({})".format)
        | st.tuples(inner, inner).map(lambda pair: f"({pair[0]}) and ({pair[1]})")
        | st.tuples(inner, inner).map(lambda pair: f"({pair[0]}) or ({pair[1]})")
    ),
    max_leaves=8,
)


class Store:
    """People in a real database, asked by SQL."""

    def __init__(self, url: str) -> None:
        self.engine = sa.create_engine(url)
        metadata = sa.MetaData()
        self.people = sa.Table(
            "people",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("name", sa.Text),
            sa.Column("region", sa.Text),
            sa.Column("age", sa.Double),
            sa.Column("since", sa.Date),
            sa.Column("member", sa.Boolean),
        )
        self.topics = sa.Table("topics", metadata, sa.Column("person", sa.Integer), sa.Column("topic", sa.Text))
        metadata.create_all(self.engine)

    def matching(self, condition: Expression, everybody: list[dict[str, Any]]) -> set[int]:
        """Put people in and give the numbers of those whom a condition selects."""
        columns = Columns(
            {name: self.people.c[name] for name in ("name", "region", "age", "since", "member")},
            {"topics": self._holds},
        )
        with self.engine.connect() as connection:
            connection.execute(sa.delete(self.people))
            connection.execute(sa.delete(self.topics))
            for number, person in enumerate(everybody):
                values = {name: value for name, value in person.items() if name != "topics"}
                connection.execute(sa.insert(self.people).values(id=number, **values))
                for topic in person["topics"]:
                    connection.execute(sa.insert(self.topics).values(person=number, topic=topic))
            chosen = sa.select(self.people.c.id).where(clause(condition, columns))
            found = set(connection.scalars(chosen))
            connection.rollback()
            return found

    def _holds(self, text: str | None) -> sa.ColumnElement[bool]:
        found = sa.exists().where(self.topics.c.person == self.people.c.id)
        return found if text is None else found.where(self.topics.c.topic == text)


@pytest.fixture(scope="module")
def sqlite() -> Iterator[Store]:
    store = Store("sqlite://")
    yield store
    store.engine.dispose()


@pytest.fixture(scope="module")
def postgresql(request: pytest.FixtureRequest) -> Iterator[Store]:
    url = request.getfixturevalue("cluster").new_database().replace("postgresql:", "postgresql+psycopg:")
    store = Store(url)
    yield store
    store.engine.dispose()


def assert_agreement(store: Store, source: str, everybody: list[dict[str, Any]]) -> None:
    condition = parse(source, SCHEMA)
    decide = predicate(condition)
    assert store.matching(condition, everybody) == {
        number for number, person in enumerate(everybody) if decide(person)
    }, source


@given(source=conditions, everybody=st.lists(people, min_size=1, max_size=5))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_python_and_sqlite_agree(sqlite: Store, source: str, everybody: list[dict[str, Any]]) -> None:
    assert_agreement(sqlite, source, everybody)


@given(source=conditions, everybody=st.lists(people, min_size=1, max_size=5))
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_python_and_postgresql_agree(postgresql: Store, source: str, everybody: list[dict[str, Any]]) -> None:
    assert_agreement(postgresql, source, everybody)


@given(source=conditions, person=people)
@settings(max_examples=300, deadline=None)
def test_printed_condition_means_the_same(source: str, person: dict[str, Any]) -> None:
    condition = parse(source, SCHEMA)
    assert predicate(parse(condition.source, SCHEMA))(person) == predicate(condition)(person)
    assert parse(condition.source, SCHEMA).source == condition.source


@given(source=conditions, person=people)
@settings(max_examples=300, deadline=None)
def test_negation_is_the_opposite_for_everybody(source: str, person: dict[str, Any]) -> None:
    assert predicate(parse(f"not ({source})", SCHEMA))(person) is not predicate(parse(source, SCHEMA))(person)
