"""Marks in a text for a person and a room: each platform shows them in its own way.

Knows: two private characters that enclose an id. Must not know: platforms, names.
Rules: what members wrote never holds a mark (`unmarked`); a text with marks is shown by `rendered`, everything outside the
marks escaped as the platform needs it; no control character and nothing that turns the direction of reading reaches a screen as it is
(`visible`), so that words can neither wipe the screen nor pass for a line of ours.
"""

import re
from collections.abc import Callable

_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}([@#])([^{_CLOSE}]*){_CLOSE}")
_CHARACTERS = str.maketrans("", "", _OPEN + _CLOSE)
_PICTURES = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n"} | {0x7F: "␡"}
_CODES = (*range(0x80, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000))
"""C1 controls, other line ends, overrides of the direction of reading and their isolates, halves of characters that no file can hold."""
_VISIBLE = _PICTURES | {code: f"⟨U+{code:04X}⟩" for code in _CODES}


def person(account: str) -> str:
    """The mark of an account."""
    return f"{_OPEN}@{account}{_CLOSE}"


def place(room: str) -> str:
    """The mark of a room."""
    return f"{_OPEN}#{room}{_CLOSE}"


def unmarked(text: str) -> str:
    """A text that somebody wrote, without the characters that marks are made of."""
    return text.translate(_CHARACTERS)


def visible(text: str) -> str:
    """A text in which what a screen would obey is seen instead: ␛, ⟨U+202E⟩. Tabs and line ends stay; doing it twice changes nothing.

    Joiners, flags and marks of direction stay too: emoji and whole languages need them, and they reorder nobody else's words.
    """
    return text.translate(_VISIBLE)


def one_line(text: str) -> str:
    """What somebody wrote, visible, on one line and without marks, so that it cannot pass for a line of ours."""
    return visible(" ".join(unmarked(text).split()))


def rendered(text: str, *, person: Callable[[str], str], place: Callable[[str], str], escape: Callable[[str], str] = str) -> str:
    """The text as a platform shows it: marks by `person` and `place`, all else by `escape`; nothing that a screen would obey is left."""
    shown, end = [], 0
    for mark in _MARK.finditer(text):
        shown += [escape(text[end : mark.start()]), (person if mark[1] == "@" else place)(mark[2])]
        end = mark.end()
    return visible("".join([*shown, escape(text[end:])]))


def plain(text: str) -> str:
    """The text with bare ids, for a terminal or a file."""
    return rendered(text, person=one_line, place=one_line)
