"""What a text denies: words of an attack that stand in it only to be denied, forbidden or called false.

Knows: text, a few plain forms of English denial, scores. Must not know: the model, words of abuse, rules.
Rules: whether what is denied is an attack is asked of the model, not of a list: of "they are not X" it reads "they are X", and only
where that is as much of an attack as the text is held to be does "they are not that" count in its place. Who or what is spoken of stays:
"nobody said that filthy cow is late" denies no abuse. In doubt nothing is denied: what everybody has ("not human", "not welcome"), "not
just", "not the", a second "not", "if" and "until", a comparison, a question, laughter. A denial only lowers scores.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

LOWERED = ("toxicity", "insult", "identity_attack")
"""Heads that a denial may lower. Not `threat`: "I would not lay a finger on you" is one as often as not."""
ASKED_FROM = 0.4
"""A text that none of these heads gives so much is not asked about what it denies."""
OUTRIGHT_FROM, OUTRIGHT_LESS = 0.6, 0.05
"""What a head gives at least to what is denied, said outright, for the denial to lower it; how much less than the whole has, at most."""
DENIALS_MAX = 3
CHARS_MAX = 1000
"""Longer texts are arguments, not denials, and are read as they stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """What is denied: its place in the text, and the same said outright."""

    start: int
    end: int
    outright: str


def _one_of(words: str) -> str:
    return f"(?:{'|'.join(words.split())})"


_WORD = r"[\w'\u2019*@-]+"
_N_T = "n['\u2019]?t"
_SENTENCE = re.compile(r"[^.!?\u2026\n]+[.!?\u2026\n]*")
_DOUBTFUL = re.compile(
    rf"\b(?:{_one_of('if unless until till yet before when whenever once again twice as than provided sure obviously believe though')}"
    rf"|{_one_of('glad pleased happy lucky lol lmao')}|(?:pretend|admit|thank)\w*|of course|ha(?:ha)+)\b"
    r"|[?\U0001F602\U0001F609\U0001F60F\U0001F643\U0001F644\U0001F923]"
)
"""With one of these in its sentence a denial may be a condition, a question, a comparison or a sneer."""
_NEGATION = re.compile(
    rf"\b(?:{_one_of('not never no nobody none nothing noone cannot hardly neither without lie wrong false')}|no one|\w+{_N_T})\b"
)
_STOP = (
    r"(?=\s*(?:[,;:.!?\u2026()\n\u2013\u2014\"\u201d]|\s-\s|$)"
    rf"|\s+(?:{_one_of('and or but because cos so they we you ur u he she it i who mate love pal hen hun duck')}|at all)\b)"
)
"""Behind what is denied its clause ends."""
_TURNED = _one_of(
    "the just only merely simply even so such that this half much quite exactly all always going gonna without far above beneath very"
    " enough like let allowed to in on at human humans people persons? men women welcome wanted needed equals? normal natural real honest"
    " decent clever smart safe able you he she they we i capable fit worth worthy citizens? british english one my our your"
)
"""With one of these behind it a "not" denies nothing bad, or makes something else of it."""
_WHAT = (
    rf"(?!(?:an?\s+)?{_TURNED}\b)"
    rf"(?P<what>{_WORD}(?:\s+(?!(?:{_one_of('to who which that the like than for did do is am are')}|are?{_N_T})\b){_WORD}){{0,4}}?){_STOP}"
)
_WHO = rf"(?P<who>{_WORD}(?:\s+{_WORD}){{0,3}}?)"
_NO_WHO = _one_of("why who which that there it this how what its thats i im not being isn aren wasn weren isnt arent wasnt werent")
_SHORT = r"['\u2019](?:re|s|m)|(?<=you)re|(?<=they)re|(?<=\bu)r|(?<=\bhe)s|(?<=she)s"
_BE = r"(?:am|are|is|was|were|r)"
_CALL = r"call(?:s|ed|ing)?"
_SAY = rf"(?:{_one_of('think thinks thought say says said saying meant wrote writes')}|(?:suggest|reckon|claim|hint)(?:s|ed|ing)?)"
_WOULD = _one_of("is has should can may would will ever")
_NOBODY = rf"(?:(?:nobody|no[ -]?one|none of (?:us|you|them))(?: here| in \w+ \w+)?(?: {_WOULD}){{0,2}})"
_NEVER = (
    rf"(?:never(?: once)?|(?:do|did|does|would|should|must|may)(?: not|{_N_T})(?: (?:you dare|ever|mean to|go)){{0,2}}"
    r"|can(?:not|['\u2019]?t| not)|stop)"
)
_FALSE = (
    rf"(?:(?:{_one_of('wrong false untrue unfair cruel vile lies nonsense rubbish')}|a lie)(?: to (?:say|claim|suggest|think|write))?"
    r"|(?:not|isn['\u2019]?t) true|no truth in (?:it|the (?:claim|idea|story|rumour)))"
)
_IS_NOT = (
    rf"(?<!\S)(?!{_NO_WHO}\b)(?P<who>{_WORD}(?:\s+(?!(?:i|im|who|that|which)\b){_WORD})?)(?P<be>\s+{_BE}|{_SHORT})"
    rf"(?:\s+(?:not|never|no|hardly)\b|{_N_T}\b)\s+{_WHAT}"
)
_CALLED = _one_of("you him her them anyone anybody people members")
_FORMS = tuple(
    re.compile(form)
    for form in (
        # they are not, he isn't, ur not, she was never
        _IS_NOT,
        # nobody thinks that, I never said, don't say; it is wrong to say that, it is a lie that
        rf"\b(?:(?:{_NOBODY}|{_NEVER}) {_SAY}|{_FALSE})(?: that)? {_WHO} {_BE}\s+{_WHAT}",
        # nobody called her, never call them, you can't call Pat a
        rf"\b(?:{_NOBODY}|{_NEVER}) {_CALL} (?P<who>{_CALLED}|{_WORD}(?: \w+)?(?= an? ))\s+{_WHAT}",
        rf"\b(?:{_NOBODY}|{_NEVER}) {_CALL} (?P<who>\w+(?: {_one_of('people men women folk members voters')})?)\s+(?P<what>\w+){_STOP}",
    )
)
_BESIDE = frozenset({"of", "for", "with", "to", "by", "from", "about", "in", "on", "at", "between", "against"})
"""Behind one of these a name is not what the clause is about."""
_BE_OF = {"re": "are", "r": "are", "s": "is", "m": "am", "": "are"}
_WHO_OF = {"him": "he", "her": "she", "them": "they", "me": "you", "us": "you"}


def denials(text: str) -> list[Denial]:
    """Return what a text denies, in its order; nothing of a long one."""
    small = text.lower()
    if len(small) > CHARS_MAX or len(small) != len(text):
        return []
    found: list[Denial] = []
    for sentence in _SENTENCE.finditer(small):
        if not _DOUBTFUL.search(sentence[0]):
            found += _in_sentence(sentence[0], sentence.start())
    return found[:DENIALS_MAX]


def _in_sentence(sentence: str, offset: int) -> Iterator[Denial]:
    end = 0
    for match in sorted((match for form in _FORMS for match in form.finditer(sentence)), key=lambda one: one.start("what")):
        before, parts = sentence[: match.start()], match.groupdict(default="")
        who, be = parts["who"], parts.get("be", "").strip().lstrip("'\u2019")
        aside = before.split()[-1:] and before.split()[-1] in _BESIDE
        if match.start("what") < end or aside or any(map(_NEGATION.search, (before.rpartition(",")[2], who, parts["what"]))):
            continue
        end = match.end("what")
        outright = f"{_WHO_OF.get(who, who)} {_BE_OF.get(be, be)} {parts['what']}"
        yield Denial(start=offset + match.start("what"), end=offset + end, outright=outright)


def without(text: str, denied: Sequence[Denial]) -> str:
    """Return a text in which "that" stands for what is denied."""
    for one in reversed(denied):
        text = f"{text[: one.start]}that{text[one.end :]}"
    return text


def believed(whole: Any, outright: Any) -> Any:
    """Return whether a denial lowers a head [denials, heads]: it denies an attack, and one of them is what the text is held to be.

    Of the scores of LOWERED: of the whole [heads], and of what is denied, said outright [denials, heads].
    """
    return (outright >= OUTRIGHT_FROM) & (outright.max(axis=0) >= whole - OUTRIGHT_LESS)
