"""The outbox: a file for each message, and pages to look at them."""

from pathlib import Path

import pytest

from newsletter.errors import ProviderError
from newsletter.providers import outbox
from newsletter.providers.base import Accepted
from support.messages import submit, written


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


def test_views_show_pictures_from_this_machine(tmp_path: Path) -> None:
    url = "https://nieuws.example.org/"
    chosen = settings(tmp_path, public_url=url, media=tmp_path / "media")
    html = f'<html><head></head><body><img src="{url}media/a.jpg"><a href="{url}media.html">x</a></body></html>'
    message = written(1, html=html)
    submit(lambda: outbox.open(chosen), [message])
    view = (tmp_path / "out/view" / f"{message.key}.html").read_text(encoding="utf-8")
    assert 'src="../../media/a.jpg"' in view
    assert f'href="{url}media.html"' in view
    assert url.encode() in (tmp_path / "out/messages" / f"{message.key}.eml").read_bytes()


def test_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(ProviderError, match="cannot be written") as raised:
        submit(lambda: outbox.open(settings(tmp_path)), [written(1)])
    assert raised.value.remedy


def test_disk_that_is_full_leaves_no_half_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Path.write_bytes

    def write(path: Path, content: bytes) -> int:
        if path.name.startswith("key00000000000000000000002"):
            whole(path, content[:10])
            raise OSError(28, "No space left on device")
        return whole(path, content)

    monkeypatch.setattr(Path, "write_bytes", write)
    with pytest.raises(ProviderError, match="No space left"):
        submit(lambda: outbox.open(settings(tmp_path)), [written(number) for number in range(4)])
    assert sorted(path.name for path in (tmp_path / "out/messages").iterdir()) == [
        f"key{number:023d}.eml" for number in (0, 1)
    ]
