"""Signs that no folding knows: what stands for letters only where a word is disguised with it.

Knows: characters turned upside down, the right-to-left override, entities of HTML, emoji and drawings for letters, stars. Must not know:
rules, scores, which words are bad (the vocabulary knows which ones people hide).
Rules: each sign of the new text is led back to the old one; a star is a letter only in what is no word without it; nothing raises.
"""
# ruff: noqa: RUF001, PLR2004 - characters that look like others are what this is about; the lengths of words are numbers

import re
from collections.abc import Iterator, Sequence
from html.entities import html5
from urllib.parse import unquote

from bot.core.text import Folded, fold
from bot.reading import alphabets
from bot.reading.edits import CHUNK, Edit
from bot.reading.vocabulary import EDGES, PLAIN_EDGES, Vocabulary

Signs = list[tuple[str, int]]
"""Characters, each with its place in the text as it was written."""
_ESCAPE = "\u202e"
_FLIPPED = dict(zip("ɐqɔpǝɟƃɥᴉɾʞlɯuodbɹsʇnʌʍxʎzıɓᵷṇʃ", "abcdefghijklmnopqrstuvwxyziggnl", strict=True))
_FLIPPED_LETTERS = "ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ"
_LETTER_EMOJI = alphabets.EMOJI | dict(zip("🆎🆑🆒🆓🆔🆕🆖🆗🆘🆙🆚", "ab cl cool free id new ng ok sos up vs".split(), strict=True))
_WITH_CAPITAL_I = re.compile(r"(?<![^\W_])(?<!')(?=[A-Za-z']*[a-z])(?=[A-Za-z']*I)[A-Za-z][A-Za-z']+(?![^\W_])")
_UNUSUAL = re.compile(rf"[{_ESCAPE}{_FLIPPED_LETTERS}*#%•✱∗^&\\|{''.join(_LETTER_EMOJI)}]|:[\w+-]+:|\w\?\w|\(_?\)|><")
_HUMPED = re.compile(r"(?<![\w@/.#])(?P<tag>#?)(?P<word>[A-Z]?[a-z]*(?:[A-Z][a-z]*)+)(?![\w@/]|\.\w)")
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OVERRIDE = re.compile(rf"{_ESCAPE}([^\u202c\u2069\n]*)[\u202c\u2069]?")
_TURNED = re.compile(rf"[^\n]*[{_FLIPPED_LETTERS}][^\n]*")
_ENTITY = re.compile(r"&(?:amp;)*(?:#(?P<decimal>\d{1,7})|#[xX](?P<hex>[0-9a-fA-F]{1,6})|(?P<name>[a-zA-Z]{2,8}));")
_PERCENT = re.compile(r"(?:%[2-7][0-9a-fA-F])+")
_CODE = re.compile(r"\b:(?!//)[a-z][a-z0-9_+-]{1,30}:(?=\w\b|\w:)|:(?:regional_indicator_|alphabet-(?:white|yellow)-)(?P<letter>[a-z]):")
_EMOJI = re.compile(rf"(?<=\w)\uFE0F?[{''.join(_LETTER_EMOJI)}](?=\w|\uFE0F\w)|\b(?<=\w)[{''.join(_LETTER_EMOJI)}]\uFE0F?(?=\w)")
_BEFORE, _BEHIND = re.compile(r"(?<!\S)([A-Za-z']{1,40}) \Z"), re.compile(r" ([A-Za-z']{1,40})(?![^\s.,;:!?])")
"""The word before a place, and the one behind it."""
_STARRED = re.compile(
    r"(?<![\w*`~_#%•✱∗@/.:<&=-])(?:[*#%•✱∗^]?\w{1,20}(?:[*#%•✱∗?^]{1,8}\w{1,20}){1,8}\*{0,3}|\w{3,16}\*{1,3})(?![\w*`~#%/:=-])"
)
_STARS_ANYWHERE = {sign: re.compile(rf"(?<![\w{sign}])(?=\w*\{sign})(?=\{sign}*\w)[\w{sign}]{{2,16}}(?![\w{sign}])") for sign in "*#"}
_CENSORED = re.compile(r"(?<![\w*@#/.:-])[a-z]\*{2,11}(?![\w*])", re.IGNORECASE)
_CENSORED_WORDS = {
    one[0] + "*" * (len(one) - 1): one
    for one in "fuck shit cunt twat dick arse bitch prick idiot moron wanker faggot nigger bastard asshole fucking bullshit".split()
} | {"a*******": "arsehole", "m***********": "motherfucker"}
"""What is meant by a letter and so many stars."""
_STARS = re.compile(r"[*#%•✱∗?^]+")
_DRAWN = {
    "|_|": "u", "(_)": "u", "|<": "k", "|)": "d", "|-|": "h", "|\\|": "n", "/\\/\\": "m", "|\\/|": "m", "\\/\\/": "w", "/\\": "a",
    "\\/": "v",
    "()": "o", "|>": "p", "|=": "f", "|3": "b", "|2": "r", "><": "x", "}{": "h", "][": "i",
}  # fmt: skip
_DRAWN_SIGN = re.compile("|".join(re.escape(one) for one in sorted(_DRAWN, key=len, reverse=True)))
_DRAWN_WORD = re.compile(rf"(?<!\S)(?=\S*[a-zA-Z0-9])(?=\S*(?:\|\||{_DRAWN_SIGN.pattern}))\S{{2,60}}")


def is_unusual(text: str) -> bool:
    """Whether there is anything in a text that `undone` may undo."""
    return bool(_UNUSUAL.search(text) or _HUMPS.search(text)) or not (text.isascii() or alphabets.LETTERS.keys().isdisjoint(text))


def capitals_for_l(text: str, words: Vocabulary) -> str:
    """The text with an l for each capital I that stands for one: "kiII". What is a word with an i stays."""

    def read(found: re.Match[str]) -> str:
        said = found[0].replace("I", "l").lower()
        return found[0] if found[0].lower() in words or not (said in words or words.spelt(said)) else found[0].replace("I", "l")

    return _WITH_CAPITAL_I.sub(read, text)


def undone(text: str, folded: Folded, words: Vocabulary) -> Folded:
    """Undo what folding cannot, because it would wreck ordinary text; then fold what is left."""
    signs: Signs = [(sign, place) for place, sign in enumerate(text)]
    before = text
    for change in (_entities, _percents, _codes, _overridden, _turned):
        signs = change("".join(sign for sign, _ in signs), signs)
    signs = _parted("".join(sign for sign, _ in signs), signs, words)
    signs = _of_other_alphabets("".join(sign for sign, _ in signs), signs, words)
    current = "".join(sign for sign, _ in signs)
    starred = list(_starred(current, words))
    starred += [(*found.span(), said) for found in _CENSORED.finditer(current) if (said := _CENSORED_WORDS.get(found[0].lower()))]
    for sign in "*#":
        if any(sign in current[start:end] for start, end, _ in starred):
            more = _more_starred(current, sign, words)
            starred += [one for one in more if not any(one[0] < end and start < one[1] for start, end, _ in starred)]
    for start, end, new in sorted([*starred, *_drawn(current, words)], reverse=True):
        last = len(new) - 1
        width = end - start
        signs[start:end] = [(sign, signs[end - 1 if n == last else start + n * width // len(new)][1]) for n, sign in enumerate(new)]
    current = "".join(sign for sign, _ in signs)
    if current == before:
        return folded
    again = fold(current)
    return Folded(again.text, tuple(signs[place][1] for place in again.origin))


def _entities(text: str, signs: Signs) -> Signs:
    """Entities of HTML as the characters they are."""
    done = 0
    kept: Signs = []
    for found in _ENTITY.finditer(text):
        code = int(found["decimal"] or int(found["hex"] or "0", 16))
        sign = html5.get(f"{found['name']};", "") if found["name"] else chr(code) if 32 <= code < 0x110000 else ""
        if sign:
            kept += [*signs[done : found.start()], *((one, signs[found.start()][1]) for one in sign[:2])]
            done = found.end()
    return [*kept, *signs[done:]]


def _percents(text: str, signs: Signs) -> Signs:
    """Letters as links write them, where there are several: "%6Bill"."""
    found = list(_PERCENT.finditer(text))
    if len(found) < 2 or "://" in text:
        return signs
    for one in reversed(found):
        said = unquote(one[0])
        signs[one.start() : one.end()] = [(sign, signs[one.start() + 3 * n][1]) for n, sign in enumerate(said)]
    return signs


def _codes(text: str, signs: Signs) -> Signs:
    """Codes and emoji for letters as those letters; other codes between two letters as nothing."""
    done = 0
    kept: Signs = []
    for found in sorted((*_CODE.finditer(text), *_EMOJI.finditer(text)), key=lambda one: one.start()):
        if found.start() < done:
            continue
        letters = _LETTER_EMOJI.get(found[0].strip("\ufe0f"), "") if found.re is _EMOJI else found["letter"] or ""
        kept += [*signs[done : found.start()], *((one, signs[found.start()][1]) for one in letters)]
        done = found.end()
    return [*kept, *signs[done:]]


def _overridden(text: str, signs: Signs) -> Signs:
    """What is shown from right to left in the order in which it is seen."""
    done = 0
    kept: Signs = []
    for found in _OVERRIDE.finditer(text):
        kept += [*signs[done : found.start()], *reversed(signs[found.start(1) : found.end(1)])]
        done = found.end()
    return [*kept, *signs[done:]]


def _turned(text: str, signs: Signs) -> Signs:
    """Lines that stand on their head, turned round."""
    done = 0
    kept: Signs = []
    for found in _TURNED.finditer(text):
        turned = [(_FLIPPED.get(sign, sign), place) for sign, place in signs[found.start() : found.end()]]
        if sum(sign in _FLIPPED_LETTERS for sign in found[0]) >= 2:
            kept += [*signs[done : found.start()], *reversed(turned)]
            done = found.end()
    return [*kept, *signs[done:]]


def _parted(text: str, signs: Signs, words: Vocabulary) -> Signs:
    """Words run together with a capital each as those words: all of a tag, of other runs three and more."""
    for found in reversed(list(_HUMPED.finditer(text))):
        parts = _HUMPS.split(found["word"])
        if len(parts) > (1 if found["tag"] else 2) and all(part.lower() in words for part in parts):
            start, place = found.start("word"), len(found["word"])
            for part in reversed(parts[1:]):
                place -= len(part)
                signs.insert(start + place, (" ", signs[start + place][1]))
            del signs[found.start() : start]
    return signs


def _of_other_alphabets(text: str, signs: Signs, words: Vocabulary) -> Signs:
    """Runs of signs of other alphabets as the Latin letters they are drawn for, where words come out of most of them."""
    if alphabets.LETTERS.keys().isdisjoint(text):
        return signs
    runs = [found for found in CHUNK.finditer(text) if not alphabets.LETTERS.keys().isdisjoint(found[0])]
    read = [_latin(found[0], words) for found in runs]
    right = [_word(said) in words or bool(words.spelt(_word(said))) for said in read]
    for found, said, word in sorted(zip(runs, read, right, strict=True), key=lambda one: -one[0].start()):
        letters = "".join(said).strip(EDGES)
        if letters.isascii() and ((word and len(letters) > 2) or 2 * sum(right) > len(right)):
            places = [place for _, place in signs[found.start() : found.end()]]
            signs[found.start() : found.end()] = [(sign, place) for one, place in zip(said, places, strict=True) for sign in one]
    return signs


def _latin(run: str, words: Vocabulary) -> list[str]:
    """What each sign of a run stands for: the letter it is drawn for, else what it is folded to; or these first, by which is a word."""
    folded = [fold(sign).text for sign in run]
    drawn = [alphabets.LETTERS.get(sign, one) for sign, one in zip(run, folded, strict=True)]
    looks = [one if one.isascii() else alphabets.LETTERS.get(sign, one) for sign, one in zip(run, folded, strict=True)]
    return looks if _word(looks) in words and _word(drawn) not in words else drawn


def _word(letters: Sequence[str]) -> str:
    return "".join(letters).strip(EDGES).replace("'", "")


def _starred(text: str, words: Vocabulary) -> Iterator[Edit]:
    """Words in which stars and the like stand for letters, by what stands beside them."""
    done, said = -1, ""
    for found in _STARRED.finditer(text):
        before = said if found.start() == done + 1 and text[done] == " " else _beside(_BEFORE.search(text, 0, found.start()))
        fits = _star_says(found[0].lower(), words, before, _beside(_BEHIND.match(text, found.end())))
        done, said = found.end(), fits
        if fits:
            yield *found.span(), fits


def _beside(found: re.Match[str] | None) -> str:
    """The word that was found beside another, as it is folded; "" where there is none."""
    return found[1].lower().replace("'", "") if found else ""


def _star_says(written: str, words: Vocabulary, before: str, behind: str) -> str:
    """The word in which stars stand for letters; "" where they do not."""
    letters = _STARS.sub("", written)
    if not letters.isascii() or letters in words or len(letters) < 2 or "_" in written:
        return ""
    only = _STARS.findall(written)
    if len(only) >= len(written) // 2 and words.spelt(letters) in words.hidden:
        return words.spelt(letters)
    patterns = [_STARS.sub(lambda stars: "." * len(stars[0]), written)]
    if len(only) == 1 and len(only[0]) == 1:
        patterns += [written.replace(only[0], "." * count) for count in (2, 3)]
    for pattern in patterns if letters.isalpha() else ():
        fits = words.fitting(pattern, before=before, behind=behind)
        inside = not written.removesuffix(only[-1]).isalpha()  # a star at the end alone may be a footnote, or end what is bold
        if fits and (fits in words.hidden or (inside and pattern is patterns[0] and only[0].strip("?#^%"))):
            return fits
    return ""


def _more_starred(text: str, sign: str, words: Vocabulary) -> Iterator[Edit]:
    """Words with stars, or another sign, at their ends, and short ones, in a text where others have them for letters."""
    for found in _STARS_ANYWHERE[sign].finditer(text):
        pattern = found[0].lower().replace(sign, ".")
        fits = words.fitting(pattern) if pattern.strip(".") and pattern.isascii() else ""
        if fits:
            yield *found.span(), fits


def _drawn(text: str, words: Vocabulary) -> Iterator[Edit]:
    """Words with letters that are drawn with several signs."""
    if "\\" not in text and "|" not in text and "()" not in text and "(_)" not in text and "><" not in text:
        return
    for found in _DRAWN_WORD.finditer(text):
        written = found[0].lower()
        if written.count("||") == 1:  # a spoiler has two
            written = written.replace("||", "ll")
        letters = _DRAWN_SIGN.sub(lambda sign: _DRAWN[sign[0]], written).strip(PLAIN_EDGES)
        plain = letters if letters in words or words.spelt(letters) else words.says(letters) if letters.isascii() else ""
        if plain and len(letters) > 2 and _letters(found[0]) not in words:
            yield *found.span(), plain


def _letters(chunk: str) -> str:
    return "".join(sign for sign in chunk.lower() if sign.isalpha())
