"""Which language a text is in, where it is surely none of the policy's.

Knows: py3langid (offline; its model ships with it), the commonest words of English. Must not know: rules, scores.
Rules: short texts and those with enough English words are never asked about, so slang, names and code stay English; the detector
is loaded when the first text calls for it. Measured by tests/shell/test_languages.py: 0.06 % of
19,986 lines of an English help channel are called foreign, and every one of 120 sentences in Welsh, Polish, Urdu and Bengali.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

from py3langid import langid

from bot.core.text import fold

WORDS_MIN = 6
"""Shorter texts are not asked about: six words are the least that tell a language from slang."""
SURE = 0.8
ENGLISH_SHARE = 0.2
"""A text of which at least this share is among the commonest English words is English, whatever else stands in it."""
CHARS_MAX = 600
"""The beginning tells the language; a long text costs no more than a short one."""
COMMON = frozenset(
    "the and or but not of in by for from with about if it it's its is are was were been i'm i've you your u we our they them their he "
    "she his her me this that these those what which who why how when where there here have has had does did don't can't cant will would "
    "should could just get got like know think one any some all up out more now then than too ok yes yeah hi hello thanks please only can "
    "he's she's they're you're that's there's im dont ive back people because want need see say said".split()
)
"""English words that are none in Welsh, Polish, Spanish and the like: "i", "a", "am", "at", "do", "to", "no" are left out."""
_LEET = str.maketrans("013457@$!", "oieastasi")
_NO_WORDS = re.compile(r"https?://\S+|\S*[/\\@<>:#]\S*")


def foreign(text: str, languages: tuple[str, ...]) -> str:
    """The ISO 639-1 code of a text's language where it is surely none of these; "" where it may be one of them."""
    plain = _NO_WORDS.sub(" ", text[:CHARS_MAX].lower())
    words = [word for word in plain.split() if len(word) > 1]
    if len(words) < WORDS_MIN or ("en" in languages and max(_english(plain), _english(_undisguised(plain))) >= ENGLISH_SHARE):
        return ""
    language, sure = _detector().classify(plain)
    return str(language) if sure >= SURE and language not in languages else ""


def _english(text: str) -> float:
    """The share of the commonest English words among the words of a text."""
    words = [word.strip(".,;:!?()\"'\u2019\u2026") for word in text.split()]
    return sum(word in COMMON for word in words) / max(1, len(words))


def _undisguised(text: str) -> str:
    """The text with look-alike letters and digits for letters taken off: a disguise must not make English foreign."""
    return fold(text).text.translate(_LEET)


@cache
def _detector() -> Any:
    """Read the model once: 0.3 s and 77 MB."""
    return langid.LanguageIdentifier.from_modelpath(str(Path(langid.__file__).parent / langid.MODEL_FILE), norm_probs=True)
