"""What is frozen is read back as it was, whatever has become of the workspace's attributes since."""

import json
import zlib
from dataclasses import replace
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.dispatch import prepare_issue
from newsletter.dispatch.frozen import pack, unpack
from newsletter.expressions import Field, Schema, Type, parse, tree
from newsletter.expressions.parse import Expression
from newsletter.render import CompiledIssue
from newsletter.render.compile import Variant
from newsletter.render.slots import Block, Condition
from newsletter.settings import load
from newsletter.subscribers import Definitions
from newsletter.workspace import Workspace
from support.dispatching import SLUG, Bench, Scripted

SCHEMA = Schema({"region": Field(Type.TEXT, ("Noord", "Zuid")), "since": Field(Type.DATE), "n": Field(Type.NUMBER)})


@pytest.fixture
def compiled(workspace: Workspace, definitions: Definitions) -> CompiledIssue:
    return prepare_issue(workspace, load(workspace, {}), definitions, SLUG, "leden").compiled


def test_issue_is_read_back_as_it_was(compiled: CompiledIssue, definitions: Definitions) -> None:
    again, schema = unpack(pack(compiled, definitions.schema()))
    assert again == compiled
    assert again.content_hash == compiled.content_hash
    assert set(schema.fields) <= set(definitions.schema().fields)
    assert all(not field.choices for field in schema.fields.values())


leaves = st.sampled_from(
    ["subscriber.region == 'Noord'", "subscriber.since > '2024-01-01'", "subscriber.n >= 3", "subscriber.region"]
).map(lambda source: cast("tree.Condition", parse(source, SCHEMA).tree))


@settings(deadline=None)
@given(leaves=st.lists(leaves, min_size=1, max_size=200), negations=st.integers(0, 100))
def test_composed_conditions_of_any_length_are_read_back(leaves: list[tree.Condition], negations: int) -> None:
    node: tree.Condition = tree.All(tuple(leaves)) if len(leaves) > 1 else leaves[0]
    for _ in range(negations):
        node = tree.Not(node)
    condition = Expression(str(node), node)
    block = Block(condition, negated=False, parts=("text",))
    compiled = CompiledIssue(
        "slug", "nl", "nonce", ("subject",), (block,), (Condition(condition),), (Variant((True,), (block,)),)
    )
    assert unpack(pack(compiled, SCHEMA))[0] == compiled


def test_only_the_types_of_what_is_asked_are_kept(compiled: CompiledIssue) -> None:
    asked = parse("subscriber.since > '2024-01-01'", SCHEMA)
    issue = replace(compiled, subject=(), decided=(), variants=(), text=(Block(asked, negated=True, parts=("x",)),))
    assert json.loads(zlib.decompress(pack(issue, SCHEMA)))["fields"] == {"since": "date"}


@pytest.mark.parametrize("change", ["attribute taken out", "choice taken out"])
def test_dispatch_goes_on_as_it_was_frozen_after_attributes_are_edited(bench: Bench, change: str) -> None:
    bench.subscribe(["zoe"], region="Noord")
    bench.subscribe(["mo"], region="Zuid")
    dispatch = bench.freeze()
    before = dict(bench.definitions.attributes)
    region = replace(before["region"], choices=("Oost",))
    after = {**before, "region": region} if change == "choice taken out" else {"role": before["role"]}
    bench.definitions = replace(bench.definitions, attributes=after, segments={})
    sent: dict[str, bytes] = {}
    bench.drive(
        dispatch, Scripted(after_intent=lambda message: sent.update({message.recipient.address: message.raw()}))
    )
    assert b"Regiobijeenkomst Noord" in sent["zoe@example.org"]
    assert b"Regiobijeenkomst Noord" not in sent["mo@example.org"]
