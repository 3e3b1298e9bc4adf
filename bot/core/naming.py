"""Marks in a text for a person and a room: each platform shows them in its own way.

Knows: two private characters that enclose an id. Must not know: platforms, names.
Rules: what members wrote never holds a mark (`unmarked`); a text with marks is shown by `rendered`, everything outside the
marks escaped as the platform needs it.
"""

import re
from collections.abc import Callable

_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}([@#])([^{_CLOSE}]*){_CLOSE}")
_CHARACTERS = str.maketrans("", "", _OPEN + _CLOSE)


def person(account: str) -> str:
    """The mark of an account."""
    return f"{_OPEN}@{account}{_CLOSE}"


def place(room: str) -> str:
    """The mark of a room."""
    return f"{_OPEN}#{room}{_CLOSE}"


def unmarked(text: str) -> str:
    """A text that somebody wrote, without the characters that marks are made of."""
    return text.translate(_CHARACTERS)


def rendered(text: str, *, person: Callable[[str], str], place: Callable[[str], str], escape: Callable[[str], str] = str) -> str:
    """The text as a platform shows it: marks by `person` and `place`, all else by `escape`."""
    shown, end = [], 0
    for mark in _MARK.finditer(text):
        shown += [escape(text[end : mark.start()]), (person if mark[1] == "@" else place)(mark[2])]
        end = mark.end()
    return "".join([*shown, escape(text[end:])])


def plain(text: str) -> str:
    """The text with bare ids, for a terminal or a file."""
    return rendered(text, person=str, place=str)
