"""Every phrase of every bank is found in eight disguises, and the evidence shows what was really written."""
# ruff: noqa: RUF001 - characters that look like others are what this is about

from collections.abc import Callable, Mapping

import pytest

from bot.core.phrases import spelt_out
from bot.core.text import fold
from bot.folders import load_policy

POLICY = load_policy("labour-social-media")
PHRASES = [
    (bank.name, phrase)
    for bank in POLICY.banks.values()
    if bank.kind == "words"
    for entry in bank.entries
    for phrase in spelt_out(entry.entry)
    if phrase.isascii() and "@" not in phrase and any(len(word) > 3 and word.isalpha() for word in phrase.split())
]
DISGUISES: Mapping[str, Callable[[str], str]] = {
    "look-alikes": lambda text: text.translate(str.maketrans("aceopxy", "асеорху")),
    "full width": lambda text: text.translate({code: code + 0xFEE0 for code in range(ord("a"), ord("z") + 1)}),
    "zero width": "\u200b".join,
    "combining": lambda text: "".join(sign + "\u0336" if sign.isalpha() else sign for sign in text),
    "bold letters": lambda text: text.translate({code: 0x1D41A + code - ord("a") for code in range(ord("a"), ord("z") + 1)}),
    "squared emoji": lambda text: text.translate({code: 0x1F170 + code - ord("a") for code in range(ord("a"), ord("z") + 1)}),
    "markup": lambda text: "".join(f"**{word[:2]}**{word[2:]}" if len(word) > 3 and word.isalpha() else word for word in _words(text)),
    "spoiler and capitals": lambda text: f"||{text.upper()}||",
    "lengthened": lambda text: "".join(word[:-1] + word[-1] * 5 if len(word) > 3 and word.isalpha() else word for word in _words(text)),
}


def _words(text: str) -> list[str]:
    return [part for word in text.split(" ") for part in (word, " ")][:-1]


@pytest.mark.parametrize("name", DISGUISES)
def test_every_phrase_is_found_in_disguise_and_shown_as_it_was_written(name: str) -> None:
    missed = []
    for bank, phrase in PHRASES:
        plain = phrase.replace("*", "")
        written = DISGUISES[name](plain.lower())
        found = [one for one in POLICY.index.find(f"well {written} then") if one.bank == bank and one.phrase == phrase]
        if not any(len(written.strip("|*")) - (one.end - one.start) <= 4 for one in found):
            missed.append((bank, phrase, written))
    assert missed == []


@pytest.mark.parametrize("word", ["1d10t", "i.d.i.o.t", "i d i o t", "1 d 1 0 t", "i_d_i_o_t", "IDIOOOOT", "id\u00adiot", "𝕚𝕕𝕚𝕠𝕥"])
def test_a_word_is_found_however_it_is_spelt(word: str) -> None:
    (found,) = [one for one in POLICY.index.find(f"what an {word} you are") if one.bank == "insults"]
    assert f"what an {word} you are"[found.start : found.end] == word


@pytest.mark.parametrize(
    "text",
    [
        "Mae'r cyfarfod nos Iau am saith yn Nhŷ'r Gymuned, dewch â phapur",
        "Łukasz Wójcik and Małgorzata Żak have moved an amendment",
        "`for x in range(10): print(x)` does it",
        "🎉🌹 LABOUR HOLD 🌹🎉 by 9 votes!!!",
        "Zoë, Siân, Beyoncé and Gruffydd are on the door",
    ],
)
def test_emoji_code_and_accents_are_nobodys_disguise(text: str) -> None:
    acting = {"slurs", "threats", "insults", "urging-self-harm", "self-harm", "advances", "outing", "stereotypes", "mocking"}
    assert [one for one in POLICY.index.find(text, fold(text)) if one.bank in acting] == []


ACTING = {"slurs", "threats", "insults", "urging-self-harm", "self-harm", "advances", "outing", "stereotypes", "mocking"}


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("you are a toidi", "toidi"), ("what an id*ot", "id*ot"), ("what an idi ot", "idi ot"), ("youareanidiot", "idiot"),
        ("what an i👏d👏i👏o👏t", "i👏d👏i👏o👏t"), ("you absolute idoit", "idoit"), ("what an !d!0t", "!d!0t"), ("ʇoᴉpᴉ", "ʇoᴉpᴉ"),
    ],
)  # fmt: skip
def test_a_disguise_of_the_whole_word_is_found_and_shown_as_it_was_written(text: str, written: str) -> None:
    found = POLICY.index.find(text, fold(text), POLICY.disguises.read(text))
    assert written in [text[one.start : one.end] for one in found if one.bank == "insults"]


@pytest.mark.parametrize(
    "text",
    [
        "A.B.C. and the C.L.P. sent an e-mail on 10/10", "N O T I C E of the A G M", "GB82 WEST 1234 5698 7654 32", "report_v2.final.docx",
        "racecar, level, live, draw, pots", "Scunthorpe, Penistone, Cockermouth", "Mr Cnut, Ms Bich and Mr Dik are here", "Woodcock and Hancock",
        "p.s. see u.k. gov.uk, i.e. the n.h.s.", "@toidi wrote it", "vote 4 us in w1 and n1", "a11y, k8s, w3c, b2b",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_disguise_is_found_by_nothing(text: str) -> None:
    assert [one for one in POLICY.index.find(text, fold(text), POLICY.disguises.read(text)) if one.bank in ACTING] == []
