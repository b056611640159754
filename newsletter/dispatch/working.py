"""Goes on with every dispatch that a process can go on with now, one after the other."""

from collections.abc import Iterator

from newsletter.dispatch import scheduling
from newsletter.dispatch.runner import Stop
from newsletter.dispatch.send import Surroundings, drive, keep_receipt
from newsletter.errors import NewsletterError


def work(surroundings: Surroundings, stop: Stop) -> Iterator[str]:
    """Drive each dispatch that is due, keep its receipt beside its issue, and tell what came of it.

    What is wrong with one does not keep the others waiting.

    Raises:
        StoreError: The database cannot be read.
    """
    pace = scheduling.pace_of(surroundings.settings)
    with surroundings.database.reading() as connection:
        found = scheduling.due(connection, surroundings.clock(), pace)
    for dispatch in found:
        if stop.asked:
            return
        yield f"{dispatch.id}: going on with {dispatch.issue}"
        try:
            receipt, failure = drive(surroundings, dispatch, lambda _outcome: None, stop)
            keep_receipt(receipt, surroundings.workspace.issues / dispatch.issue / f"receipt-{dispatch.id}.json")
        except NewsletterError as error:
            yield f"{dispatch.id}: {error}"
            continue
        yield f"{dispatch.id}: {receipt.equation()}"
        if failure:
            yield f"{dispatch.id}: {failure}"
