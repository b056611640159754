"""Says which people a command is about: options that several commands share."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from newsletter.audience import Query
    from newsletter.subscribers import Definitions

STANDINGS: Final = ("receiving", "subscribed", "unsubscribed", "paused", "suppressed")
_F = TypeVar("_F", bound=Callable[..., Any])

list_option = click.option("--list", "list_name", metavar="LIST", help="Only people of this list.")
segment_option = click.option("--segment", metavar="SEGMENT", help="Only those of this segment.")
where_option = click.option("--where", metavar="CONDITION", help="Only those for whom it holds, such as a segment's.")
tag_option = click.option("--tag", metavar="TAG", help="Only those who have this tag.")
standing_option = click.option(
    "--standing", type=click.Choice(STANDINGS), help="Only those who stand like this with the list, or with any."
)


def choosing(command: _F) -> _F:
    """Give a command the options that say whom it is about."""
    for option in (standing_option, tag_option, where_option, segment_option, list_option):
        command = option(command)
    return command


def query_of(
    definitions: "Definitions",
    *,
    text: str = "",
    list_name: str | None = None,
    segment: str | None = None,
    where: str | None = None,
    tag: str | None = None,
    standing: str | None = None,
) -> "Query":
    """Make of these options what is asked for.

    Raises:
        ContentError: There is no such list or segment.
        ExpressionError: The condition is outside the language.
    """
    from newsletter.audience import Query, Standing
    from newsletter.errors import Place
    from newsletter.expressions import parse

    if list_name is not None:
        definitions.list(list_name)
    if segment is not None and where is not None:
        raise click.UsageError("Name a segment or a condition, not both.")
    condition = definitions.segment(segment).where if segment is not None else None
    if where is not None:
        condition = parse(where, definitions.segment_schema(), Place("condition", 1, 1))
    return Query(list_name, Standing(standing) if standing else None, condition, tag, text.strip())
