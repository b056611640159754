"""The outbox: a file for each message, and pages to look at them."""

import asyncio
import os
import stat
import subprocess
import sys
import tracemalloc
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.errors import NewsletterError, ProviderError
from newsletter.message import DeliveryKey
from newsletter.providers import outbox
from newsletter.providers.base import Accepted, Deferred, Outcome
from newsletter.providers.outbox.pages import SHOWN, find_newest
from support.messages import Written, submit, written


def settings(folder: Path, **context: object) -> outbox.Settings:
    return outbox.Settings.model_validate({"folder": "out"}, context={"root": folder, "language": "nl", **context})


def test_each_message_lies_in_a_file_byte_for_byte(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    messages = [written(number) for number in range(450)]
    outcomes = submit(lambda: outbox.open(chosen), messages)
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert {outcome.key for outcome in outcomes} == {message.key for message in messages}
    for message in messages:
        assert (tmp_path / "out/messages" / f"{message.key}.eml").read_bytes() == message.content
    assert not list((tmp_path / "out/messages").glob("*.tmp"))


def test_what_is_withheld_is_not_written_and_has_no_outcome(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    first, second = written(1), written(2)
    outcomes = submit(lambda: outbox.open(chosen), [first, second], withheld=frozenset({first.key}))
    assert [outcome.key for outcome in outcomes] == [second.key]
    assert not (tmp_path / "out/messages" / f"{first.key}.eml").exists()


def test_index_page_shows_readers_escaped_and_counts_all(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    submit(lambda: outbox.open(chosen), [written(number) for number in range(230)])
    page = outbox.index_page(chosen).read_text(encoding="utf-8")
    assert "230 berichten" in page
    assert page.count("<li>") == 200
    assert "reader1@example.org" in page or "reader2" in page
    assert "<script" not in page


@pytest.mark.parametrize("media", ["https://nieuws.example.org/media/", "https://beeld.example.net/nieuws/"])
def test_views_show_pictures_from_this_machine(tmp_path: Path, media: str) -> None:
    url = "https://nieuws.example.org/"
    chosen = settings(tmp_path, public_url=url, media_url=media, media=tmp_path / "media")
    html = f'<html><head></head><body><img src="{media}a.jpg"><a href="{url}media.html">x</a></body></html>'
    message = written(1, html=html)
    submit(lambda: outbox.open(chosen), [message])
    view = (tmp_path / "out/view" / f"{message.key}.html").read_text(encoding="utf-8")
    assert 'src="../../media/a.jpg"' in view
    assert f'href="{url}media.html"' in view
    assert f"{media}a.jpg".encode() in (tmp_path / "out/messages" / f"{message.key}.eml").read_bytes()


def test_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(ProviderError, match="cannot be written") as raised:
        submit(lambda: outbox.open(settings(tmp_path)), [written(1)])
    assert raised.value.remedy


def submit_until_it_stops(
    chosen: outbox.Settings, messages: Sequence[Written], under_way: Callable[[], object] = lambda: None
) -> tuple[list[Outcome], NewsletterError | None]:
    """Hand messages over and keep what was said before an error; `under_way` happens once the outbox is open."""

    async def source() -> AsyncIterator[Written]:
        for message in messages:
            yield message

    async def intend(keys: Sequence[DeliveryKey], *, ahead: bool = False) -> frozenset[DeliveryKey]:
        return frozenset(keys)

    async def main() -> tuple[list[Outcome], NewsletterError | None]:
        outcomes: list[Outcome] = []
        try:
            async with outbox.open(chosen) as provider:
                under_way()
                async for outcome in provider.submit(source(), intend):
                    outcomes.append(outcome)  # noqa: PERF401 - an error must not take them along
        except NewsletterError as error:
            return outcomes, error
        return outcomes, None

    return asyncio.run(main())


def test_what_was_written_before_a_failure_is_accepted_and_the_rest_can_go_at_once(tmp_path: Path) -> None:
    chosen, messages = settings(tmp_path), [written(number) for number in range(60)]
    in_the_way = tmp_path / "out/messages" / f"{messages[52].key}.eml"
    outcomes, error = submit_until_it_stops(chosen, messages, in_the_way.mkdir)
    assert isinstance(error, ProviderError)
    assert error.remedy
    assert [type(outcome) for outcome in outcomes] == [Accepted] * 52 + [Deferred] * 8
    assert {outcome.retry_after for outcome in outcomes if isinstance(outcome, Deferred)} == {timedelta(seconds=1)}
    assert not list((tmp_path / "out/messages").glob("*.tmp"))
    in_the_way.rmdir()
    again, error = submit_until_it_stops(chosen, messages[52:])
    assert error is None
    assert {outcome.key for outcome in again if isinstance(outcome, Accepted)} == {one.key for one in messages[52:]}
    assert len(list((tmp_path / "out/messages").glob("*.eml"))) == 60


def test_disk_that_is_full_leaves_no_half_message(tmp_path: Path) -> None:
    program = f"""
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from providers.test_outbox import settings, submit_until_it_stops, written
large = "x" * 5_000_000
messages = [written(0), written(1, html=large), written(2)]
outcomes, error = submit_until_it_stops(settings(Path({str(tmp_path)!r})), messages)
print([type(outcome).__name__ for outcome in outcomes], type(error).__name__)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split("\n")[0] == "['Accepted', 'Deferred', 'Deferred'] ProviderError"
    assert [path.name for path in (tmp_path / "out/messages").iterdir()] == [f"{written(0).key}.eml"]


@pytest.mark.parametrize(
    "content",
    [b"", b"Subject: nobody\n\nx", b"To: ;\n\nx", b"To: a@b\nContent-Type: text/html; charset=no\n\nx", b"\xff\0"],
)
def test_a_file_from_elsewhere_is_left_out_of_the_pages(tmp_path: Path, content: bytes) -> None:
    chosen = settings(tmp_path)
    (tmp_path / "out/messages").mkdir(parents=True)
    (tmp_path / "out/messages/foreign.eml").write_bytes(content)
    outcomes, error = submit_until_it_stops(chosen, [written(1)])
    assert error is None
    assert [type(outcome) for outcome in outcomes] == [Accepted]
    assert "reader1@example.org" in outbox.index_page(chosen).read_text(encoding="utf-8")


@pytest.mark.parametrize("place", ["view", "index.html"])
def test_pages_that_cannot_be_written_do_not_end_a_sending(
    tmp_path: Path, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / place).write_text("a file") if place == "view" else (tmp_path / "out" / place).mkdir()
    outcomes, error = submit_until_it_stops(settings(tmp_path), [written(1)])
    assert error is None
    assert [type(outcome) for outcome in outcomes] == [Accepted]
    assert "pages could not be written" in caplog.text


def test_memory_stays_flat_however_many_messages_lie_there(tmp_path: Path) -> None:
    for number in range(10_000):
        (tmp_path / f"{number}.eml").touch()
    os.utime(tmp_path / "1234.eml", (2_000_000_000, 2_000_000_000))
    tracemalloc.start()
    newest, total = find_newest(tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (len(newest), total) == (SHOWN, 10_000)
    assert newest[0].name == "1234.eml"
    assert peak < 400_000, "ten thousand paths take more than a million bytes"


@pytest.mark.skipif(os.name != "posix", reason="rights of files are POSIX's")
def test_everything_with_readers_in_it_is_for_the_owner_only(tmp_path: Path) -> None:
    (tmp_path / "out/view").mkdir(parents=True)
    (tmp_path / "out/view").chmod(0o755)
    chosen = settings(tmp_path)
    submit(lambda: outbox.open(chosen), [written(1)])
    found = {path.relative_to(tmp_path / "out").as_posix(): path.stat() for path in (tmp_path / "out").rglob("*")}
    assert len(found) == 6
    for name, status in found.items():
        assert stat.S_IMODE(status.st_mode) == (0o700 if stat.S_ISDIR(status.st_mode) else 0o600), name
