"""What a workspace says about its subscribers in `subscribers/`: lists, segments, attributes, topics, import maps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from newsletter.documents import Document, parse_yaml, read_yaml, validate
from newsletter.errors import ContentError, NewsletterError, Place, raise_all
from newsletter.expressions import Expression, Schema, Type, parse
from newsletter.expressions import Field as SchemaField
from newsletter.subscribers.importing.headers import is_reserved
from newsletter.subscribers.texts import Texts
from newsletter.workspace import Workspace

NAME: Final = r"^[a-z][a-z0-9_-]*$"
ATTRIBUTE_NAME: Final = r"^[a-z][a-z0-9_]{0,39}$"

BUILT_IN: Final[Mapping[str, SchemaField]] = {
    "email": SchemaField(Type.TEXT),
    "first_name": SchemaField(Type.TEXT),
    "last_name": SchemaField(Type.TEXT),
    "language": SchemaField(Type.TEXT),
}
TOPICS: Final = "topics"
TAGS: Final = "tags"
JOINED: Final = "joined"
"""The day on which somebody joined the list, in UTC."""
MOST_ISSUES: Final = 12
ACCEPTED_OF: Final[Mapping[str, int]] = {f"accepted_of_{count}": count for count in range(1, MOST_ISSUES + 1)}
"""In how many of the last so many issues of the list the provider accepted somebody's message."""
STAFF_FIELDS: Final[Mapping[str, SchemaField]] = {
    TAGS: SchemaField(Type.TEXT_SET),
    JOINED: SchemaField(Type.DATE),
    **{name: SchemaField(Type.NUMBER) for name in ACCEPTED_OF},
}
"""What segments may ask about, and messages may not: readers never see it."""
LANGUAGE: Final = r"^[a-z]{2,3}(-[A-Za-z0-9]{1,8})*$"
_NOTHING: Final = Texts.of("")


@dataclass(frozen=True, slots=True)
class FrequencyDefinition:
    """How often at most a reader of a list wants to hear from it.

    Args:
        days: No issue within so many days of the last one that they got.
    """

    id: str
    name: Texts
    days: int


@dataclass(frozen=True, slots=True)
class ListDefinition:
    """A list that people can be subscribed to.

    Args:
        reason: Why its readers get mail, a full sentence for the footer.
        consent: What somebody who joins agrees to, as it is shown beside the button.
        is_public: Readers can join it by themselves.
        is_double: Who joins must confirm it by mail.
        frequencies: What readers can choose instead of every issue, by name.
    """

    id: str
    name: Texts
    description: Texts = _NOTHING
    reason: Texts = _NOTHING
    consent: Texts = _NOTHING
    is_public: bool = True
    is_double: bool = True
    frequencies: Mapping[str, FrequencyDefinition] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SegmentDefinition:
    """A saved condition."""

    id: str
    name: str
    where: Expression


@dataclass(frozen=True, slots=True)
class AttributeDefinition:
    """Something that a workspace keeps of each subscriber.

    Args:
        is_editable: Readers can change it by themselves.
    """

    id: str
    name: Texts
    type: Type
    choices: tuple[str, ...] = ()
    is_editable: bool = False


@dataclass(frozen=True, slots=True)
class TopicDefinition:
    """A subject that readers can choose.

    Args:
        lists: The lists that it belongs to; all of them where none is named.
    """

    id: str
    name: Texts
    description: Texts = _NOTHING
    lists: tuple[str, ...] = ()


@dataclass(frozen=True)
class Definitions:
    """All definitions of a workspace, by name.

    Args:
        tracking: What readers agree to who let us measure what they read; None where nobody is asked.
    """

    lists: Mapping[str, ListDefinition]
    segments: Mapping[str, SegmentDefinition]
    attributes: Mapping[str, AttributeDefinition]
    topics: Mapping[str, TopicDefinition]
    imports: Mapping[str, Mapping[str, str]]
    tracking: Texts | None = None

    def schema(self) -> Schema:
        """Tell what expressions may ask about a subscriber."""
        return _schema(self.attributes, self.topics)

    def segment_schema(self) -> Schema:
        """Tell what segments may ask about a subscriber: also what only staff know."""
        return Schema({**self.schema().fields, **STAFF_FIELDS})

    def list(self, name: str) -> ListDefinition:
        """Give a list.

        Raises:
            ContentError: There is none of that name.
        """
        if name not in self.lists:
            raise _unknown("list", name, self.lists, "subscribers/lists.yaml")
        return self.lists[name]

    def segment(self, name: str) -> SegmentDefinition:
        """Give a segment.

        Raises:
            ContentError: There is none of that name.
        """
        if name not in self.segments:
            raise _unknown("segment", name, self.segments, "subscribers/segments.yaml")
        return self.segments[name]


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Words = Annotated[str, Field(min_length=1)]
Said = Words | dict[Annotated[str, Field(pattern=LANGUAGE)], Words]
"""A text for all languages, or one for each."""


class _Frequency(_Group):
    name: Said
    days: Annotated[int, Field(ge=1, le=366)]


class _List(_Group):
    name: Said
    description: Said | Literal[""] = ""
    reason: Said | Literal[""] = ""
    consent: Said | Literal[""] = ""
    public: bool = True
    opt_in: Literal["double", "single"] = "double"
    frequencies: dict[Annotated[str, Field(pattern=NAME)], _Frequency] = {}


class _Lists(_Group):
    lists: dict[Annotated[str, Field(pattern=NAME)], _List]
    tracking: Said | None = None


class _Segment(_Group):
    name: Words
    where: Words


class _Segments(_Group):
    segments: dict[Annotated[str, Field(pattern=NAME)], _Segment] = {}


class _Attribute(_Group):
    name: Said
    type: Literal["text", "number", "date", "boolean"] = "text"
    choices: tuple[Words, ...] = ()
    editable: bool = False


class _Topic(_Group):
    name: Said
    description: Said | Literal[""] = ""
    lists: tuple[Words, ...] = ()


class _Attributes(_Group):
    attributes: dict[Annotated[str, Field(pattern=ATTRIBUTE_NAME)], _Attribute] = {}
    topics: dict[Annotated[str, Field(pattern=NAME)], _Topic] = {}


class _ImportMap(_Group):
    columns: dict[Words, Words]


def read_definitions(workspace: Workspace) -> Definitions:
    """Read all definitions of a workspace.

    Raises:
        ContentError: A file is not as it should be; names line and column.
    """
    lists = validate(_Lists, _document(workspace, "lists"))
    attribute_document = _document(workspace, "attributes")
    attributes = validate(_Attributes, attribute_document)
    declared = {
        id_: AttributeDefinition(id_, Texts.of(one.name), Type(one.type), one.choices, one.editable)
        for id_, one in attributes.attributes.items()
    }
    _refuse_built_in(declared, attribute_document)
    topics = {
        id_: TopicDefinition(id_, Texts.of(one.name), Texts.of(one.description), one.lists)
        for id_, one in attributes.topics.items()
    }
    _refuse_unknown_lists(topics, lists, attribute_document)
    return Definitions(
        lists={id_: _list(id_, one) for id_, one in lists.lists.items()},
        segments=_segments(workspace, Schema({**_schema(declared, topics).fields, **STAFF_FIELDS})),
        attributes=declared,
        topics=topics,
        imports=_imports(workspace),
        tracking=Texts.of(lists.tracking) if lists.tracking else None,
    )


def _list(id_: str, one: _List) -> ListDefinition:
    return ListDefinition(
        id_,
        Texts.of(one.name),
        Texts.of(one.description),
        Texts.of(one.reason),
        Texts.of(one.consent),
        is_public=one.public,
        is_double=one.opt_in == "double",
        frequencies={
            name: FrequencyDefinition(name, Texts.of(found.name), found.days) for name, found in one.frequencies.items()
        },
    )


def _schema(attributes: Mapping[str, AttributeDefinition], topics: Mapping[str, TopicDefinition]) -> Schema:
    declared = {id_: SchemaField(one.type, one.choices) for id_, one in attributes.items()}
    return Schema({**BUILT_IN, **declared, TOPICS: SchemaField(Type.TEXT_SET, tuple(topics))})


def _segments(workspace: Workspace, schema: Schema) -> dict[str, SegmentDefinition]:
    document = _document(workspace, "segments")
    found: dict[str, SegmentDefinition] = {}
    problems: list[NewsletterError] = []
    for id_, one in validate(_Segments, document).segments.items():
        try:
            where = parse(one.where, schema, document.place_within(("segments", id_, "where")))
        except NewsletterError as error:
            problems.append(error)
        else:
            found[id_] = SegmentDefinition(id_, one.name, where)
    raise_all(problems)
    return found


def _imports(workspace: Workspace) -> dict[str, Mapping[str, str]]:
    folder = workspace.subscribers / "imports"
    return {
        path.stem: validate(_ImportMap, read_yaml(path, workspace.name_of(path))).columns
        for path in sorted(folder.glob("*.yaml"))
    }


def _document(workspace: Workspace, name: str) -> Document:
    path = workspace.subscribers / f"{name}.yaml"
    if not path.exists() and name != "lists":
        return parse_yaml("{}", workspace.name_of(path))
    document = read_yaml(path, workspace.name_of(path))
    return document if document.data is not None else Document(document.file, {}, document.places)


def _refuse_built_in(declared: Mapping[str, AttributeDefinition], document: Document) -> None:
    known = {*BUILT_IN, TOPICS, *STAFF_FIELDS}
    raise_all(
        ContentError(
            f"{id_!r} is known of every subscriber already"
            if id_ in known
            else f"{id_!r} is a name that imports and exports use for something else",
            where=document.place(("attributes", id_), key=True),
            remedy="Take it out, or choose another name.",
        )
        for id_ in declared
        if id_ in known or is_reserved(id_)
    )


def _refuse_unknown_lists(topics: Mapping[str, TopicDefinition], lists: _Lists, document: Document) -> None:
    raise_all(
        ContentError(
            f"there is no list called {name!r}",
            where=document.place(("topics", id_, "lists")),
            remedy=f"There are: {', '.join(lists.lists)}.",
        )
        for id_, topic in topics.items()
        for name in topic.lists
        if name not in lists.lists
    )


def _unknown(kind: str, name: str, known: Mapping[str, object], file: str) -> ContentError:
    near = get_close_matches(name, known, n=2) or list(known)
    remedy = f"There are: {', '.join(near)}." if near else "Define one there."
    return ContentError(f"there is no {kind} called {name!r}", where=Place(file), remedy=remedy)
