"""What a text denies: words of an attack that stand in it only to be denied, forbidden or called false.

Knows: text, a few plain forms of English denial, scores. Must not know: the model, words of abuse, rules.
Rules: whether what is denied is an attack is asked of the model, not of a list: of "they are not X" it reads "they are X", and only
where that is as much of an attack as the text is held to be does "they are not bad" count in its place. Of whom it is denied is asked
too: "those vermin are not ill" denies no abuse. In doubt nothing is denied, because denials are how people insult with care: what everybody
has ("not human", "not welcome"), "not just", "not the", a second "not", "prove that you are not", "if" and "until", a comparison, a
question, laughter, a clause behind it that says what they are instead. A denial only lowers scores.
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
WHO_LESS = 0.9
"""Where those of whom something is denied have as much by themselves ("filthy foreigners"), nothing is."""
MILD = "bad"
"""What stands in the place of what is denied. "That" or "so" has 0.6 and more for an insult behind "@member nobody called you"."""
DENIALS_MAX = 3
CHARS_MAX = 1000
"""Longer texts are arguments, not denials, and are read as they stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """What is denied: its place in the text, of whom, whether of many, and the same said outright."""

    start: int
    end: int
    who: str
    many: bool
    outright: str

    @property
    def lowers(self) -> tuple[str, ...]:
        """The heads that may follow: of one person no identity attack is denied, as that would be a slur."""
        return LOWERED if self.many else tuple(head for head in LOWERED if head != "identity_attack")


def _one_of(words: str) -> str:
    return f"(?:{'|'.join(words.split())})"


_WORD = r"[\w'\u2019*@-]+"
_N_T = "n['\u2019]?t"
_SENTENCE = re.compile(r"[^.!?\u2026\n]+[.!?\u2026\n]*")
_DOUBTFUL = re.compile(
    rf"\b(?:{_one_of('if unless until till yet before when whenever once again twice as than provided sure surely obviously')}"
    rf"|{_one_of('believe though glad pleased happy lucky lol lmao lmfao rofl heh just only most mostly worse right eh aye naw oh')}"
    rf"|{_one_of('wait joking kidding despite congratulations amazing except arse ass implied')}|(?:pretend|admit|thank)\w*"
    r"|of course|ha(?:ha)+|i know|should have|i do now"
    r"|(?:are|is) (?:you|he|she|they)|(?:do|did|does|have|has) (?:you|he|she|they|i))\b"
    r"|(?:you|u|they|he|she) (?:are|r|is|were|was)\s*(?:[.,!]|$)"
    r"|^\s*(?:have|has|is|are|would|who|whoever|whose)\b"
    r"|[?\U0001F602\U0001F609\U0001F60F\U0001F643\U0001F644\U0001F923]"
)
"""With one of these in the text a denial may be a condition, a question, a comparison, a sneer."""
_REPORTED = re.compile(
    rf"\b(?:{_one_of('say says said told tell tells prove proves convince show shows wish wishes pity shame bad day days')}"
    rf"|{_one_of('assume suppose hope')}"
    rf"|{_one_of('assumed but may might yourself')}"
    rf"|{_one_of('maybe perhaps possibly doubt thought technically legally officially apparently whoever head planet for dead')}"
    rf"|{_one_of('would who why')})\b"
)
"""Behind one of these a denial is somebody else's, a wish, or holds now and then."""
_ASKED_BACK = frozenset({"you", "u", "ya", "who", "here", "he", "she", "they"})
"""Behind one of these "don't think" denies nothing: "you don't think you are a fool"."""
_THOUGHT = re.compile(r"\b(?:never|did\w*|didn['\u2019]t)\b.*\bth(?:ink|ought)\b")
"""What somebody did not think then they may think now."""
_INSTEAD = re.compile(
    r"\s*[,;:.!\u2026()\n\u2013\u2014\"\u201d-]*\s*(?:and |cos |because )?"
    rf"(?:{_one_of('but so you youre ur u he hes she shes they theyre your yer who animals more like everyone everybody it yes')}"
    r"|(?:you|they|he|she)['\u2019](?:re|s|ve|d|ll)|it['\u2019]s)\b"
)
"""Behind what is denied: what they are or do instead."""
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
    " enough like let allowed to in on at human humans people persons? man men woman women welcome wanted needed equals? normal natural"
    " real honest decent clever smart safe able you he she they we i capable fit worth worthy citizens? british english one my our your"
)
"""With one of these behind it a "not" denies nothing bad, or makes something else of it."""
_WHAT = (
    rf"(?!(?:an?\s+)?{_TURNED}\b)"
    rf"(?P<what>an?\s+{_WORD}(?:\s+(?!(?:{_one_of('to who which that the like than for did do is am are')}|are?{_N_T})\b){_WORD})?"
    rf"|{_WORD}){_STOP}"
)
_WHO = rf"(?P<who>{_WORD}(?:\s+{_WORD}){{0,3}}?)"
_NO_WHO = _one_of("why who which that there it this how what its thats i im not being isn aren wasn weren isnt arent wasnt werent")
_SHORT = r"['\u2019](?:re|s|m)|(?<=you)re|(?<=they)re|(?<=\bu)r|(?<=\bhe)s|(?<=she)s"
_BE = r"(?:am|are|is|was|were|r)"
_CALL = r"call(?:s|ed|ing)?"
_SAY = rf"(?:{_one_of('think thinks thought say says said saying meant wrote writes')}|(?:suggest|reckon|claim|hint)(?:s|ed|ing)?)"
_WOULD = _one_of("is has should can would ever")
_NOBODY = rf"(?:(?:nobody|no[ -]?one|none of (?:us|you|them))(?:['\u2019]s)?(?: here| in \w+ \w+)?(?: {_WOULD}){{0,2}})"
_NEVER = (
    rf"(?:never(?: once)?|(?:do|did|does|would|should)(?: not|{_N_T})(?: (?:you dare|ever|mean to|go)){{0,2}}"
    r"|can(?:not|['\u2019]?t| not)|stop)"
)
_FALSE = (
    r"(?:(?:wrong|false|untrue|unfair|cruel|vile|nonsense|rubbish|a lie) to (?:say|claim|suggest|think|write)(?: that)?"
    r"|(?:(?:it['\u2019]?s|it is|is) (?:just |simply )?(?:false|untrue|nonsense|rubbish|a lie|not true)"
    r"|no truth in (?:it|the (?:claim|idea|story|rumour))) that)"
)
_IS_NOT = (
    rf"(?<!\S)(?!{_NO_WHO}\b)(?P<who>{_WORD}(?:\s+(?!(?:i|im|who|that|which)\b){_WORD})?)(?P<be>\s+{_BE}|{_SHORT})"
    rf"(?:\s+(?:not|no)\b|{_N_T}\b)\s+{_WHAT}"
)
_CALLED = _one_of("you him her them anyone anybody people members")
_FORMS = tuple(
    re.compile(form)
    for form in (
        # they are not, he isn't, ur not
        _IS_NOT,
        # nobody thinks that, I never said, don't say; it is wrong to say that, it is a lie that
        rf"\b(?:(?:{_NOBODY}|{_NEVER}) {_SAY}(?: that)?|{_FALSE}) {_WHO}(?P<be>\s+{_BE}|{_SHORT})\s+{_WHAT}",
        # nobody called her, never call them, you can't call Pat a
        rf"\b(?:{_NOBODY}|{_NEVER}) {_CALL} (?P<who>{_CALLED}|{_WORD}(?: \w+)?(?= an? ))\s+{_WHAT}",
        rf"\b(?:{_NOBODY}|{_NEVER}) {_CALL} (?P<who>\w+(?: {_one_of('people men women folk members voters')})?)\s+(?P<what>\w+){_STOP}",
    )
)
_ADDRESSED = re.compile(r"(?:@\w+[,:]?\s+)*")
"""Whom a message begins with: said to somebody, the same words are more of an attack."""
_BESIDE = frozenset({"of", "for", "with", "to", "by", "from", "about", "in", "on", "at", "between", "against"})
"""Behind one of these a name is not what the clause is about."""
_ONE_PERSON, _OF_MANY = frozenset({"you", "u", "he", "she"}), frozenset({"are", "were", "re", ""})
_BE_OF = {"re": "are", "r": "are", "s": "is", "m": "am", "": "are"}
_WHO_OF = {"him": "he", "her": "she", "them": "they", "me": "you", "us": "you"}


def denials(text: str) -> list[Denial]:
    """Return what a text denies, in its order; nothing of a long one."""
    small = text.lower()
    if len(small) > CHARS_MAX or len(small) != len(text):
        return []
    if _DOUBTFUL.search(small):
        return []
    found: list[Denial] = []
    for sentence in _SENTENCE.finditer(small):
        found += _in_sentence(small, sentence)
    return found[:DENIALS_MAX]


def _in_sentence(text: str, sentence: re.Match[str]) -> Iterator[Denial]:
    end = 0
    matches = (match for form in _FORMS for match in form.finditer(text, *sentence.span()))
    for match in sorted(matches, key=lambda one: one.start("what")):
        before, parts = text[sentence.start() : match.start()], match.groupdict(default="")
        who, be = parts["who"], parts.get("be", "").strip().lstrip("'\u2019")
        last = before.split()[-1] if before.split() else ""
        doubtful = last in _BESIDE or (last in _ASKED_BACK and match.re is not _FORMS[0]) or _REPORTED.search(f"{before} {who}")
        thought = _THOUGHT.search(match[0])
        twice = any(map(_NEGATION.search, (before.rpartition(",")[2], who, parts["what"])))
        if match.start("what") < end or doubtful or thought or twice or _INSTEAD.match(text, match.end("what")):
            continue
        end = match.end("what")
        named, what = _WHO_OF.get(who, who), parts["what"]
        many = named not in _ONE_PERSON and be in _OF_MANY and not what.startswith(("a ", "an "))
        to = _ADDRESSED.match(text)[0]  # type: ignore[index]  # it matches nothing too
        outright = f"{to}{named.removeprefix(to)} {_BE_OF.get(be, be)} {what}"
        yield Denial(start=match.start("what"), end=end, who=named, many=many, outright=outright)


def without(text: str, denied: Sequence[Denial]) -> str:
    """Return a text in which MILD stands for what is denied."""
    for one in reversed(denied):
        text = f"{text[: one.start]}{MILD}{text[one.end :]}"
    return text


def believed(whole: Any, outright: Any, who: Any) -> Any:
    """Return whether a denial lowers a head [denials, heads]: it denies an attack, and one of them is what the text is held to be.

    Of the scores of LOWERED: of the whole [heads], of what is denied, said outright, and of whom [denials, heads].
    """
    return (outright >= OUTRIGHT_FROM) & (outright.max(axis=0) >= whole - OUTRIGHT_LESS) & (who < WHO_LESS).all(axis=1)[:, None]
