"""Strict YAML: a file's text becomes values that know their place and read themselves as what a field asks for.

Knows: YAML, places, spelling. Must not know: what a policy is, where files lie.
Rules: every scalar stays text until a reader says otherwise; anything that YAML would guess, merge, cut or repeat is
refused; a problem is noted and reading goes on, so that an author sees all of them at once. After a problem a reader
answers with a harmless stand-in, and stays silent about whatever stands inside: one mistake, one line.
"""

import difflib
import re
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass, replace
from datetime import timedelta
from enum import Enum, StrEnum
from typing import Any, TypeVar

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
    ("block (collection|mapping)", False, "indented unlike the lines above, or text after a quotation", "inside '...' an apostrophe is ''"),
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

    def keys(self) -> "Mapping[str, tuple[Value, Value]]":
        """Read a mapping, name -> key, value."""
        if isinstance(self.content, Mapping):
            return self.content
        self.problem(f"expected keys with values ('key: value'), not {self._what()}")
        return {}

    def fields(self) -> "Fields":
        """Read a mapping, key by key."""
        return Fields(self)

    def part(self, name: str) -> "Value":
        """Return the value of a key that was read already; where it is absent, one that is false and silent."""
        entries = self.content if isinstance(self.content, Mapping) else {}
        return entries[name][1] if name in entries else silent(self.file, self.problems)

    def __bool__(self) -> bool:
        """Say whether there is something that could be read."""
        return self.content is not None

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
        names = {_name(one): one for one in options}
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
    """The keys of one mapping, to be used with `with`. Every key is asked for by name; what is wrong is noted at the end."""

    def __init__(self, value: Value) -> None:
        self._value, self._entries = value, value.keys()
        self._asked: list[str] = []
        self._missing: list[str] = []

    def __enter__(self) -> typing.Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Note keys that nobody asked for, and keys that are missing unless a misspelt one was probably meant."""
        absent = [name for name in self._asked if name not in self._entries]
        hints = {name: suggest(name, absent, self._asked) for name in self._entries if name not in self._asked}
        for name, hint in hints.items():
            self._entries[name][0].problem(f"unknown key {shown(name)}", hint)
        for name in self._missing:
            if f"did you mean '{name}'?" not in hints.values() and isinstance(self._value.content, Mapping):
                self._value.problem(f"the key '{name}' is missing here")

    def get(self, key: str) -> Value | None:
        """Value of a key that may be absent."""
        self._asked.append(key)
        return self._entries[key][1] if key in self._entries else None

    def need(self, key: str) -> Value:
        """Value of a key that must be there; a silent one where it is not."""
        value = self.get(key)
        if value is None:
            self._missing.append(key)
        return value or silent(self._value.file, self._value.problems)


class Builder:
    """Fills dataclasses from keys with values, by the types of their fields; unknown and missing keys are problems.

    A field's metadata may say more: `key` (as authors write it, where that differs), `low` and `high` (bounds), `least`
    (length of a list), `words` (text -> value), `among` (the keys of a mapping), `read` (the method `read_...` of a
    subclass that reads the whole), `bank` (given to `read_bank` for each text), `needed` (in spite of a default). A class
    attribute `single` names the field that a text or a list alone stands for.
    """

    def build(self, cls: type[T], value: Value, **given: object) -> T:
        """Fill one object; fields that are given are not read."""
        single = getattr(cls, "single", "")
        if single and isinstance(value.content, str | tuple):
            value = replace(value, content={single: (value, value)})
        types, filled = typing.get_type_hints(cls), dict(given)
        with value.fields() as keys:
            for one in fields(typing.cast("Any", cls)):
                if one.name in given:
                    continue
                key = one.metadata.get("key", one.name)
                part = keys.need(key) if _needed(one) else keys.get(key)
                if part is not None:
                    filled[one.name] = self.read(part, types[one.name], one.metadata)
        return cls(**filled)

    def read(self, value: Value, kind: Any, metadata: Mapping[str, Any]) -> object:  # noqa: PLR0911 (one line for each type)
        """Read a value as a type: text, numbers, times, enumerations, dataclasses, tuples and mappings of them."""
        inner = typing.get_args(kind)
        if "read" in metadata:
            return getattr(self, f"read_{metadata['read']}")(value)
        if "words" in metadata:
            words = metadata["words"]
            return words.get(value.one_of(words, "an answer here"), next(iter(words.values())))
        if typing.get_origin(kind) is tuple:
            return tuple(self.read(item, inner[0], metadata) for item in value.items(metadata.get("least", 0)))
        if typing.get_origin(kind) is Mapping:
            with value.fields() as keys:
                members = metadata.get("among", inner[0])
                return {member: self.read(keys.need(_name(member)), inner[1], metadata) for member in members}
        if type(None) in inner:
            return self.read(value, inner[0], metadata)
        if "bank" in metadata:
            return self.read_bank(value, metadata["bank"])
        if is_dataclass(kind):
            return self.build(typing.cast("type[object]", kind), value)
        if issubclass(kind, Enum):
            return value.choice(kind)
        if kind in NUMBERS:
            return NUMBERS[kind](value, **{bound: metadata[bound] for bound in ("low", "high") if bound in metadata})
        return value.yes_no() if kind is bool else value.text()

    def read_bank(self, value: Value, kinds: str) -> str:
        """Read the name of a bank of one of some kinds; who knows banks, says which there are."""
        raise NotImplementedError


NUMBERS: Mapping[object, Callable[..., object]] = {int: Value.whole, float: Value.number, timedelta: Value.duration}


def _needed(one: Field[object]) -> bool:
    return "needed" in one.metadata or (one.default is MISSING and one.default_factory is MISSING)


def _name(member: Enum) -> str:
    return member.value if isinstance(member, StrEnum) else member.name.lower()


def silent(file: str, problems: list[Problem]) -> Value:
    """Stand in for a value about which a problem was noted already."""
    return Value(file=file, line=1, column=1, content=None, problems=problems)


def shown(text: str) -> str:
    """Show a wrong word as it appears in a message: on one line, printable, not too long."""
    return repr(text if len(text) <= SHOWN_CHARS_MAX else text[: SHOWN_CHARS_MAX - 1] + "…")


def suggest(word: str, *known: Sequence[str]) -> str:
    """Say which of the known words was probably meant, likelier ones first, else which ones there are."""
    for words in known:
        close = difflib.get_close_matches(word[:SHOWN_CHARS_MAX].casefold(), words, n=1)
        if close:
            return f"did you mean '{close[0]}'?"
    few, more = known[-1][:CHOICES_SHOWN_MAX], len(known[-1]) - CHOICES_SHOWN_MAX
    return f"known: {', '.join(few)}{f' and {more} more' if more > 0 else ''}" if few else ""


def spell(time: timedelta) -> str:
    """Spell a time as authors write it, in the largest unit up to days that fits."""
    seconds = int(time.total_seconds())
    unit = next((unit for unit in "dhm" if seconds and seconds % UNITS[unit] == 0), "s")
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
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        builder.note(None, f"not readable as YAML ({shown(str(error))})", "")
    return silent(file, problems)


class _Builder:
    """Builds values from the YAML parser's steps: composing would hide anchors, tags and repeated keys."""

    def __init__(self, file: str, text: str, problems: list[Problem]) -> None:
        self.file, self.problems = file, problems
        self.lines = text.split("\n")
        self.events: Iterator[Any] = yaml.parse(text, Loader=LOADER)

    def note(self, mark: Any, text: str, hint: str) -> None:
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        self.problems.append(Problem(self.file, line, column, text, hint))

    def document(self) -> Value:
        value = None
        for event in self.events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            if value is not None:
                self.note(event.start_mark, "a second document begins here", "one file holds one; remove '---'")
                break
            value = self.value(next(self.events), 0)
        if value is None:
            self.note(None, "the file is empty", "")
        return value or silent(self.file, self.problems)

    def value(self, event: Any, depth: int) -> Value:
        mark = event.start_mark
        if depth > NESTING_MAX:
            raise yaml.MarkedYAMLError(problem=f"more than {NESTING_MAX} levels deep", problem_mark=mark)
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

    def is_cut(self, event: Any) -> bool:
        """Say whether a comment that hardly was meant as one ("see #general") cuts this text short."""
        end = event.end_mark
        plain = event.style in {None, ""} and end.line < len(self.lines)
        cut = plain and CUT.match(self.lines[end.line], end.column)
        if cut:
            hint = f"{QUOTE_IT}, or write '# ' for a comment"
            self.note(event.start_mark, "the text ends at '#', where a comment begins", hint)
        return bool(cut)


def _until(events: Iterator[Any], end: type) -> Iterator[Any]:
    for event in events:
        if isinstance(event, end):
            return
        yield event
