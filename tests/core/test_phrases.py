"""Tests of bot/core/phrases.py: which words a bank finds however they are written, harmless meanings, and the laws.

Abusive words are few and mild; the laws are tested on the hostile strings of test_text.py.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.phrases import Found, Meanings, PhraseIndex
from bot.core.text import fold, quoted
from tests.core.test_text import TEXTS

WORDS = PhraseIndex({"rude": ["idiot", "stupid", "asshole", "liar", "nazi", "you are vermin"]})
ENDINGS = PhraseIndex({"threats": ["kill*", "kick* your head", "shut it"]})


def shown(index: PhraseIndex, text: str) -> list[tuple[str, str]]:
    return [(found.phrase, text[found.start : found.end]) for found in index.find(text)]


@pytest.mark.parametrize(
    ("text", "words_found"),
    [
        ("you idiot!", "idiot"), ("what an 1d10t", "1d10t"), ("1d10t!!", "1d10t"), ("stuuuupid man", "stuuuupid"),
        ("idiooot", "idiooot"), ("i d i o t", "i d i o t"), ("an i.d.i.o.t.", "i.d.i.o.t"), ("i-d-i-o-t", "i-d-i-o-t"),
        ("i. d. 1. 0. t.", "i. d. 1. 0. t"), ("such a l i a r", "l i a r"), ("YOU ARE\n\nVERMIN", "YOU ARE\n\nVERMIN"),
        ("a$$hole", "a$$hole"), ("@sshole", "@sshole"), ("assshooole", "assshooole"), ("ass\u200bhole", "ass\u200bhole"),
        ("an idiot's guess", "idiot"), ("you_are_an_idiot", "idiot"),
        ("y o u   a r e   v e r m i n", "y o u   a r e   v e r m i n"), ("y0u are verm1n", "y0u are verm1n"), ("na21 n4z1", "n4z1"), ("**you are** vermin", "you are** vermin"),
    ],
)  # fmt: skip
def test_a_phrase_is_found_however_it_is_disguised(text: str, words_found: str) -> None:
    assert [found for _, found in shown(WORDS, text)] == [words_found]


def test_a_word_within_a_longer_word_is_never_found() -> None:
    index = PhraseIndex({"rude": ["cunt", "cock", "ass", "tit", "sex", "hell", "can", "god", "con"]})
    for text in (
        "Scunthorpe", "Cockermouth", "the working class", "Titchfield", "Essex and Middlesex", "hello", "she'll", "can't",
        "S c u n t h o r p e", "s.c.u.n.t.h.o.r.p.e", "claaaass", "cl@ss!", "conns", "t1tle",
    ):  # fmt: skip
        assert shown(index, text) == []


def test_numbers_and_postcodes_are_not_read_as_letters() -> None:
    index = PhraseIndex({"rude": ["ass", "loam", "ioam", "sg", "si", "sl", "zab", "so", "ba", "less", "as"]})
    for text in ("at 10am", "10 am", "the A55", "S1 2AB", "£350", "5G", "b4", "50", "1355", "$50", "A5"):
        assert shown(index, text) == []


def test_a_star_lets_a_word_go_on() -> None:
    assert shown(ENDINGS, "Kicking your head, killing it, kill") == [
        ("kick* your head", "Kicking your head"), ("kill*", "killing"), ("kill*", "kill"),
    ]  # fmt: skip
    assert shown(ENDINGS, "k1ck5 your h3ad") == [("kick* your head", "k1ck5 your h3ad")]
    assert shown(ENDINGS, "skills, kick in your head, shut item") == []


def test_overlapping_phrases_and_all_their_banks_are_found_in_order() -> None:
    index = PhraseIndex({"b": ["liar", "you liar"], "a": ["LIAR", "liar liar"]})
    assert index.find("you liar liar") == [
        Found("b", "you liar", 0, 8), Found("a", "LIAR", 4, 8), Found("b", "liar", 4, 8), Found("a", "liar liar", 4, 13),
        Found("a", "LIAR", 9, 13), Found("b", "liar", 9, 13),
    ]  # fmt: skip


def test_a_sign_may_be_a_phrase_and_needs_no_word_border() -> None:
    assert shown(PhraseIndex({"signs": ["🖕"]}), "you🖕🏽you") == [("🖕", "🖕")]


@pytest.mark.parametrize("phrase", ["", "  ", "\u200b", "*", "*head", "k*ck", "kick *", "kick** her", "**", "kick-*"])
def test_a_broken_phrase_is_refused(phrase: str) -> None:
    with pytest.raises(ValueError, match="bank 'rude'"):
        PhraseIndex({"rude": ["fine", phrase]})


def test_a_choice_stands_for_each_of_its_phrases() -> None:
    index = PhraseIndex({"rude": ["{you|u} {silly|daft} cow*", "slash {your|his} tyres"]})
    assert [found for _, found in shown(index, "u daft cows, you silly cow, I will slash his tyres, slash her tyres")] == [
        "u daft cows",
        "you silly cow",
        "slash his tyres",
    ]
    assert Meanings({"{rag|fag} week": "fair"}).read("fag week and rag week") == "fair and fair"


@pytest.mark.parametrize("phrase", ["{you} cow", "{you|} cow", "{you|u cow", "you|u} cow", "{you|{u|ya}} cow", "{} cow"])
def test_a_broken_choice_is_refused(phrase: str) -> None:
    with pytest.raises(ValueError, match="a choice is broken: write it as in"):
        PhraseIndex({"rude": [phrase]})


@pytest.mark.parametrize(
    ("text", "seams", "found"),
    [
        ("m uppet", [1], [(0, 7)]),
        ("you are a m uppet @dana", [11], [(10, 17)]),
        ("what a m upp et", [8, 12], [(7, 15)]),
        ("mup pet", [3], []),  # neither piece is a letter: two words, as far as this knows
        ("muppe t", [], []),  # no seam
        ("a m uppet", [1], []),  # a seam elsewhere
        ("m up and pet", [1, 8], []),
    ],
)
def test_a_word_is_found_across_the_seams_of_messages(text: str, seams: list[int], found: list[tuple[int, int]]) -> None:
    assert sorted({(one.start, one.end) for one in PhraseIndex({"rude": ["muppet"]}).across(text, seams)}) == found


def test_a_letter_that_says_something_cuts_no_word_off() -> None:
    assert list(PhraseIndex({"rude": ["chunk"]}).across("one chun k", [8])) == []


def test_an_empty_bank_is_refused_and_no_bank_finds_nothing() -> None:
    with pytest.raises(ValueError, match="empty"):
        PhraseIndex({"rude": []})
    assert PhraseIndex({}).find("anything") == []


@given(TEXTS)
@settings(max_examples=400)
def test_whatever_is_found_lies_within_the_text(text: str) -> None:
    for index in (WORDS, ENDINGS, PhraseIndex({"a": ["a", "a*", "o a", "1", "'", "@a", "<"]})):
        for found in index.find(text):
            assert 0 <= found.start < found.end <= len(text)
            assert index.find(text, fold(text)) == index.find(text)


@given(TEXTS, st.lists(st.sampled_from(["a", "b*", "oo", "idiot", "id*", "i d", "0", "a b", "1d10t", "liar"]), min_size=1))
def test_adding_a_phrase_never_removes_a_finding(text: str, phrases: list[str]) -> None:
    fewer = set(PhraseIndex({"bank": phrases[:1]}).find(text))
    assert fewer <= set(PhraseIndex({"bank": phrases}).find(text))


@pytest.mark.parametrize(
    "unit", ["a", "i ", "'a\n", '"a b ', "> \n", "1a", "&amp;", "<@", "`", "_", "a_", "😀", "\ud800", "\x00", "ﷺ", "ooo", "k-"]
)
def test_forty_thousand_characters_of_anything_are_read(unit: str) -> None:
    text = (unit * 40_000)[:40_000]
    folded = fold(text)
    assert fold(folded.text).text == folded.text
    ENDINGS.find(text, folded)
    quoted(text)


OTHERWISE = Meanings(
    {"fag break": "cigarette break", "fag": "smoke", "jam tart*": "jam cake", "nip out": "pop out", "out for tea": "out for a cuppa"}
)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("everyone on a fag break", "everyone on a cigarette break"),
        ("a fag and jam tarts, nip out for it", "a smoke and jam cake, pop out for it"),
        ("fag", "smoke"),
        ("nip out for tea", "pop out for a cuppa"),
        ("fagging and nipping outside", "fagging and nipping outside"),
        ("", ""),
    ],
)
def test_a_phrase_is_read_in_its_other_meaning_the_longest_first(text: str, read: str) -> None:
    assert OTHERWISE.read(text) == read
    assert Meanings({}).read(text) == text


@given(st.text(max_size=100))
def test_whatever_has_no_such_phrase_is_read_as_it_stands(text: str) -> None:
    read = OTHERWISE.read(text)
    assert read == text or any(means in read for means in ("cigarette break", "smoke", "jam cake", "pop out", "cuppa"))
