"""`newsletter template`: which templates there are, and a new one, checked and looked at."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli.base import Face, echo_json, pass_face

if TYPE_CHECKING:
    from newsletter.design import Checked


@click.group(name="template")
def command() -> None:
    """List templates, begin one, check one, or look at every part of them."""


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_face
def list_command(face: Face, as_json: bool) -> None:
    """List the templates, with what each is for and its layouts."""
    from newsletter.render import load_template, template_names

    folder = face.workspace.templates
    found = [load_template(folder / name) for name in template_names(folder)]
    if as_json:
        echo_json([{"name": one.name, **one.manifest.model_dump(exclude={"name"})} for one in found])
        return
    width = max((len(one.name) for one in found), default=0)
    for one in found:
        click.echo(f"{click.style(one.name, bold=True)}{' ' * (width - len(one.name))}  {one.manifest.description}")
        languages = ", ".join(one.manifest.languages)
        click.echo(f"{' ' * width}  layouts: {', '.join(one.manifest.layouts)}; languages: {languages}")


@command.command(name="new")
@click.argument("name")
@pass_face
def new_command(face: Face, name: str) -> None:
    """Begin a template NAME, on the shared parts."""
    from newsletter.design import begin_template

    for path in begin_template(face.workspace, name):
        click.echo(f"wrote {face.workspace.name_of(path)}")
    click.echo(f"\nNext: newsletter template check {name}")


@command.command(name="check")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@pass_face
def check_command(face: Face, names: tuple[str, ...]) -> None:
    """Check templates, all of them if none is named.

    Compiles every part and every layout in every language, with items in every state and with the issues that use the
    template; computes the contrast of its colours; and tells what each block of these issues costs in bytes.
    """
    from newsletter.design import check_template

    for name in names or _all_names(face):
        _print_checked(face, check_template(face.workspace, face.settings, face.definitions, name))


@command.command(name="gallery")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "-o",
    "--output",
    "folder",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to write.",
)
@click.option("--language", metavar="TAG", help="Of the templates' own words, instead of the workspace's.")
@pass_face
def gallery_command(face: Face, names: tuple[str, ...], folder: Path, language: str | None) -> None:
    """Write pages that show every part of templates in every state, light and dark, wide and narrow."""
    from newsletter.design import write_gallery

    wanted = names or _all_names(face)
    language = language or face.settings.language
    index = write_gallery(face.workspace, face.settings, face.definitions, wanted, language, folder)
    click.echo(f"wrote {index}")


def _all_names(face: Face) -> tuple[str, ...]:
    from newsletter.render import template_names

    return template_names(face.workspace.templates)


def _print_checked(face: Face, checked: "Checked") -> None:
    from newsletter.cli.build import print_costs

    console = face.console
    console.print(checked.template.name, style="bold", markup=False)
    languages = ", ".join(checked.languages)
    console.print(f"{checked.parts} files read; every layout compiled in {languages}, and from right to left.")
    console.print("Every text stands out from its ground, in light and in dark.")
    for language, words in checked.missing.items():
        for word, place in words.items():
            console.print(f"{place}: no {language} for {word!r}; it is shown in English.", style="yellow", markup=False)
        if words:
            console.print(f"Add them to {_catalogue(language)}:", style="yellow", markup=False)
            console.print('msgid "…"', 'msgstr "…"', sep="\n", style="yellow", markup=False)
    for slug, costs in checked.issues.items():
        console.print(f"\n{slug}", markup=False)
        print_costs(console, costs)
    console.print()


def _catalogue(language: str) -> str:
    """Name the file that all templates read a language's words from."""
    return f"templates/shared/translations/{language}.po"
