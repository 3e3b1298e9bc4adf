"""Tests of bot/core/text.py: what folding undoes, what counts as quoted, and the laws.

Abusive words are few and mild; the laws are tested on hostile strings made of the signs that folding treats specially.
"""
# ruff: noqa: RUF001 - characters that look like others are what is tested

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model import Role
from bot.core.text import fold, quoted, unmarked, words

SPECIAL = "aAbo10$@!|*_~`'\"“”‘’<>&;:# .-\n\t\u200b\u00ad\u0301\u00a0ﬁ½…🇦🅰ｆéоﷺ¨\x00\ud800İßﬀ"
TEXTS = st.one_of(
    st.text(max_size=60),
    st.text(st.sampled_from(SPECIAL), max_size=40),
    st.lists(st.sampled_from(["&amp;", "&lt;", "lt;", "&nbsp;", "<@", "@a_", ">", "_", "**", "||", "ooo", "a", " ", "*", "\n"])).map(
        "".join
    ),
    st.lists(st.sampled_from(["1d10t", "i d i o t", "stuuuupid", "@dana", "kicks", " ", "! ", "  ", "\n> ", "'", '"'])).map("".join),
)


def parts(text: str) -> list[tuple[str, str]]:
    return [(str(role), text[start:end]) for role, start, end in quoted(text)]


@pytest.mark.parametrize(
    "text",
    [
        "IDIOT", "ídíöt", "іdіоt", "ІDІОТ", "ｉｄｉｏｔ", "𝕚𝕕𝕚𝕠𝕥", "🇮🇩🇮🇴🇹", "🅸🅳🅸🅾🆃", "ⓘⓓⓘⓞⓣ", "i\u200bd\u2060i\u202eot",
        "id\u00adiot", "i̶d̶i̶o̶t̶", "**idiot**", "id||io||t", "~~id~~iot", "_idiot_", "`id`iot", "id__io__t", "idi\x00ot",
    ],
)  # fmt: skip
def test_a_disguised_word_folds_to_the_word(text: str) -> None:
    assert fold(text).text == "idiot"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("The A55, at 10 AM: £350!", "the a55, at 10 am: £350!"),
        ("hi <@123> and @dana_b_ and <:wave_2:45>", "hi <@123> and @dana_b_ and <:wave_2:45>"),
        ("snake_case stays", "snake_case stays"),
        ("soooo   good\n\n\tnow", "soo good now"),
        ("don’t say “no” – ever…", 'don\'t say "no" - ever...'),
        ("this &amp; that &amp;lt; more", "this & that < more"),
        ("", ""),
    ],
)
def test_folding_keeps_what_ordinary_text_needs(text: str, folded: str) -> None:
    assert fold(text).text == folded


def test_every_single_character_folds_to_something_stable() -> None:
    for code in range(0x30000):
        once = fold(chr(code)).text
        assert fold(once).text == once, hex(code)


def test_a_lengthened_word_is_led_back_to_all_its_letters() -> None:
    folded = fold("so stupidddd!")
    assert folded.text == "so stupidd!"
    assert folded.original(3, 10) == (3, 12)


@given(TEXTS)
@settings(max_examples=400)
def test_folding_is_idempotent(text: str) -> None:
    once = fold(text).text
    assert fold(once).text == once


@given(TEXTS)
def test_origin_never_goes_back_and_stays_within_the_text(text: str) -> None:
    folded = fold(text)
    assert len(folded.origin) == len(folded.text)
    assert all(before <= after for before, after in pairwise(folded.origin))
    assert all(0 <= place < len(text) for place in folded.origin)
    for start in range(len(folded.text) + 2):
        first, end = folded.original(start, start + 2)
        assert 0 <= first <= end <= len(text)


@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_the_fast_way_for_ascii_gives_what_the_slow_way_gives(text: str) -> None:
    assert fold(text + "é").text == fold(text + "e").text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('He said "you are a liar" and left', [("said", "He said "), ("quoted", "you are a liar"), ("said", " and left")]),
        ("> you are a liar\nI disagree", [("quoted", "you are a liar\n"), ("said", "I disagree")]),
        ("&gt; you liar\nno", [("quoted", "you liar\n"), ("said", "no")]),
        ("No.\n>>> all of\nthis", [("said", "No.\n"), ("quoted", "all of\nthis")]),
        ("look ```all this``` here", [("said", "look "), ("quoted", "all this"), ("said", " here")]),
        ("“go home” was ‘not nice’", [("quoted", "go home"), ("said", " was "), ("quoted", "not nice")]),
        ('she called me a "liar" today', [("said", "she called me a "), ("quoted", "liar"), ("said", " today")]),
        ('"you are a liar"', [("said", '"you are a liar"')]),
        ("<@123> ```you are a liar```", [("said", "<@123> ```you are a liar```")]),
        ("> you are a liar", [("quoted", "you are a liar")]),
        ('dana said "you are a liar"', [("said", "dana said "), ("quoted", "you are a liar")]),
        ('He wrote: "Liar".', [("said", "He wrote: "), ("quoted", "Liar"), ("said", ".")]),
        ("", []),
    ],
)
def test_a_quotation_is_told_from_what_the_author_says(text: str, expected: list[tuple[str, str]]) -> None:
    assert parts(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        'you are a "liar"', 'your so-called "plan"', 'you said nothing. You "liar"', 'he began "you are',
        "don't blame the members' vote", "'tis the voters' choice", 'a 5" by 6" board', "I can't and you won't", "a ``` b c",
    ],
)  # fmt: skip
def test_scare_quotes_apostrophes_and_unclosed_marks_quote_nothing(text: str) -> None:
    assert parts(text) == [("said", text)]


def test_marks_around_all_that_somebody_says_are_left_out_of_what_is_scored() -> None:
    assert unmarked('"you are a liar"!') == "you are a liar!"
    assert unmarked("<@123> ```you are a liar```") == "<@123> you are a liar"
    for text in ('dana said "you are a liar"', "> you are a liar", "you are a liar", "", '"liar"?'):
        assert unmarked(text).replace('"', "") == text.replace('"', "")
    assert unmarked('dana said "you are a liar"') == 'dana said "you are a liar"'


@given(TEXTS)
@settings(max_examples=300)
def test_quoted_covers_everything_but_the_marks_in_order(text: str) -> None:
    ranges = quoted(text)
    left, done = "", 0
    for role, start, end in ranges:
        assert role in (Role.SAID, Role.QUOTED)
        assert done <= start < end <= len(text)
        left, done = left + text[done:start], end
    assert not (left + text[done:]).replace("&gt;", "").strip("`>\"“”'‘’ \t")


def test_words_have_apostrophes_inside_and_positions() -> None:
    assert words("don't 'stop' 4 me") == [("don't", 0, 5), ("stop", 7, 11), ("4", 13, 14), ("me", 15, 17)]


def test_no_look_alike_maps_to_anything_but_plain_letters_and_signs() -> None:
    for code in range(0x20000):
        for sign in fold(chr(code)).text:
            assert unicodedata.category(sign) not in {"Mn", "Me", "Cf", "Cc", "Cs"}


# Other meanings.
