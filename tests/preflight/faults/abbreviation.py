"""An abbreviation without its words, beside one that has them."""

from support.checking import Desk

FOUND = "the abbreviation RIEC is nowhere explained"
PLACE = ("overdracht-met-een-formulier.md", "RIEC doet")


def plant(desk: Desk) -> None:
    desk.replace(
        "overdracht-met-een-formulier.md",
        "Dit bericht is een voorbeeld.",
        "Met het LIEC (Landelijk Informatie- en Expertisecentrum) en de GGD.\nOok het RIEC doet mee, en het LIEC.",
    )
