"""Strict YAML: values with places, readers, and problems that say what to do.

Knows: core/source.py. Must not know: policies.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum, StrEnum
from typing import ClassVar

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.compiler import source
from bot.compiler.source import NESTING_MAX, Builder, Problem, Value, read


class Colour(StrEnum):
    RED = "red"
    DARK_GREEN = "dark_green"


class Size(IntEnum):
    SMALL = 1
    LARGE = 2


@dataclass(frozen=True, kw_only=True)
class Room:
    single: ClassVar[str] = "name"
    name: str
    size: Size = Size.SMALL


@dataclass(frozen=True, kw_only=True)
class House:
    title: str
    rooms: tuple[Room, ...] = field(metadata={"least": 1})
    doors: int = field(default=1, metadata={"low": 1, "high": 9})
    height: float = 2.5
    open: bool = False
    visit: timedelta | None = None
    tints: Mapping[Colour, int] = field(default_factory=dict)
    author: str = field(default="", metadata={"key": "from"})
    state: bool | None = field(default=None, metadata={"words": {"good": True, "bad": False}})


CUT_SHORT = "the text ends at '#', where a comment begins; put the text in quotation marks, or write '# ' for a comment"


def valued(text: str) -> tuple[Value, list[Problem]]:
    problems: list[Problem] = []
    return read("a.yaml", text, problems), problems


def built(text: str) -> House:
    value, problems = valued(text)
    house = Builder().build(House, value)
    assert problems == []
    return house


def complaints(text: str, reader: Callable[[Value], object]) -> list[str]:
    value, problems = valued(text)
    reader(value)
    return [str(problem) for problem in problems]


def test_a_file_becomes_an_object_by_the_types_of_its_fields() -> None:
    text = """
    title: "Old house"
    rooms: [hall, {name: kitchen, size: large}]
    doors: 3
    height: 4.25
    open: yes
    visit: 2h
    tints: {red: 1, dark_green: 2}
    from: dana
    state: bad
    """
    assert built(text) == House(
        title="Old house",
        rooms=(Room(name="hall"), Room(name="kitchen", size=Size.LARGE)),
        doors=3,
        height=4.25,
        open=True,
        visit=timedelta(hours=2),
        tints={Colour.RED: 1, Colour.DARK_GREEN: 2},
        author="dana",
        state=False,
    )


def test_what_is_absent_has_its_default() -> None:
    assert built("{title: a, rooms: [b]}") == House(title="a", rooms=(Room(name="b"),))


@pytest.mark.parametrize("word", ["no", "null", "~", "1e3", "0x10", "2026-01-01", ".inf", "012"])
def test_what_yaml_would_guess_stays_text(word: str) -> None:
    assert built(f"{{title: {word}, rooms: [b]}}").title == word


def test_a_block_of_text_loses_only_its_last_line_end() -> None:
    assert built("title: |\n  a\n\n   b\nrooms: [c]\n").title == "a\n\n b"


def test_every_mistake_of_a_file_is_noted_with_its_place() -> None:
    text = "titel: a\nrooms: []\ndoors: 10\nheight: tall\nopen: true\nvisit: soon\ntints: {red: 1, green: 2}\nstate: worse\n"
    assert complaints(text, lambda value: Builder().build(House, value)) == [
        "a.yaml:2:8: nothing in this list, at least 1 expected",
        "a.yaml:3:8: 10 is out of bounds; allowed is 1 to 9",
        "a.yaml:4:9: 'tall' is not a number",
        "a.yaml:5:7: 'true' is not yes or no; write yes or no",
        "a.yaml:6:8: 'soon' is not a time; write 45s, 10m, 3h, 14d or 26w",
        "a.yaml:7:17: unknown key 'green'; did you mean 'dark_green'?",
        "a.yaml:8:8: 'worse' is not an answer here; known: good, bad",
        "a.yaml:1:1: unknown key 'titel'; did you mean 'title'?",
    ]


def test_of_very_many_choices_some_are_named_and_the_rest_is_counted() -> None:
    assert source.suggest("zebra", [f"bank-{n}" for n in range(3)]) == "known: bank-0, bank-1, bank-2"
    assert source.suggest("zebra", [f"bank-{n:02d}" for n in range(42)]).endswith("bank-18, bank-19 and 22 more")
    assert source.suggest("zebra", []) == ""


def test_a_misspelt_key_is_one_problem_and_a_missing_one_is_another() -> None:
    assert complaints("rooms: [a]", lambda value: Builder().build(House, value)) == ["a.yaml:1:1: the key 'title' is missing here"]
    assert len(complaints("{rooms: [a], titl: b}", lambda value: Builder().build(House, value))) == 1


@pytest.mark.parametrize(
    ("text", "seconds"), [("45s", 45), ("10m", 600), ("3h", 10_800), ("14d", 1_209_600), ("26w", 15_724_800), ("3650d", 315_360_000)]
)
def test_times_are_a_number_and_a_unit(text: str, seconds: int) -> None:
    value, problems = valued(text)
    assert (value.duration().total_seconds(), problems) == (seconds, [])


@pytest.mark.parametrize("text", ["45", "s", "1.5h", "1h30m", "-1h", "0s", "3651d", "999999999w", "10 m", "٣h", "1H"])
def test_other_times_are_refused_with_one_line(text: str) -> None:
    assert len(complaints(text, Value.duration)) == 1


@pytest.mark.parametrize("text", ["", "a", "nan", "inf", "1e5", "0x1", "1_0", "٣", "1.", ".5", "--1", "9" * 40])
def test_what_is_no_plain_decimal_number_is_refused(text: str) -> None:
    assert len(complaints(f"'{text}'", Value.number)) == 1
    assert len(complaints(f"'{text}'", Value.whole)) == 1


def test_bounds_are_allowed_themselves() -> None:
    assert complaints("[0, 1]", lambda value: [item.number(0, 1) for item in value.items()]) == []
    assert complaints("1.01", lambda value: value.number(0, 1)) == ["a.yaml:1:1: 1.01 is out of bounds; allowed is 0 to 1"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:\n\t- b", "a.yaml:2:1: a tab cannot stand in this file; use spaces"),
        ("a: b\x00c", "a.yaml:1:5: the character U+0000 cannot stand in this file; remove it"),
        ("a: b\nc: \ud83d", "a.yaml:2:4: the character U+D83D cannot stand in this file; remove it"),
        ("a: b\rc: d", "a.yaml:1:5: the character U+000D cannot stand in this file; remove it"),
        ("", "a.yaml:1:1: the file is empty"),
        ("# nothing\n", "a.yaml:1:1: the file is empty"),
        ("a: 1\na: 2", "a.yaml:2:1: the key 'a' stands here twice; first in line 1"),
        ("a: 1\n---\nb: 2", "a.yaml:2:1: a second document begins here; one file holds one; remove '---'"),
        ("[a]: b", "a.yaml:1:1: a key must be a text"),
        ("a: !!int 3", "a.yaml:1:4: " + source.SPECIAL + "; " + source.QUOTE_IT),
        ("a: &b c", "a.yaml:1:4: " + source.SPECIAL + "; " + source.QUOTE_IT),
        ("a: *b", "a.yaml:1:4: " + source.SPECIAL + "; " + source.QUOTE_IT),
        ("a: **b**", "a.yaml:1:4: " + source.SPECIAL + "; " + source.QUOTE_IT),
        ("a: @b", "a.yaml:1:4: a text cannot begin with this character; put the text in quotation marks"),
        ("a: > b", "a.yaml:1:4: a text cannot begin with '>' or '|'; put the text in quotation marks"),
        ("a: 'b", "a.yaml:1:4: a quotation mark is opened here and never closed"),
        ("a: [b\nc: d", "a.yaml:1:4: a bracket is opened here and not closed, or a comma is missing"),
        ("a: b\nc", "a.yaml:2:1: a key without ':'"),
        ("a: #general", "a.yaml:1:3: " + CUT_SHORT),
        ("a: see #general", "a.yaml:1:4: " + CUT_SHORT),
    ],
)  # fmt: skip
def test_bad_syntax_is_one_clear_line(text: str, expected: str) -> None:
    assert complaints(text, lambda _: None) == [expected]


def test_a_comment_and_a_hash_inside_quotation_marks_are_allowed() -> None:
    assert built('title: "see #general"  # a room\nrooms: [b]  ## rooms\n').title == "see #general"


def test_a_byte_order_mark_and_line_ends_of_windows_are_allowed() -> None:
    assert built("\ufefftitle: a\r\nrooms: [b]\r\n").title == "a"


def test_a_file_nested_too_deep_is_refused_and_never_recurses_further() -> None:
    for text in ("[" * 50_000, "- " * 50_000, "{a: " * 50_000):
        assert [f"more than {NESTING_MAX} levels deep" in line for line in complaints(text, lambda _: None)] == [True]


def test_nothing_more_is_said_about_what_was_refused_already() -> None:
    assert len(complaints("a: &b\n  c: 1\nd: *b", lambda value: value.part("d").items())) == 2
    value, problems = valued("'")
    Builder().build(House, value)
    assert len(problems) == 1


def test_a_wrong_word_is_shown_on_one_line_and_cut() -> None:
    lines = complaints("'" + "a\n\n" * 200 + "'", lambda value: value.choice(Colour))
    assert len(lines) == 1
    assert "\n" not in lines[0]
    assert len(lines[0]) < 200


def test_the_readers_that_ship_with_python_alone_give_the_same_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "LOADER", yaml.SafeLoader)
    assert built('title: "see #general"  # a room\nrooms: [b]\n').title == "see #general"
    assert complaints("a: 'b", lambda _: None) == ["a.yaml:1:4: a quotation mark is opened here and never closed"]
    assert len(complaints("a: see #general", lambda _: None)) == 1
    assert len(complaints('a: "\\UFFFFFFFF"', lambda _: None)) == 1


@given(st.text(alphabet=st.sampled_from("ab:-[]{}#&*!|>'\"%@`,?\\ \n\r\t\x00\x85\u2028\ufeff\ud800😀~=<")) | st.text())
def test_any_text_is_a_value_or_a_problem_and_never_an_exception(text: str) -> None:
    value, problems = valued(text)
    assert value.content is not None or problems
    Builder().build(House, value)
    assert all("\n" not in str(problem) for problem in problems)
    assert all(problem.line >= 1 and problem.column >= 1 for problem in problems)


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1))
def test_a_quoted_text_comes_back_as_it_was_written(text: str) -> None:
    value, problems = valued("- '" + text.replace("'", "''") + "'")
    assert (problems, [item.text() for item in value.items()]) == ([], [text])


def test_places_count_characters_not_bytes() -> None:
    lines = complaints("- 😀: é\n- {é: 1, b: ü}", lambda value: value.items()[1].part("b").whole())
    assert lines == ["a.yaml:2:13: 'ü' is not a whole number"]
