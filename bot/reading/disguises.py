"""What a disguised text says: a second reading, with the way back to what was written.

Knows: how whole texts are disguised: backwards, spaced out, run together, cut, starred, with signs for letters. Must not know: rules,
policies, scores, which words are bad (the vocabulary knows which ones people hide).
Rules: a text in which every word is known is returned as it was folded, the same object; only words that are none are
read as others (but for `SHORT_OF`); mentions, links, paths, names of files and code stay; every step is linear in the text's length;
nothing here raises.

The order of steps is that of how the eye undoes them: signs that no folding knows, letters apart, words, the whole text.
"""
# ruff: noqa: RUF001, PLR2004 - characters that look like others are what this is about; the lengths of words are numbers

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, product

from bot.core.text import Folded, Meant, fold
from bot.reading.channel import Run, Step, decoded
from bot.reading.edits import CHUNK, Edit, rewritten
from bot.reading.marks import without_marks
from bot.reading.signs import capitals_for_l, is_unusual, undone
from bot.reading.spellings import SHORT_OF, SIGNS
from bot.reading.vocabulary import EDGES, LETTERS_RUN_MAX, PLAIN_EDGES, Vocabulary

TEXT_CHARS_MAX = 4000
"""Longer texts are read as they are folded: nobody disguises pages."""
WAYS_MAX, WAYS_CHARS_MAX = 6, 600
"""In how many ways a text may be meant at most, and up to which length it is asked for more than one: each is scored."""
DOUBT_MAX = 4.0
"""By how many nats a word may be less likely than another one to count at all, in a text that is not disguised all over."""
DISGUISED_SHARE_MIN, DISGUISED_WORDS_MIN = 0.25, 2
"""A text is disguised all over where so many of its words are none."""
LETTERS_A_WORD = 6
"""Of the words that are disguised, as a rule."""
LIKE_L_MAX = 4
"""Signs of one run that may each be an i or an l."""
READ_SHARE_MIN = 0.5
"""Of the letters of its unknown words so many must be read, or the text is no disguise but another language, code, names."""
RECUT_LETTERS_MIN, RECUT_COST_MAX, RECUT_KNOWN_MIN = 10, 1.3, 0.85
"""So many letters, of which words come out that cost so little a letter, and are known, are words with their blanks in other places:
words with slips cost 1.9 and more."""
BACKWARDS_DOUBT = 1.0
"""Nats by which words must stand better as they follow than the other way round, or a text that is backwards is so as a whole."""
BEFORE_CHARS_MAX = 60
"""How far before a word it is looked whether a sentence begins there."""
_STRUCK = re.compile(r"(?<![\w~])~\w[^~\n]{0,200}(?<!\s)~(?![\w~/])")
_SIGN = r"[a-z0-9@$!|+(]"
_APART = re.compile(rf"(?<![^\W_])(?<!['@]){_SIGN}(?:[^a-z0-9@$!\n]{{1,4}}{_SIGN}){{2,}}(?![a-z0-9])")
_ONE_SIGN = re.compile(_SIGN)
_KEPT = re.compile(r"[<@#/~\\].*|.*(?:://|www\.|[\\/]\w+[\\/]|\w@[\w-]+\.\w|[=_]).*|-+\w+.*|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,5}[:/]?.*")
_INNER = re.compile(r"[^a-z0-9@$!|(+]+")
_AS_SAID = re.compile(r"[a-z]{1,3}'(?:ll|m|ve|re|d)")
_MIXED = re.compile(r"[a-z][0-9@$!|]|[0-9@$!|][a-z]")
_ORDINARY = re.compile(r"[a-z]{1,2}\d+|[a-z]+\d+|[@$£€]?\d+(?:[.,]\d+)*[a-z%]{0,2}\+?|\d+[a-z]\d+|\W*[\d.,:/+%-]+\W*")


class Disguises:
    """Reads texts as they are meant, by a vocabulary."""

    def __init__(self, words: Vocabulary) -> None:
        """Read by these words; a policy that should read disguises gets one, by `wordlist.load_disguises`."""
        self._words = words

    def read(self, text: str, folded: Folded | None = None) -> Folded:
        """What a text says, led back to the text; the folded text itself, the same object, where nothing in it is disguised."""
        return self._ways(text, folded, 1)[0].folded

    def ways(self, text: str) -> list[Meant]:
        """The ways in which a text may be meant, the likeliest first: several where it is disguised all over or a lone word is in doubt."""
        return self._ways(text, None, WAYS_MAX)

    def _ways(self, text: str, folded: Folded | None, most: int) -> list[Meant]:
        folded = fold(text) if folded is None else folded
        if len(folded.text) > TEXT_CHARS_MAX:
            return [Meant(folded)]
        seen = capitals_for_l(text, self._words)
        folded = folded if seen == text else fold(seen)
        meant = undone(seen, folded, self._words) if is_unusual(seen) else folded
        plain = without_marks(_not_struck(meant) if "~" in meant.text else meant, self._words)
        most = most if len(folded.text) <= WAYS_CHARS_MAX else 1
        return _read(text, plain, self._words, most)


def _read(text: str, meant: Folded, words: Vocabulary, most: int) -> list[Meant]:
    """What a text with runs of signs that are no words may say, the likeliest first: the steps in their order."""
    apart = [edit for found in _APART.finditer(meant.text) if (edit := _together(found, meant.origin, words))]
    meant = rewritten(meant, apart)
    odd = words.odd(meant.text)
    if not odd:
        return [Meant(meant)]
    if sum(one.strip(EDGES)[::-1] in words for one in odd) > 1 and (turned := _backwards(meant, words)):
        return [Meant(turned)]
    if (joined := _joined(meant, words)) is not meant:
        meant, odd = joined, words.odd(joined.text)
    chunks = meant.text.split()
    said = _each_says(odd, words)
    if sum(chunk in odd for chunk in chunks) >= DISGUISED_SHARE_MIN * len(chunks) - 1:
        by_signs = {one: says for one, says in said.items() if not one.strip(EDGES).replace("'", "").isalpha()}
        edits = _edits(text, meant, by_signs, words) if by_signs else _all_signs(meant, odd, words)
        signs_read = rewritten(meant, edits)
        plain = len(by_signs) or sum(not words.odd(said) for _, _, said in edits)
        if whole := _whole(text, signs_read, words, plain, most):
            return whole
        if not by_signs and not words.odd(signs_read.text):
            return [Meant(signs_read)]
    if (joined := _joined(meant, words, common=True)) is not meant:
        meant, said = joined, _each_says(words.odd(joined.text), words)
    return _word_by_word(text, meant, said, words, most) if said else [Meant(meant)]


def _word_by_word(text: str, meant: Folded, said: Mapping[str, Edit], words: Vocabulary, most: int) -> list[Meant]:
    """What a text says in which some words are none: each by itself; a spelling of a hidden word by the words beside it."""
    hides = {one for one, edit in said.items() if edit[2] in words.hidden and one.strip(EDGES).replace("'", "").isalpha()}
    edits = _edits(text, meant, {one: edit for one, edit in said.items() if one not in hides}, words)
    chunks = list(CHUNK.finditer(meant.text)) if hides else []
    heard: list[tuple[list[Edit], float]] = [(edits, 0.0)]
    for place, chunk in enumerate(chunks):
        edit = _edit(chunk, said[chunk[0]]) if chunk[0] in hides else None
        if edit is None or _short_name(text, meant, edit):
            continue
        before = _neighbour(chunks[place - 1][0], chunk[0]) if place else ""
        behind = _neighbour(chunk[0], chunks[place + 1][0], of=1) if place + 1 < len(chunks) else ""
        start, end = meant.original(edit[0], edit[1])
        initials = text[start:end].isupper() and not text.isupper()
        ways = words.in_company(before, meant.text[edit[0] : edit[1]].replace("'", ""), behind, initials=initials) or [(edit[2], 0.0)]
        further = [([*known, (*edit[:2], says)], cost + more) for known, cost in heard for says, more in ways if more <= DOUBT_MAX]
        heard = sorted(further, key=lambda one: one[1])[:most]
    return [Meant(rewritten(meant, sorted(edits)), behind) for edits, behind in heard]


def _neighbour(first: str, second: str, *, of: int = 0) -> str:
    """The first or the second of two runs of signs, as a word that stands beside the other one; "" where a sign stands between them."""
    apart = first.rstrip("'\"*_") != first.rstrip(EDGES) or second.lstrip("'\"*_") != second.lstrip(EDGES)
    return "" if apart else (first, second)[of].strip(EDGES).replace("'", "")


def _not_struck(folded: Folded) -> Folded:
    """The text without Slack's marks for what is struck out; other tildes stay."""
    pairs = [found.span() for found in _STRUCK.finditer(folded.text)]
    return rewritten(folded, [(place, place + 1, "") for start, end in pairs for place in (start, end - 1)])


def _edits(text: str, meant: Folded, said: Mapping[str, Edit], words: Vocabulary) -> list[Edit]:
    """Where runs of signs stand that say something, in order, and what they say."""
    chunks = list(CHUNK.finditer(meant.text))
    edits = [_edit(chunk, said[chunk[0]]) for chunk in chunks if chunk[0] in said]
    edits = [edit for edit in edits if not _short_name(text, meant, edit)]
    if any(not one.isalpha() for one in said):
        odd = words.odd(meant.text)
        everywhere = 2 * sum(not chunk[0].strip(PLAIN_EDGES + "!").replace("'", "").isalpha() for chunk in chunks) >= len(chunks)
        others = [chunk for chunk in chunks if chunk[0] not in said and (chunk[0] in odd or everywhere)]
        edits += _short_signs(others, words)  # where most words have digits numbers are words too: "70" is "to"
    return sorted(edits)


def _edit(chunk: re.Match[str], said: Edit) -> Edit:
    return chunk.start() + said[0], chunk.start() + said[1], said[2]


def _each_says(odd: frozenset[str], words: Vocabulary) -> dict[str, Edit]:
    """Runs of signs that are no words and say something by themselves, and what."""
    return {one: says for one in odd if (says := words.in_chunk(one, _said_by))}


_LIKE_L = str.maketrans("1!", "ll")
_PLAIN_SIGNS = str.maketrans({sign: letters[:1] for sign, letters in SIGNS.items() if letters})


_INITIALS = frozenset({"kys", "kkk"})
"""Three letters that are read as one word where something stands between them."""


def _groups(found: re.Match[str], origin: Sequence[int]) -> list[str]:
    """The letters of a run, parted where what stands between them is wider or another sign than elsewhere."""
    places = [place for place in range(*found.span()) if _ONE_SIGN.fullmatch(found.string[place])]
    between = [(origin[after] - origin[before], found.string[before + 1 : after].strip()) for before, after in pairwise(places)]
    usual = max(set(between), key=lambda one: (between.count(one), -one[0]))
    groups = [found.string[places[0]]]
    for place, gap in zip(places[1:], between, strict=True):
        wider = gap[0] > usual[0] or (usual[1] and not gap[1])
        groups += [found.string[place]] if wider else []
        groups[-1] += "" if wider else found.string[place]
    return groups


def _together(found: re.Match[str], origin: Sequence[int], words: Vocabulary) -> Edit | None:
    """The words that letters with something between them spell; None where they spell none."""
    groups = _groups(found, origin)
    joined = "".join(groups)
    if len(groups) > 1 and joined.isalpha() and max(map(len, groups)) > 2:
        parts = [part for group in groups for part in ([group] if group in words or len(group) < 3 else words.cut(group)[1])]
        if sum(len(part) for part in parts if part in words) * 2 >= len(joined):
            return *found.span(), " ".join(parts)
    said = _letters_say(joined, words)
    return (*found.span(), said) if said else None


def _letters_say(joined: str, words: Vocabulary) -> str:
    """The words that letters, and signs for letters, spell one after the other, or from the end; "" where they spell none."""
    if joined in _INITIALS:
        return joined
    if sum(map(str.isalpha, joined)) < max(2, (len(joined) + 1) // 2) or len(joined) < 3:
        return ""
    readings = {joined.translate(_PLAIN_SIGNS), joined.translate(_LIKE_L).translate(_PLAIN_SIGNS)}
    cost, cut = min(words.cut(reading) for reading in readings)
    if len(joined) == 3 and not (set(cut) & words.hidden or "".join(cut) in ("you", "die", "fag", "ass")):
        return ""
    whole = all(one in words for one in cut)
    partly = cost < 4.0 * len(joined) and any(one in words and len(one) > 3 for one in cut)
    if (whole or partly) and len(joined) >= 2.4 * len(cut) - 1:
        return " ".join(cut)
    backwards = words.cut(joined[::-1])[1]
    return " ".join(backwards) if all(one in words for one in backwards) and len(joined) >= 2.4 * len(backwards) else ""


def _said_by(written: str, words: Vocabulary) -> Edit | None:
    """What a run of signs without blanks says, and where in it; None where it says what it is."""
    bare = written.strip(EDGES)
    start = written.find(bare)
    letters = bare.replace("'", "")
    if not bare or letters in words or len(written) > LETTERS_RUN_MAX or _is_said_so(bare):
        return None
    if letters.isalpha():
        said = words.says(letters) if bare.isascii() else ""
        return (start, start + len(bare), said) if said else None
    if _KEPT.fullmatch(written):
        return _in_kept(written, words)
    for edges in (PLAIN_EDGES, EDGES):
        inner = written.strip(edges)
        if inner and (said := _signs_say(inner, words)):
            start = written.find(inner)
            return start, start + len(inner), said
    return None


def _all_signs(meant: Folded, odd: frozenset[str], words: Vocabulary) -> list[Edit]:
    """Runs of letters and signs that say nothing by themselves, where most of a text is that: "k1lly0ur53lf"."""
    chunks = list(CHUNK.finditer(meant.text))
    mixed = [chunk for chunk in chunks if chunk[0] in odd and _MIXED.search(chunk[0])]
    return sorted(_short_signs(mixed, words)) if mixed and 2 * len(mixed) >= len(chunks) else []


def _likeliest(written: str, words: Vocabulary) -> str:
    """The letters that signs stand for, where a run of them is cut into words most easily: a 1 may be an i or an l."""
    places = [place for place, sign in enumerate(written) if sign in "1!"][:LIKE_L_MAX]
    readings = {written.translate(_PLAIN_SIGNS), written.translate(_LIKE_L).translate(_PLAIN_SIGNS)}
    for chosen in product("il", repeat=len(places)):
        signs = list(written)
        for place, letter in zip(places, chosen, strict=True):
            signs[place] = letter
        readings.add("".join(signs).translate(_PLAIN_SIGNS))
    return min((words.cut(one)[0], one) for one in readings)[1]


def _is_said_so(word: str) -> bool:
    """Whether a short word has another one at its end, as people speak where they live: "oi'll", "ah'm"."""
    return bool(_AS_SAID.fullmatch(word))


def _short_signs(chunks: Sequence[re.Match[str]], words: Vocabulary) -> Iterator[Edit]:
    """Short words with digits that are words too, where the text has others: "4r3" beside "1d10t"."""
    for chunk in chunks:
        bare = chunk[0].strip(PLAIN_EDGES)
        if not bare or bare.isalpha() or not bare.isascii() or _KEPT.fullmatch(chunk[0]):
            continue
        said = words.says(bare)
        if not said and all(sign in SIGNS or sign.isalpha() for sign in bare) and (len(bare) > 4 or bare.isdigit()):
            plain = _likeliest(bare, words)
            said = plain if plain in words and len(plain) < 3 else "" if bare.isdigit() else words.says(plain) or plain
        if said and " " not in said[:1]:
            start = chunk.start() + chunk[0].find(bare)
            yield start, start + len(bare), said


def _in_kept(written: str, words: Vocabulary) -> Edit | None:
    """A hidden word that begins with "@" for a, or is cut by a dot; all else is a mention, a link, a name of a file."""
    bare = written.rstrip(EDGES)
    if bare.startswith("@") and "a" + bare[1:].translate(_PLAIN_SIGNS) in words.hidden:
        return 0, len(bare), "a" + bare[1:].translate(_PLAIN_SIGNS)
    if bare.startswith("@") and not bare[1:].isalpha() and bare.isascii() and (said := words.says(bare)) and len(said) > 4:
        return 0, len(bare), said
    if bare.startswith("#") and bare[1:].isalpha() and bare.isascii() and (said := words.says(bare[1:])):
        return 1, len(bare), said
    inner = written.strip(EDGES)
    joined = inner.replace(".", "")
    if joined.isalpha() and (said := joined if joined in words.hidden else words.spelt(joined)):  # "id.iot" is no file
        start = written.find(inner)
        return start, start + len(inner), said
    return None


def _reads_as(written: str, said: str) -> bool:
    """Say whether each sign is the letter or may stand for it."""
    return len(said) == len(written) and all(one in (sign, *SIGNS.get(sign, "")) for one, sign in zip(said, written, strict=True))


def _signs_say(written: str, words: Vocabulary) -> str:
    """What a word with digits, signs or separators in it says; "" where it says what it is."""
    pieces = [piece for piece in _INNER.split(written) if piece]
    joined = "".join(pieces)
    if not joined.isascii() or len(joined) < 3 or not any(map(str.isalpha, joined)):
        return ""
    bare = joined.replace("'", "")
    if len(pieces) == 1:
        if _ORDINARY.fullmatch(bare):
            said = words.says(bare) if len(bare) >= 4 and bare[0].isalpha() else ""
            return said if said in words.hidden and _reads_as(bare, said) else ""
        if any(sign not in SIGNS and not sign.isalpha() for sign in written):
            return words.spelt(bare) or (bare if bare in words.hidden else "")
        return words.says(bare)
    return _pieces_say(written, pieces, bare, words)


def _pieces_say(written: str, pieces: Sequence[str], bare: str, words: Vocabulary) -> str:
    """What pieces with signs between them say, together or each; "" where they say what they are."""
    plural = bare.startswith(pieces[0] + "s")
    if bare in words.hidden or all(piece in words for piece in pieces):
        return bare if bare in words.hidden and not (plural and pieces[0] in words) else ""
    said = words.says(bare) or (bare if bare in words and not re.search(r"[a-z]{3,}[-/]", written) else "")
    cut = min(map(len, pieces)) < 3 and not re.fullmatch(r"\w+[-']\w+|\w+/\w+", written)
    if said in words.hidden or (said and (cut or "'" in written)):
        return said
    each = [words.says(piece) if any(map(str.isalpha, piece)) and not _ORDINARY.fullmatch(piece) else "" for piece in pieces]
    return " ".join(one or piece for one, piece in zip(each, pieces, strict=True)) if any(each) else ""


_WORD = re.compile(r"(?<![\w@#./\\:=<-])[a-z]+(?:'[a-z]+){0,2}(?![\w@/\\=]|\.\w|:\w)")
_LETTERS = re.compile(r"(?<![\w@#])[a-z]+(?:'[a-z]+)?(?![\w@])")
_BEGINS = re.compile(r"(?:\A|[.!?…][\"'”’)]*\s+|\n\s*)(?:[@<]\S+[\s,:]+)*\Z")
"""Where a sentence begins, after a mention too."""
_NAME = re.compile(r"[A-Z][a-z]+(?:['’]s)?|[A-Z]{2,}(?:['’]?s)?")


def _is_name(text: str, meant: Folded, one: re.Match[str]) -> bool:
    """A word written as names and initials are, in a text that is not all capitals."""
    start, end = meant.original(*one.span())
    written = text[start:end]
    if len(written) > 1 and not written.isupper() and _BEGINS.search(text, max(0, start - BEFORE_CHARS_MAX), start):
        return False  # the first word of a sentence has a capital anyway
    return bool(_NAME.fullmatch(written)) or (written[:1].isupper() and written[1:].islower())


def _short_name(text: str, meant: Folded, edit: Edit) -> bool:
    """A word of four letters or fewer, written as names are, that does not begin the text: Mr Cnut."""
    start, end = meant.original(edit[0], edit[1])
    written = text[start:end]
    return start > 0 and len(written) < 5 and bool(_NAME.fullmatch(written)) and not written.isupper() and not edit[2].startswith("fuck")


def _whole(text: str, meant: Folded, words: Vocabulary, said: int, most: int) -> list[Meant]:
    """Read a text in which many words are none: with blanks in other places, letters missing or wrong, in at most so many ways.

    `said`: already read. Nothing where it says what it is.
    """
    found = list(_WORD.finditer(meant.text))
    unknown = [
        one for one in found if (word := one[0].replace("'", "")) not in words and not _is_said_so(one[0]) and not words.is_plural(word)
    ]
    if not unknown:
        return []
    odd = {one.start() for one in unknown if text.isupper() or not _is_name(text, meant, one)}
    bare = {one.start() for one in found if len(one[0]) > 1 and _NO_VOWELS.fullmatch(one[0]) and not _is_name(text, meant, one)}
    if len(bare) >= DISGUISED_WORDS_MIN and len(bare) >= DISGUISED_SHARE_MIN * len(found):
        odd |= bare  # a text without vowels: what is an abbreviation elsewhere is a word here
    short_of = {one.start() for one in found if one[0] in SHORT_OF and not _is_name(text, meant, one)}
    if odd:
        odd |= short_of
    count = sum(len(one[0]) > 1 for one in found if one.start() in odd)
    alone = len(found) == len(odd) == 1 and len(found[0][0]) > 7
    if not odd or (count + said < DISGUISED_WORDS_MIN and not alone) or len(odd) + said < DISGUISED_SHARE_MIN * len(found):
        return []
    odd |= {one.start() for one in found if words.may_be_another(one[0].replace("'", "")) and not _is_name(text, meant, one)}
    runs = list(_runs(found, meant.text))
    written = [[one[0].replace("'", "") for one in run] for run in runs]
    if 2 * len(odd) >= len(found) and (edits := _recut(runs, written, words)):
        return [Meant(rewritten(meant, edits), blurred=True)]
    given = [Run(said, [one.start() not in odd for one in run]) for said, run in zip(written, runs, strict=True)]
    heard = [(list(_respelt(runs, written, one.steps)), one.behind) for one in decoded(given, words, most)]
    edits = heard[0][0]
    letters = sum(len(one[0]) for one in found if one.start() in odd)
    starts = [start for start, _, _ in edits]
    read = sum(
        len(one[0])
        for one in found
        if one.start() in odd and (place := bisect_right(starts, one.start())) and one.start() < edits[place - 1][1]
    )
    before = said * LETTERS_A_WORD
    if not edits or read + before < READ_SHARE_MIN * (letters + before):
        return []
    return [Meant(rewritten(meant, edits), behind, blurred=True) for edits, behind in heard]


def _recut(runs: Sequence[Sequence[re.Match[str]]], written: Sequence[Sequence[str]], words: Vocabulary) -> list[Edit]:
    """Words whose blanks all stand in other places: "nobodyt oldm et hatt hey"; nothing where other words than common ones come out."""
    letters = ["".join(said) for said in written]
    if max(map(len, letters), default=0) > LETTERS_RUN_MAX or sum(map(len, letters)) < RECUT_LETTERS_MIN:
        return []
    cuts = [words.cut(one) for one in letters]
    whole = sum(map(len, letters))
    known = sum(len(one) for _, cut in cuts for one in cut if one in words)
    if sum(cost for cost, _ in cuts) > RECUT_COST_MAX * whole or known < RECUT_KNOWN_MIN * whole:
        return []
    return [(run[0].start(), run[-1].end(), " ".join(cut)) for run, (_, cut) in zip(runs, cuts, strict=True)]


_NO_VOWELS = re.compile(r"(?!(?:my|by|why|try|cry|dry|fly|sky|shy|gym|mr|mrs|dr|tv|hmm)\b)[^aeiou']+")


def _respelt(runs: Sequence[Sequence[re.Match[str]]], written: Sequence[Sequence[str]], read: Sequence[Sequence[Step]]) -> Iterator[Edit]:
    """What words say: each alone, or with the next ones of its run as other words."""
    for said, run, steps in zip(written, runs, read, strict=True):
        for step in steps:
            if step.said != " ".join(said[step.start : step.end]):
                yield run[step.start].start(), run[step.end - 1].end(), step.said


def _runs(found: Sequence[re.Match[str]], text: str) -> Iterator[list[re.Match[str]]]:
    """Words with nothing but one blank between them, together."""
    run: list[re.Match[str]] = []
    for one in found:
        if run and text[run[-1].end() : one.start()] != " ":
            yield run
            run = []
        run.append(one)
    if run:
        yield run


def _joined(meant: Folded, words: Vocabulary, *, common: bool = False) -> Folded:
    """Join two pieces, one of which is no word, where they are a hidden word with a blank in it, or one of the commonest."""
    edits: list[Edit] = []
    for one, other in pairwise(_WORD.finditer(meant.text)):
        if (
            other.start() - one.end() == 1
            and not (edits and edits[-1][1] > one.start())
            and words.may_be_cut(one[0], other[0], common=common)
        ):
            edits.append((one.start(), other.end(), one[0] + other[0]))
    return rewritten(meant, edits)


def _backwards(meant: Folded, words: Vocabulary) -> Folded | None:
    """Turn every word, or the whole text where its words then stand in a better order; None where they are not backwards."""
    found = list(_LETTERS.finditer(meant.text))
    unknown = [one for one in found if one[0].replace("'", "") not in words]
    turned_known = [one for one in unknown if (back := one[0][::-1].replace("'", "")) in words and len(back) > 2]
    if any(one[0] + other[0] in words and one in unknown for one, other in pairwise(found)):
        return None  # cut by a blank: "mur der"
    if len(turned_known) < DISGUISED_WORDS_MIN or 3 * len(turned_known) < 2 * len(unknown) or 3 * len(unknown) < len(found):
        return None
    turned = [one[0][::-1] for one in found]
    there = sum(words.gain(one, other) for one, other in pairwise(turned))
    ahead = sum(words.gain(other, one) for one, other in pairwise(turned))
    short = [one[0] for one in found if 1 < len(one[0]) < 4]
    as_they_are = sum(one in words for one in short) > sum(one[::-1] in words for one in short)
    if ahead >= there - BACKWARDS_DOUBT and not as_they_are:
        return Folded(meant.text[::-1], meant.origin[::-1])
    edits = []
    for one, word in zip(found, turned, strict=True):
        known = one[0].replace("'", "") in words
        if word != one[0] and (word.replace("'", "") in words or not known) and not (known and as_they_are and len(word) < 4):
            edits.append((*one.span(), word))
    return rewritten(meant, edits)
