"""Words as a model can read them: digits for letters, lengthened letters, letters spaced or dotted out.

Knows: the words of a model's vocabulary, and into how many pieces it would cut another one. Must not know: banks, rules, scores.
Rules: a word that the vocabulary knows is never touched; another one is changed only where the change leaves fewer pieces, so
names, code and other languages stay as they are; every step is linear in the text's length; nothing here places anything.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import product

CANDIDATES_MAX = 32
"""Readings of one word that are tried: words with more disguised letters than that are gibberish."""
WORD_CHARS_MAX = 40
WORDS_REMEMBERED_MAX = 8192
WORD_READ_MAX = 16
"""Letters of the longest word that is looked for among letters without blanks."""
LETTERS_MIN = 4
"""Shorter spaced-out runs are initials and lists."""
ABUSIVE = frozenset(
    "arsehole arseholes asshole assholes bastards bellend bitches bitching cocks cocksucker cunt cunts dickhead dickheads dyke faggot "
    "faggots fags fuckers fuckface fucks fuckwit gobshite gypsies hoes idiots imbecile jackass kike kikes knobhead lesbians moron morons "
    "motherfucker motherfuckers muppet muslims nazis negro nigga niggas nigger niggers numpty paki pakis paedo parasite parasites pathetic "
    "pillock pisses plonker prick pricks pussies retard retarded retards scum scumbag scumbags shitty shithead sluts slags spastic terf "
    "tosser traitors tranny trannies twat twats vermin wanker wankers whores yids zionist zionists".split()
)
"""Words that vocabularies cut in pieces and that people disguise."""
_LETTERS = {"0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g", "@": "a", "$": "s", "!": "i", "|": "l"}
_SPACED = re.compile(r"(?<![^\W_])(?<!['@])[a-z0-9@$!](?:([ .\-_~|/+·•*,])[a-z0-9@$!])(?:\1[a-z0-9@$!]){2,}(?![a-z0-9])")
_WORD = re.compile(r"(?<![\w@])(?!@)[a-z0-9$@!|]*[a-z][a-z0-9$@!|]*[a-z0-9$@](?![\w])")
_DISGUISED = re.compile(r"[0-9@$!|]|([a-z])\1")
_ORDINARY = re.compile(r"[a-z]{1,2}\d+|[a-z]+\d{2,}|[@$]?\d+[a-z]{0,2}|\d+[a-z]\d+|@[a-z]+")
_DOUBLE = re.compile(r"([a-z])\1+")


def undisguiser(known: Callable[[str], bool], pieces: Callable[[str], int]) -> Callable[[str], str]:
    """Make the function that reads a text, for one vocabulary: `known` words stay, `pieces` counts how a word is cut."""

    def there(word: str) -> bool:
        return known(word) or word in ABUSIVE

    @lru_cache(maxsize=WORDS_REMEMBERED_MAX)
    def plain(word: str) -> str:
        if there(word) or len(word) > WORD_CHARS_MAX:
            return word
        candidates = [(1 if there(one) else pieces(one), len(word) - len(one), one) for one in _candidates(word)]
        if _ORDINARY.fullmatch(word):  # th15 is a word, covid19 and m25 are what they are
            candidates = [one for one in candidates if there(one[2]) and len(word) >= LETTERS_MIN]
        best = min(candidates, default=(0, 0, word))
        return best[2] if best[2] != word and best[0] < pieces(word) else word

    def word(found: re.Match[str]) -> str:
        return plain(found[0]) if _DISGUISED.search(found[0]) else found[0]

    def joined(found: re.Match[str]) -> str:
        letters = found[0][::2]
        if sum(map(str.isalpha, letters)) < LETTERS_MIN - 1:
            return found[0]
        cost, read = _words_in(letters if letters.isalpha() else plain(letters), there)
        return read if cost <= len(letters) / 2 else found[0]

    return lambda text: _WORD.sub(word, _SPACED.sub(joined, text)) if text else text


def _words_in(letters: str, known: Callable[[str], bool]) -> tuple[float, str]:
    """Cut letters without blanks into the fewest words that are known; what is left over costs as much as it is long."""
    best: list[tuple[float, list[str]]] = [(0.0, [])]
    for end in range(1, len(letters) + 1):
        ways = []
        for start in range(max(0, end - WORD_READ_MAX), end):
            piece = letters[start:end]
            cost = 1.0 if known(piece) or piece in ("a", "i", "u") else 1.2 * len(piece)
            ways.append((best[start][0] + cost, [*best[start][1], piece]))
        best.append(min(ways, key=lambda way: way[0]))
    return best[-1][0], " ".join(best[-1][1])


def _candidates(word: str) -> Iterator[str]:
    """What a word may be meant to say: each sign as a letter, each run of a letter as one or two."""
    signs = [_LETTERS.get(sign, sign) for sign in word]
    count = 0
    for reading in product(*signs):
        spelt = "".join(reading)
        runs = list(_DOUBLE.finditer(spelt))
        for lengths in product((1, 2), repeat=min(len(runs), 3)):
            parts, done = [], 0
            for run, length in zip(runs, lengths, strict=False):
                parts += [spelt[done : run.start()], run[1] * length]
                done = run.end()
            yield "".join([*parts, spelt[done:]])
            count += 1
            if count >= CANDIDATES_MAX:
                return
