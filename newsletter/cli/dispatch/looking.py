"""`newsletter dispatch list`, `status` and `show`: which there are, how far they have come, and all about one."""

import click

from newsletter.cli.base import Face, echo_json, pass_face
from newsletter.cli.dispatch.opening import find, opened
from newsletter.cli.dispatch.showing import show_standing, show_standings, show_status

json_option = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")


@click.command(name="list")
@json_option
@pass_face
def list_(face: Face, as_json: bool) -> None:
    """List all dispatches, the newest first."""
    from newsletter import dispatch as sending

    with opened(face) as surroundings:
        found = sending.standings(surroundings.database, surroundings.clock(), sending.pace_of(face.settings))
    if as_json:
        echo_json([one.document() for one in found])
    else:
        show_standings(face, found)


@click.command(name="status")
@click.argument("name", metavar="[DISPATCH]", required=False)
@json_option
@pass_face
def status(face: Face, name: str | None, as_json: bool) -> None:
    """Show how far dispatches have come.

    One, or every one that is not over or has uncertain readers. The equation must always hold: everybody who was
    selected is in exactly one state.
    """
    from newsletter import dispatch as sending

    with opened(face) as surroundings:
        now, database, pace = surroundings.clock(), surroundings.database, sending.pace_of(face.settings)
        if name is None:
            found = sending.standings(database, now, pace, unfinished=True)
        else:
            dispatch = find(surroundings, name)
            with database.reading() as connection:
                found = [sending.standing(connection, dispatch, now, pace)]
    if as_json:
        echo_json([one.document() for one in found])
    else:
        show_status(face, found)


@click.command(name="show")
@click.argument("name", metavar="DISPATCH")
@json_option
@pass_face
def show(face: Face, name: str, as_json: bool) -> None:
    """Show all about one dispatch.

    Its account, the replies, and who did what with it, and when.
    """
    from newsletter import dispatch as sending

    with opened(face) as surroundings:
        dispatch = find(surroundings, name)
        with surroundings.database.reading() as connection:
            found = sending.standing(connection, dispatch, surroundings.clock(), sending.pace_of(face.settings))
    if as_json:
        echo_json(found.document())
    else:
        show_standing(face, found)
