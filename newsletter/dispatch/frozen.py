"""What a dispatch keeps of its issue and its sender, so that edits after the freeze change nothing."""

import json
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from newsletter.expressions import Expression, Field, Schema, Type, fields_of, parse, parse_value
from newsletter.message import Mailbox
from newsletter.render import CompiledIssue, Letterhead
from newsletter.render.compile import Variant
from newsletter.render.slots import Block, Condition, Part, Parts, Place, ReaderLink, Slot, walk


def pack(compiled: CompiledIssue, schema: Schema) -> bytes:
    """Write a compiled issue as bytes: compressed JSON.

    Args:
        schema: What is known of a subscriber now. The types of the fields that the issue asks about are kept with
            it; what texts an attribute may have is not, as that was checked already.
    """
    asked = {name for expression in _expressions(compiled) for name in fields_of(expression)}
    document = {
        "slug": compiled.slug,
        "language": compiled.language,
        "nonce": compiled.nonce,
        "fields": {name: schema.fields[name].type.value for name in sorted(asked)},
        "subject": _pack_parts(compiled.subject),
        "text": _pack_parts(compiled.text),
        "decided": [condition.key for condition in compiled.decided],
        "variants": [
            {"decisions": variant.decisions, "html": _pack_parts(variant.html)} for variant in compiled.variants
        ],
    }
    return zlib.compress(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(), 6)


def unpack(payload: bytes) -> tuple[CompiledIssue, Schema]:
    """Read a compiled issue, and the fields that it asks about."""
    document = json.loads(zlib.decompress(payload))
    schema = Schema({name: Field(Type(kind)) for name, kind in document["fields"].items()})
    compiled = CompiledIssue(
        slug=document["slug"],
        language=document["language"],
        nonce=document["nonce"],
        subject=_unpack_parts(document["subject"], schema),
        text=_unpack_parts(document["text"], schema),
        decided=tuple(Condition(parse(source, schema, trusted=True)) for source in document["decided"]),
        variants=tuple(
            Variant(tuple(variant["decisions"]), _unpack_parts(variant["html"], schema))
            for variant in document["variants"]
        ),
    )
    return compiled, schema


def pack_letterhead(letterhead: Letterhead, public_url: str, return_path: str) -> str:
    """Write what the header fields and links of a dispatch need, as JSON."""
    return json.dumps(
        {
            "sender": [letterhead.sender.address, letterhead.sender.name],
            "reply_to": [letterhead.reply_to.address, letterhead.reply_to.name] if letterhead.reply_to else None,
            "date": letterhead.date.isoformat(),
            "list_name": letterhead.list_name,
            "list_id": letterhead.list_id,
            "feedback_id": letterhead.feedback_id,
            "public_url": public_url,
            "return_path": return_path,
        },
        ensure_ascii=False,
    )


def unpack_letterhead(text: str) -> tuple[Letterhead, str, str]:
    """Read letterhead, public URL and return path."""
    document: Mapping[str, Any] = json.loads(text)
    reply_to = document["reply_to"]
    letterhead = Letterhead(
        sender=Mailbox(*document["sender"]),
        reply_to=Mailbox(*reply_to) if reply_to else None,
        date=datetime.fromisoformat(document["date"]),
        list_name=document["list_name"],
        list_id=document["list_id"],
        feedback_id=document["feedback_id"],
    )
    return letterhead, document["public_url"], document["return_path"]


def _expressions(compiled: CompiledIssue) -> Iterator[Expression]:
    """Give every expression of an issue."""
    yield from (condition.expression for condition in compiled.decided)
    for parts in (compiled.subject, compiled.text, *(variant.html for variant in compiled.variants)):
        for part in walk(parts):
            if isinstance(part, Block):
                yield part.condition
            elif isinstance(part.value, Expression):
                yield part.value


def _pack_parts(parts: Parts) -> list[Any]:
    packed: list[Any] = []
    for part in parts:
        if isinstance(part, str):
            packed.append(part)
        elif isinstance(part, Slot):
            value = part.value
            kind, source = ("link", value.name) if isinstance(value, ReaderLink) else ("value", value.source)
            packed.append({kind: source, "place": part.place.value})
        else:
            packed.append({"if": part.condition.source, "not": part.negated, "parts": _pack_parts(part.parts)})
    return packed


def _unpack_parts(packed: list[Any], schema: Schema) -> Parts:
    return tuple(_unpack_part(part, schema) for part in packed)


def _unpack_part(part: Any, schema: Schema) -> Part:
    if isinstance(part, str):
        return part
    if "if" in part:
        condition: Expression = parse(part["if"], schema, trusted=True)
        return Block(condition, part["not"], _unpack_parts(part["parts"], schema))
    value = ReaderLink(part["link"]) if "link" in part else parse_value(part["value"], schema, trusted=True)
    return Slot(value, Place(part["place"]))
