"""Signs around words, within them and between them, which take nothing from what they say: the text without them.

Knows: brackets, quotation marks, tags of HTML, links with a text, apostrophes, separators. Must not know: rules, scores, which words are
bad (the vocabulary knows which ones people hide).
Rules: no letter is changed; signs are left out within a word or around it where a word is left, and become blanks between words; a text
with none of them is returned as it is, the same object; every step is linear in the text's length; nothing here raises.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from bot.core.text import Folded
from bot.reading.edits import CHUNK, Edit, rewritten
from bot.reading.vocabulary import EDGES, Vocabulary

OFTEN = 2
"""So many words with the same sign at the same place are no chance."""
OFTEN_DRAWN = 3
"""The same for emoji, which may be words themselves: "i will 🔪 you"."""
PAIR, FEW = 2, 3
"""Words that a sign joins."""
KNOWN_SHARE_MIN = 0.75
"""Of the words that a sign joins so many are known, or it is a name, a path, another language."""
LETTERS_A_WORD_MIN = 1.7
"""Words joined by a sign have so many letters at least on average, or letters are spaced out: that is another disguise."""
SEPARATORS = "|¦•·~"
"""Between blanks these part words and mean nothing."""
_SPEAKING = frozenset(",.;:!?…\"'()[]{}<>@#$£€%&")
"""Signs that mean something where they stand between blanks."""
_MARKED = re.compile(r"[^a-z0-9\s.,!?]|[a-z0-9][.,!?][a-z0-9]")
_TAG = re.compile(
    r"</?(?:(?P<block>br|p|div|li|ul|hr)|b|i|u|s|em|strong|strike|del|ins|mark|span|small|big|sub|sup|font|code|h[1-6])(?:\s[^<>\n]{0,80})?/?>"
)
_LINK = re.compile(r"\[(?P<text>[^\[\]\n]{1,300})\]\(<?(?:https?|mailto):[^\s()<>]{1,500}>?\)")
_CLOSES = {'"': '"', "'": "'", "(": ")", "[": "]", "{": "}", "<": ">"}
_AROUND = re.compile(r"(?<![^\s])(?P<open>[\"'(\[{<])(?P<inner>[a-z0-9@$!]+(?:'[a-z]+)?)(?P<close>[\"')\]}>])(?P<behind>[.,!?;:]*)(?!\S)")
_BRACKETED = re.compile(r"(?<!\S)[a-z0-9\"'@$!(\[{<]*[(\[{<][a-z0-9@$!]{1,16}[)\]}>][a-z0-9\"'@$!()\[\]{}<>]*[.,!?;:]*(?!\S)")
_BRACKET = re.compile(r"[(\[{<](?=[a-z0-9@$!]{1,16}[)\]}>])|(?<=[a-z0-9@$!])[)\]}>]")
_FILLED = re.compile(r"(?<!\S)[a-z'\"]*(?:[(\[{<][a-z]{1,6}[)\]}>][a-z']+)+[.,!?;:]*(?!\S)")
_FILLER = re.compile(r"[(\[{<][a-z]{1,6}[)\]}>]")
_SPELLED = re.compile(r"(?<![^\s\"'(])[a-z](?P<sign>[^\w\s@#]|_)[a-z](?:(?P=sign)[a-z])*(?![\w@/])")
_CUT = re.compile(r"(?<![\w@#/\\.:=~<'-])[a-z]+(?:(?:[_/\\.,;:~=+^|]|[^\x00-\x7f\w\s]{1,3})[a-z]+){1,3}(?![\w@/\\=:'-]|\.\w)")
_NO_LETTER = re.compile(r"[^a-z]+")
_TORN = re.compile(r"(?<![\w'@#])[a-z]+(?:'[a-z]+)+(?![\w'@])")
_SHORTENED = (re.compile(r"(?:[odlyt])'([a-z]+)"), re.compile(r"([a-z]+)(?:n't|'(?:s|t|ll|re|ve|d|m|em|n))"))
"""Two words in one, or a name: what the apostrophe stands beside is a word then."""
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_PARTING = re.compile(r"\s[^\w\s,.;:!?…\"'()\[\]{}<>@#$£€%&]+\s")
_JOINT = re.compile(r"[^\W_](?:_|[^\w\s']+)[^\W_]")
_LINK_OR_PATH = re.compile(r"[<@#/~\\$.-].*|.*(?:://|www\.|\w@[\w-]+\.\w).*")
_ADDRESS = re.compile(
    r"(?:[\w-]+[./]){1,2}(?:com|org|net|uk|co|io|gov|edu|info|eu|de|fr|ie|tv|[a-z]?html?|py|js|sh|txt|pdf|png|jpe?g|gif|zip|conf|log)\W*"
)


def without_marks(folded: Folded, words: Vocabulary) -> Folded:
    """The text without signs that take nothing from what its words say; the same object where it has none."""
    if not _MARKED.search(folded.text):
        return folded
    for step in _STEPS:
        folded = rewritten(folded, list(step(folded.text, words)))
    return folded


def _tags(text: str, _: Vocabulary) -> Iterator[Edit]:
    """Tags of HTML: nothing, or a blank where they begin a line."""
    for found in _TAG.finditer(text) if "<" in text else ():
        yield *found.span(), " " if found["block"] else ""


def _links(text: str, _: Vocabulary) -> Iterator[Edit]:
    """Links with a text of their own: the text, as it is all that people see."""
    for found in _LINK.finditer(text) if "](" in text else ():
        yield found.start(), found.start("text"), ""
        yield found.end("text"), found.end(), ""


def _around(text: str, _: Vocabulary) -> Iterator[Edit]:
    """Marks around each word by itself, where that is how most words stand."""
    found = [one for one in _AROUND.finditer(text) if _CLOSES[one["open"]] == one["close"]]
    if len(found) >= OFTEN and 2 * len(found) >= sum(any(map(str.isalnum, chunk)) for chunk in text.split()):
        for one in found:
            yield one.start(), one.start("inner"), ""
            yield one.end("inner"), one.start("behind"), ""


def _left_out(signs: re.Pattern[str], of: re.Match[str]) -> Iterator[Edit]:
    """Those signs of a word, as nothing."""
    return ((of.start() + one.start(), of.start() + one.end(), "") for one in signs.finditer(of[0]))


def _within(text: str, words: Vocabulary) -> Iterator[Edit]:
    """Brackets around some of a word's letters: "id(i)ot", "member(s)"."""
    found = list(_BRACKETED.finditer(text))
    for one in found:
        bare = _BRACKET.sub("", one[0]).strip(EDGES)
        if bare != one[0].strip(EDGES) and (bare in words or words.spelt(bare) or len(found) > OFTEN):
            yield from _left_out(_BRACKET, one)


def _without_fillers(text: str, words: Vocabulary) -> Iterator[Edit]:
    """What stands in brackets within a word and is none of it: "no(uh)body"."""
    for found in _FILLED.finditer(text):
        bare = _FILLER.sub("", found[0]).strip(EDGES)
        if bare in words or words.spelt(bare):
            yield from _left_out(_FILLER, found)


def _spelled(text: str, words: Vocabulary) -> Iterator[Edit]:
    """Letters with one sign between them all: "n|o|b|o|d|y"."""
    found = [one for one in _SPELLED.finditer(text) if (letters := one[0][::2]) in words or words.spelt(letters)]
    if any(len(one[0]) > len("a-b") for one in found):
        for one in found:
            yield from _left_out(_NO_LETTER, one)


def _cut(text: str, words: Vocabulary) -> Iterator[Edit]:
    """A sign or two within a word, whose pieces are not both words: "ki_ke", "wh,en", "an/d"."""
    cut = list(_CUT.finditer(text))
    for found in cut:
        if len(cut) < OFTEN and "." in found[0] and found[0].replace(".", "") not in words.hidden:
            continue  # a file, or a thing's place in a program
        pieces = [piece for piece in _NO_LETTER.split(found[0]) if piece]
        joined = "".join(pieces)
        apart = all(piece in words and (len(piece) > 1 or piece in "ai") for piece in pieces)
        if len(joined) > PAIR and (joined in words.hidden or (words.is_common(joined) and not apart)):
            yield from _left_out(_NO_LETTER, found)


def _torn(text: str, words: Vocabulary) -> Iterator[Edit]:
    """Apostrophes within a word that has none: "idi'ot"."""
    for found in _TORN.finditer(text) if "'" in text else ():
        joined = found[0].replace("'", "")
        shortened = [whole[1] for one in _SHORTENED if (whole := one.fullmatch(found[0]))]
        if not any(map(words.__contains__, shortened)) and "n't" not in found[0] and (joined in words or words.spelt(joined)):
            yield from _left_out(_NO_LETTER, found)


def _between(text: str, _: Vocabulary) -> Iterator[Edit]:
    """What stands between words with a blank on both sides: "you | are | vermin"."""
    if not _PARTING.search(text):
        return
    places = list(_WORD.finditer(text))
    gaps = [(one.end(), other.start()) for one, other in pairwise(places)]
    if not _is_spaced_out(one[0] for one in places):
        signs = Counter(core for start, end in gaps if (core := text[start:end].strip()))
        yield from ((start, end, " ") for start, end in gaps if _parts(text[start:end], signs, len(gaps)))


def _is_spaced_out(words: Iterable[str]) -> bool:
    """Whether words are so short that they are letters."""
    lengths = [len(word) for word in words]
    return sum(lengths) < LETTERS_A_WORD_MIN * len(lengths)


def _parts(gap: str, signs: Counter[str], gaps: int) -> bool:
    """Whether what stands between two words with blanks around it means nothing: a bar, or a sign that stands between many."""
    core = gap.strip()
    if not core or "\n" in gap or not (gap[0].isspace() and gap[-1].isspace()) or not _SPEAKING.isdisjoint(core):
        return False
    if all(sign in SEPARATORS for sign in core):
        return True
    often = signs[core] >= (OFTEN if core.isascii() else OFTEN_DRAWN) and 2 * signs[core] >= gaps
    return often or (gaps == 1 and core.isascii())


def _instead(text: str, words: Vocabulary) -> Iterator[Edit]:
    """One sign in the place of each blank between words, of which nearly all are known: "you_are_vermin"."""
    for chunk in CHUNK.finditer(text) if _JOINT.search(text) else ():
        bare = chunk[0].strip(EDGES + "_")
        places = list(_WORD.finditer(bare)) if _JOINT.search(bare) else []
        said = [one[0].replace("'", "") for one in places]
        gaps = [(one.end(), other.start()) for one, other in pairwise(places)]
        if len({bare[start:end] for start, end in gaps}) == 1 and not _leads_somewhere(chunk[0]) and _are_words(said, words):
            offset = chunk.start() + chunk[0].find(bare)
            yield from ((offset + start, offset + end, " ") for start, end in gaps)


def _leads_somewhere(chunk: str) -> bool:
    return bool(_LINK_OR_PATH.fullmatch(chunk) or _ADDRESS.fullmatch(chunk))


def _are_words(said: Sequence[str], words: Vocabulary) -> bool:
    """Whether what a sign joins are words: all of two or three, and of two one that people hide; else nearly all."""
    known = sum(one in words or bool(words.spelt(one)) for one in said)
    if _is_spaced_out(said) or (len(said) == PAIR and words.hidden.isdisjoint(said)):
        return False
    return known >= (KNOWN_SHARE_MIN if len(said) > FEW else 1.0) * len(said)


_STEPS: tuple[Callable[[str, Vocabulary], Iterator[Edit]], ...] = (
    _tags,
    _links,
    _around,
    _within,
    _without_fillers,
    _spelled,
    _cut,
    _torn,
    _between,
    _instead,
)
