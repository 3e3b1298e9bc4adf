"""Strict YAML: a file's text becomes values that know their place and read themselves as what a field asks for.

Knows: YAML, places, spelling. Must not know: what a policy is, where files lie.
Rules: every scalar stays text until a reader says otherwise; anything that YAML would guess, merge, cut or repeat is
refused; a problem is noted and reading goes on, so that an author sees all of them at once. After a problem a reader
answers with a harmless stand-in, and stays silent about whatever stands inside: one mistake, one line.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, StrEnum
from types import TracebackType
from typing import Protocol, Self, TypeVar

import yaml

T = TypeVar("T")
E = TypeVar("E", bound=Enum)

LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
NESTING_MAX = 24
"""Deeper than any rule that a person can read; keeps the reader's recursion bounded."""
SHOWN_CHARS_MAX = 60
"""So much of a wrong word is repeated in a message: a message stays one line."""
CHOICES_SHOWN_MAX = 20
"""A longer list of allowed words helps nobody."""
DURATION_MAX = timedelta(days=3650)
"""Ten years: no rule needs more, and times minus durations stay dates."""
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
DURATION = re.compile(r"([0-9]{1,9})([smhdw])")
NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
WHOLE = re.compile(r"-?[0-9]{1,15}")
READABLE = "\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff"
UNREADABLE = re.compile(f"\r(?!\n)|[^{READABLE}]")
CUT = re.compile(r" *#[^\s#]")
QUOTE_IT = "put the text in quotation marks"
SPECIAL = "a text cannot begin with '*', '&' or '!', and YAML's aliases, anchors and tags are not used"

SYNTAX: Sequence[tuple[str, bool, str, str]] = (
    ("cannot start any token", False, "a text cannot begin with this character", QUOTE_IT),
    ("values are not allowed", False, "a second ':' in one line, or indented too far", f"{QUOTE_IT} if it holds ': '"),
    ("quoted scalar: found unexpected", True, "a quotation mark is opened here and never closed", ""),
    ("flow (sequence|mapping)", True, "a bracket is opened here and not closed, or a comma is missing", ""),
    ("scanning a simple key", True, "a key without ':'", ""),
    ("scanning an? (alias|anchor|tag)", True, SPECIAL, QUOTE_IT),
    ("scanning a block scalar", True, "a text cannot begin with '>' or '|'", QUOTE_IT),
    ("escape", False, "no such escape with a backslash", "use '...' instead of \"...\", or write the backslash twice"),
    ("block (collection|mapping)", False, "indented unlike the lines above, or text after a quotation", ""),
)
"""What the YAML library says (its two builds differ) -> if the first of its places is the one, our words, a hint."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake of an author, with its place (lines and columns count from 1)."""

    file: str
    line: int
    column: int
    text: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.text}" + (f"; {self.hint}" if self.hint else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A text, a list or a mapping (name -> key, value) at its place.

    Content is None where a problem was noted already: its readers stay silent.
    """

    file: str
    line: int
    column: int
    content: "Content"
    problems: list[Problem] = field(repr=False, compare=False)

    def problem(self, text: str, hint: str = "") -> None:
        """Note a problem at this place."""
        if self.content is not None:
            self.problems.append(Problem(self.file, self.line, self.column, text, hint))

    def text(self) -> str:
        """Read a text that is not blank, without the line end of a block."""
        if isinstance(self.content, str) and self.content.strip():
            return self.content.rstrip("\n")
        self.problem("expected a text, and here is nothing" if self.content == "" else f"expected a text, not {self._what()}")
        return ""

    def items(self, least: int = 0) -> "tuple[Value, ...]":
        """Read a list of so many values at least."""
        if isinstance(self.content, tuple):
            if len(self.content) < least:
                self.problem(f"{len(self.content) or 'nothing'} in this list, at least {least} expected")
            return self.content
        hint = "write [] for none" if self.content == "" else "write each value on a line of its own, after '- '"
        self.problem(f"expected a list, not {self._what()}", hint)
        return ()

    def texts(self, least: int = 0) -> tuple[str, ...]:
        """Read a list of so many texts at least."""
        return tuple(item.text() for item in self.items(least))

    def fields(self) -> "Fields":
        """Read a mapping, key by key."""
        if not isinstance(self.content, Mapping):
            self.problem(f"expected keys with values ('key: value'), not {self._what()}")
        return Fields(self)

    def number(self, low: float = float("-inf"), high: float = float("inf")) -> float:
        """Read a decimal number within bounds (both allowed)."""
        return self._bounded(NUMBER, "a number", low, high)

    def whole(self, low: float = float("-inf"), high: float = float("inf")) -> int:
        """Read a whole number within bounds (both allowed)."""
        return int(self._bounded(WHOLE, "a whole number", low, high))

    def duration(self, low: timedelta = timedelta(seconds=1), high: timedelta = DURATION_MAX) -> timedelta:
        """Read a time such as 45s, 10m, 3h, 14d or 26w, within bounds (both allowed)."""
        text = self.text()
        form = DURATION.fullmatch(text)
        if form is None:
            self._wrong(text, "a time", "write 45s, 10m, 3h, 14d or 26w")
            return low
        seconds = int(form[1]) * UNITS[form[2]]
        if not low.total_seconds() <= seconds <= high.total_seconds():
            self.problem(f"{text} is outside {spell(low)} to {spell(high)}")
            return low
        return timedelta(seconds=seconds)

    def yes_no(self) -> bool:
        """Read yes or no, in these words."""
        text = self.text()
        if text not in ("yes", "no"):
            self._wrong(text, "yes or no", "write yes or no")
        return text == "yes"

    def choice(self, options: Iterable[E]) -> E:
        """Read one member of an enumeration, by its name as authors write it."""
        names = {(one.value if isinstance(one, StrEnum) else one.name.lower()): one for one in options}
        return names.get(self.one_of(names, "a choice here"), next(iter(names.values())))

    def one_of(self, known: Iterable[str], what: str) -> str:
        """Read one of some words; "" with a suggestion noted where it is none of them."""
        text, names = self.text(), list(known)
        if text in names:
            return text
        self._wrong(text, what, suggest(text, names))
        return ""

    def _bounded(self, form: re.Pattern[str], what: str, low: float, high: float) -> float:
        text = self.text()
        if not form.fullmatch(text):
            self._wrong(text, what, "")
        elif not low <= float(text) <= high:
            bounds = f"at least {low:g}" if high == float("inf") else f"{low:g} to {high:g}"
            self.problem(f"{text} is out of bounds", f"allowed is {bounds}")
        else:
            return float(text)
        return low if low > float("-inf") else 0.0

    def _wrong(self, text: str, what: str, hint: str) -> None:
        if text:
            self.problem(f"{shown(text)} is not {what}", hint)

    def _what(self) -> str:
        if isinstance(self.content, str):
            return "a text" if self.content else "nothing"
        return "a list" if isinstance(self.content, tuple) else "keys with values"


Content = str | tuple[Value, ...] | Mapping[str, tuple[Value, Value]] | None


class Fields:
    """The keys of one mapping. Every key is asked for by name; on leaving, keys nobody asked for are problems."""

    def __init__(self, value: Value) -> None:
        """Read `value`; if it is no mapping, every key is absent and nothing more is said."""
        self.value = value
        self._entries = value.content if isinstance(value.content, Mapping) else {}
        self._asked: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for name, (key, _value) in self._entries.items():
            if name not in self._asked:
                key.problem(f"unknown key {shown(name)}", suggest(name, self._asked))

    def __iter__(self) -> Iterator[tuple[Value, Value]]:
        """All keys with their values, known or not."""
        return iter(self._entries.values())

    def get(self, key: str) -> Value | None:
        """Value of a key that may be absent."""
        self._asked.append(key)
        return self._entries[key][1] if key in self._entries else None

    def need(self, key: str) -> Value:
        """Value of a key that must be there."""
        value = self.get(key)
        if value is not None:
            return value
        if isinstance(self.value.content, Mapping):
            self.value.problem(f"the key '{key}' is missing here")
        return silent(self.value.file, self.value.problems)

    def optional(self, key: str, read: Callable[[Value], T], default: T) -> T:
        """Read a key that may be absent, in which case the default counts."""
        value = self.get(key)
        return default if value is None else read(value)


def silent(file: str, problems: list[Problem]) -> Value:
    """Stand in for a value about which a problem was noted already."""
    return Value(file=file, line=1, column=1, content=None, problems=problems)


def shown(text: str) -> str:
    """Show a wrong word as it appears in a message: on one line, printable, not too long."""
    return repr(text if len(text) <= SHOWN_CHARS_MAX else text[: SHOWN_CHARS_MAX - 1] + "…")


def suggest(word: str, known: Sequence[str]) -> str:
    """Say which of the known words was probably meant, else which ones there are."""
    close = difflib.get_close_matches(word[:SHOWN_CHARS_MAX].casefold(), known, n=1)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"known: {', '.join(known)}" if 0 < len(known) <= CHOICES_SHOWN_MAX else ""


def spell(time: timedelta) -> str:
    """Spell a time as authors write it, in the largest unit that fits."""
    seconds = int(time.total_seconds())
    unit = next((unit for unit in "wdhm" if seconds and seconds % UNITS[unit] == 0), "s")
    return f"{seconds // UNITS[unit]}{unit}"


def read(file: str, text: str, problems: list[Problem]) -> Value:
    """Read the one document of a file. What is wrong with it is appended to `problems`; nothing is ever raised."""
    text = text.removeprefix("\ufeff")
    bad = UNREADABLE.search(text)
    if bad:
        line, column = text.count("\n", 0, bad.start()) + 1, bad.start() - text.rfind("\n", 0, bad.start())
        name, hint = ("a tab", "use spaces") if bad[0] == "\t" else (f"the character U+{ord(bad[0]):04X}", "remove it")
        problems.append(Problem(file, line, column, f"{name} cannot stand in this file", hint))
        return silent(file, problems)
    builder = _Builder(file, text, problems)
    try:
        return builder.document()
    except yaml.MarkedYAMLError as error:
        said = f"{error.context}: {error.problem}"
        known = (entry for entry in SYNTAX if re.search(entry[0], said))
        _, first, words, hint = next(known, ("", False, f"not readable as YAML ({error.problem})", ""))
        mark = (error.context_mark if first else None) or error.problem_mark or error.context_mark
        builder.note(mark, words, hint)
    except _TooDeepError as error:
        builder.note(error.args[0], f"more than {NESTING_MAX} levels deep", "")
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        builder.note(None, f"not readable as YAML ({shown(str(error))})", "")
    return silent(file, problems)


class Mark(Protocol):
    """A place as the YAML library has it, counted from 0."""

    line: int
    column: int


def _start(event: yaml.Event) -> Mark:
    assert event.start_mark is not None, "parsed from a text"
    return event.start_mark


class _TooDeepError(Exception):
    """The file is nested beyond what is read."""


class _Builder:
    """Builds values from the YAML parser's steps: composing would hide anchors, tags and repeated keys."""

    def __init__(self, file: str, text: str, problems: list[Problem]) -> None:
        self.file, self.problems = file, problems
        self.lines = text.split("\n")
        self.events: Iterator[yaml.Event] = yaml.parse(text, Loader=LOADER)

    def note(self, mark: Mark | None, text: str, hint: str) -> None:
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        self.problems.append(Problem(self.file, line, column, text, hint))

    def document(self) -> Value:
        value = None
        for event in self.events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            if value is not None:
                self.note(_start(event), "a second document begins here", "one file holds one; remove '---'")
                break
            value = self.value(next(self.events), 0)
        if value is None:
            self.note(None, "the file is empty", "")
        return value or silent(self.file, self.problems)

    def value(self, event: yaml.Event, depth: int) -> Value:
        mark = _start(event)
        if depth > NESTING_MAX:
            raise _TooDeepError(mark)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) or getattr(event, "tag", None):
            self.note(mark, SPECIAL, QUOTE_IT)
        content: Content = None
        if isinstance(event, yaml.ScalarEvent):
            content = None if self.is_cut(event) else event.value
        elif isinstance(event, yaml.SequenceStartEvent):
            inside = iter(self.events.__next__, None)
            content = tuple(self.value(e, depth + 1) for e in _until(inside, yaml.SequenceEndEvent))
        elif isinstance(event, yaml.MappingStartEvent):
            content = self.mapping(depth)
        line, column = mark.line + 1, mark.column + 1
        return Value(file=self.file, line=line, column=column, content=content, problems=self.problems)

    def mapping(self, depth: int) -> Mapping[str, tuple[Value, Value]]:
        entries: dict[str, tuple[Value, Value]] = {}
        for event in _until(iter(self.events.__next__, None), yaml.MappingEndEvent):
            key = self.value(event, depth + 1)
            value = self.value(next(self.events), depth + 1)
            name = key.content
            if not isinstance(name, str):
                key.problem("a key must be a text")
            elif name in entries:
                key.problem(f"the key {shown(name)} stands here twice", f"first in line {entries[name][0].line}")
            else:
                entries[name] = (key, value)
        return entries

    def is_cut(self, event: yaml.ScalarEvent) -> bool:
        """Say whether a comment that hardly was meant as one ("see #general") cuts this text short."""
        end = event.end_mark
        assert end is not None, "parsed from a text"
        plain = event.style in {None, ""} and end.line < len(self.lines)
        cut = plain and CUT.match(self.lines[end.line], end.column)
        if cut:
            hint = f"{QUOTE_IT}, or write '# ' for a comment"
            self.note(_start(event), "the text ends at '#', where a comment begins", hint)
        return bool(cut)


def _until(events: Iterator[yaml.Event], end: type[yaml.Event]) -> Iterator[yaml.Event]:
    for event in events:
        if isinstance(event, end):
            return
        yield event
