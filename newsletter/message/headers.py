"""Header fields as bytes: encoded words, phrases and folding, with nothing left for a value to break out of.

The standard library is not used: on Python 3.11 it lets an encoded line break in a value start a header of its
own, and it turns long links in structured fields into encoded words.

Source: RFC 5322 §2.1.1, §2.2.3 and §3.2; RFC 2047 §2 and §5.
"""

import re
from base64 import b64encode

from newsletter.message.addresses import Mailbox, wire_address

PREFERRED_LINE = 78
MAXIMUM_LINE = 998
ENCODED_WORD = 75

_BREAKS = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ufeff]+")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~ ]+")
_PHRASE_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_TOKEN = re.compile(r"[!-9;-~]+")


def one_line(value: str) -> str:
    """Fold every run of white space, control characters and line separators into one space, and trim.

    Lone surrogates, which no encoding can carry, become question marks.
    """
    if value.isascii() and value.isprintable() and "  " not in value:
        return value.strip(" ")
    clean = value.encode("utf-8", "replace").decode("utf-8") if _has_surrogates(value) else value
    return _BREAKS.sub(" ", clean).strip(" ")


def text_header(name: str, value: str) -> bytes:
    """Write a field of free text, such as Subject.

    Args:
        name: The field's name, ASCII.
        value: Any text; line breaks and control characters become spaces.

    Returns:
        The folded field with its final CRLF; no line longer than 78 octets unless one word is.
    """
    line = one_line(value)
    if _plain(line):
        if len(name) + len(line) + 2 <= PREFERRED_LINE:
            return f"{name}: {line}\r\n".encode()
        return _fold(f"{name}:", line.split(" "))
    return _fold(f"{name}:", _encoded_words(line, first_room=ENCODED_WORD - len(name) - 1))


def mailbox_header(name: str, mailbox: Mailbox) -> bytes:
    """Write a field that holds one mailbox, such as From or To.

    The address is never encoded. A local part beyond ASCII is written as UTF-8, which needs SMTPUTF8.

    Raises:
        ValueError: The address has no domain that the network knows how to write.
    """
    address = wire_address(mailbox.address)
    if not _TOKEN_ADDRESS.fullmatch(address):
        raise ValueError(f"{mailbox.address!r} cannot stand in a header")
    phrase = one_line(mailbox.name)
    if not phrase:
        return f"{name}: {address}\r\n".encode()
    if _plain(phrase) and _ATOMS.fullmatch(phrase):
        line = f"{name}: {phrase} <{address}>\r\n"
        if len(line) <= PREFERRED_LINE + 2:
            return line.encode()
        return _fold(f"{name}:", [*phrase.split(" "), f"<{address}>"])
    if _plain(phrase):
        quoted = re.sub(r'(["\\])', r"\\\1", phrase)
        return _fold(f"{name}:", [*f'"{quoted}"'.split(" "), f"<{address}>"])
    words = _encoded_words(phrase, first_room=ENCODED_WORD - len(name) - 1)
    return _fold(f"{name}:", [*words, f"<{address}>"])


def phrase(value: str) -> str:
    """Write a phrase (the name before an identifier in List-Id) as ASCII: atoms, a quoted string, or encoded words."""
    line = one_line(value)
    if _plain(line):
        return line if _ATOMS.fullmatch(line) else '"' + re.sub(r'(["\\])', r"\\\1", line) + '"'
    return " ".join(_encoded_words(line, first_room=ENCODED_WORD))


def exact_header(name: str, value: str) -> bytes:
    """Write a structured field that must stay as it is, such as Message-ID and every List-* field.

    Folded at its spaces only; a long link stays whole.

    Raises:
        ValueError: The value is not printable ASCII, or a word of it is longer than a line may be.
    """
    if not (value.isascii() and value.isprintable()):
        raise ValueError(f"{name} holds something else than printable ASCII")
    if " " not in value and len(name) + len(value) + 2 <= MAXIMUM_LINE:
        return f"{name}: {value}\r\n".encode()
    folded = _fold(f"{name}:", value.split(" "))
    if max(map(len, folded.split(b"\r\n"))) > MAXIMUM_LINE:
        raise ValueError(f"{name} is longer than a line may be")
    return folded


_TOKEN_ADDRESS = re.compile(r'(?:"[^"\x00-\x1f\x7f]+"|[^\s<>()\[\]:;@\\,"\x00-\x20\x7f]+)@[^\s<>()@,;:\\"]+')


def _plain(line: str) -> bool:
    """Tell whether a text can stand as it is: ASCII, nothing that reads as an encoded word, no overlong word."""
    if not line.isascii() or "=?" in line:
        return False
    return len(line) < MAXIMUM_LINE - 80 or all(len(word) < MAXIMUM_LINE - 80 for word in line.split(" "))


def _has_surrogates(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return True
    return False


def _fold(start: str, words: list[str]) -> bytes:
    lines, line = [], start
    for word in words:
        if len(line) + 1 + len(word) > PREFERRED_LINE and line != start:
            lines.append(line)
            line = f" {word}"
        else:
            line = f"{line} {word}"
    lines.append(line)
    return ("\r\n".join(lines) + "\r\n").encode()


def _encoded_words(text: str, *, first_room: int) -> list[str]:
    """Split a text into encoded words of whole characters.

    Args:
        first_room: How long the first word may be, so that it fits on the line with the field's name.
    """
    quoted = sum(1 for byte in text.encode() if byte in _PHRASE_SAFE or byte == 0x20) * 3 >= len(text.encode()) * 2
    encode, frame = (_quoted, "=?utf-8?q?{}?=") if quoted else (_base64, "=?utf-8?b?{}?=")
    words: list[str] = []
    room, start = first_room, 0
    while start < len(text):
        end = start + 1
        while end < len(text) and len(frame) - 2 + len(encode(text[start : end + 1])) <= room:
            end += 1
        words.append(frame.format(encode(text[start:end])))
        start, room = end, ENCODED_WORD
    return words


def _quoted(text: str) -> str:
    return "".join(
        chr(byte) if byte in _PHRASE_SAFE else "_" if byte == 0x20 else f"={byte:02X}" for byte in text.encode()
    )


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode("ascii")
