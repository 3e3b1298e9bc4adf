"""How hard a text is to read: the Flesch-Kincaid grade of a whole text, and the length of its longest sentence.

Knows: how texts are prepared for the measure. Must not know: which texts there are.
Rules: a text of WHOLE_WORDS_MIN words or more is measured by itself, and so is each line of that length in it; shorter ones say too
little for a grade and are measured together with the other short ones beside them; the longest and the hardest sentence are measured
in every text, so that one that nobody can follow does not hide among short ones. Each complaint names its text and its figure.
"""

import re
from collections.abc import Iterable, Mapping

import textstat

GRADE_MAX = 8.0
"""American school grade: what a pupil of 13 reads with ease."""
SENTENCE_WORDS_MAX = 25
"""What the guides of public bodies take as the longest sentence that is read once."""
SENTENCE_GRADE_MAX, SENTENCE_WORDS_MIN = 13.0, 12
"""The grade of one sentence jumps with each long word, so it may be higher, and below so many words it says nothing."""
WHOLE_WORDS_MIN = 25
LINK, BOUNDARY, ENDED = re.compile(r"https?://\S+"), re.compile(r"(?<=[.!?])[”\")]*\s+"), re.compile(r"[.!?][”\")]*$")


def prepared(text: str) -> str:
    """The text as it is read: without links, which nobody reads aloud; a line that just ends, as in a list, ends a sentence."""
    lines = (" ".join(LINK.sub("", line).split()).rstrip(":") for line in text.splitlines())
    return "\n".join(line if ENDED.search(line) else f"{line}." for line in lines if line)


def words_of(text: str) -> list[str]:
    """The words of a text, as they are counted."""
    return [word for word in text.split() if any(map(str.isalnum, word))]


def grade(text: str) -> float:
    """The Flesch-Kincaid grade of a text, by the pronouncing dictionary of Carnegie Mellon."""
    return float(textstat.flesch_kincaid_grade(prepared(text)))


def too_hard(texts: Mapping[str, str]) -> list[str]:
    """What is too hard of some texts that belong together, by name: nothing where all is well."""
    whole = {name: text for name, text in texts.items() if len(words_of(text)) >= WHOLE_WORDS_MIN}
    short = [text for name, text in texts.items() if name not in whole]
    lines = {f"{name}, line {n}": one for name, text in whole.items() for n, one in enumerate(text.splitlines(), start=1)}
    whole |= {name: one for name, one in lines.items() if len(words_of(one)) >= WHOLE_WORDS_MIN}
    if short:
        whole["the short ones together"] = "\n".join(short)
    hard = [f"{name}: grade {grade(text):.1f}, at most {GRADE_MAX}\n{text}" for name, text in whole.items() if grade(text) > GRADE_MAX]
    return [*hard, *(complaint for name, text in texts.items() for complaint in _hard_sentences(name, text))]


def _hard_sentences(name: str, text: str) -> Iterable[str]:
    for sentence in BOUNDARY.split(prepared(text)):
        count, hardness = len(words_of(sentence)), grade(sentence)
        if count > SENTENCE_WORDS_MAX:
            yield f"{name}: a sentence of {count} words, at most {SENTENCE_WORDS_MAX}\n{sentence}"
        if count >= SENTENCE_WORDS_MIN and hardness > SENTENCE_GRADE_MAX:
            yield f"{name}: a sentence of grade {hardness:.1f}, at most {SENTENCE_GRADE_MAX}\n{sentence}"
