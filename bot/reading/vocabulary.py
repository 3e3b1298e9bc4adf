"""Words: which there are, how common each is, and what a word that is none of them may have been written to say.

Knows: a list of words by frequency, the words that people hide, the ways of hiding a letter. Must not know: texts, banks, rules, scores.
Rules: a known word is never read as another one, but for `SHORT_OF`; every step is bounded by the length of a word; what a
word says depends on the lists alone. Costs are logarithms: a word costs the more the rarer it is, and each way of hiding has its price.

To hide one more word: add it to `HIDDEN`. To undo one more sign for a letter: add it to `SIGNS`.
"""
# ruff: noqa: RUF001, PLR2004 - characters that look like others are what this is about; the lengths of words are numbers

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import product
from math import inf, log, prod
from typing import TypeVar

T = TypeVar("T")

EDGES = ".,;:!?\"'()[]{}…-*<>|&^~`"
"""What may stand around a word."""
PLAIN_EDGES = ".,;:?\"'…-*`"
"""Those of them that never stand for a letter."""
WORD_CHARS_MAX = 40
"""Longer runs of letters are no words; they are left alone."""
WORD_READ_MAX = 16
"""Letters of the longest word that is looked for among letters without blanks."""
LETTERS_RUN_MAX = 400
"""Letters without blanks that are cut into words; longer runs are left alone."""
READINGS_MAX = 64
"""Readings of one word that are tried: words with more disguised letters than that are gibberish."""
WORDS_REMEMBERED_MAX = 8192
COMMONEST_RANK = 300
"""Words this common may stand beside a hidden one without a blank: "youidiot"; "cockburn" is a name."""
COMMON_RANK = 12_000
"""Words of a policy's banks that are rarer than this are hidden ones."""
HIDDEN_BONUS = 2.5
"""So much less a hidden word costs in a text that is disguised all over: it is why somebody disguises it."""
SLIPS_OF_COMMON = 1500
"""What may be a slip in one of so many common words is no spelling of a hidden one: "tihs" is "this"."""
HIDDEN = frozenset(
    "abomination arse arsehole arseholes arsewipe asshole assholes bastard bastards bellend bitch bitches bitching bollocks bullshit clown "
    "clowns clueless cock cocks cocksucker coward cowards crap creep cretin cretins cunt cunts damn degenerate dick dickhead dickheads "
    "disgrace disgusting douchebag dumbass dyke dykes faggot faggots fags fascist fascists filth filthy foreigners freak freaks fuck "
    "fucked fucker fuckers fuckface fucking fucks fuckwit fuckwits garbage gobshite gypsies gypsy halfwit hate hateful hypocrite "
    "hypocrites idiot idiotic idiots ignorant imbecile imbeciles immigrants incel incels islamist jackass jews kaffir kike kikes kill "
    "killed killing knobhead lesbian lesbians liar liars libtard libtards loser losers lunatic lunatics maggot maggots mongoloid monkey "
    "monkeys moron moronic morons motherfucker motherfuckers motherfucking mudslime mudslimes muppet muppets murder muslim muslims muzzie "
    "muzzies nazi nazis negro negroes nigga niggas nigger niggers nignog nonce numpty numpties nutter obnoxious paedo paedophile paki "
    "pakis parasite parasites pathetic pervert pigs pikey pikeys pillock pillocks piss pissed pisses plonker prick pricks prostitute "
    "pussies pussy racist racists raghead ragheads rape raped rapist rapists retard retarded retards savages scum scumbag scumbags "
    "shemale shit shithead shitty slag slags slapper slut sluts snowflake spastic stupid stupidity subhuman suicide terf terfs terrorist "
    "terrorists thick tosser tossers towelhead traitor traitors trannies tranny transgender trash twat twats ugly untermensch useless "
    "vermin wanker wankers whore whores worthless yids yourself zionist zionists".split()
)
"""Words that people disguise: they are recognised by a letter that is missing, doubled, moved or replaced."""
SPELT = {
    "fck": "fuck", "fuk": "fuck", "fcuk": "fuck", "phuck": "fuck", "phuk": "fuck", "fvck": "fuck",
    "fukc": "fuck", "fk": "fuck", "fking": "fucking",
    "fckn": "fucking", "fkn": "fucking", "fckin": "fucking", "fukin": "fucking", "sht": "shit", "shyt": "shit", "cnt": "cunt",
    "kunt": "cunt",
    "btch": "bitch", "biatch": "bitch", "bich": "bitch", "biotch": "bitch", "azz": "ass", "azzhole": "asshole", "dik": "dick",
    "dck": "dick",
    "cok": "cock", "cck": "cock", "twt": "twat", "nzi": "nazi", "ngr": "nigger", "nggr": "nigger", "ngga": "nigga", "hoar": "whore",
    "kik": "kike", "kke": "kike", "crp": "crap", "kll": "kill", "fuc": "fuck", "fuckin": "fucking", "cun": "cunt",
    "idt": "idiot", "idts": "idiots", "mrn": "moron", "mrns": "morons", "rtrd": "retard", "slt": "slut", "whr": "whore", "pusy": "pussy",
    "stoopid": "stupid", "stewpid": "stupid", "idjit": "idiot", "eejit": "idiot", "ediot": "idiot", "looser": "loser", "lozer": "loser",
}  # fmt: skip
"""Spellings that everybody knows, too short or too far to be found by rule."""
SHORT_OF = {"niger": "nigger", "nigers": "niggers"}
"""Words that are hidden ones with a letter dropped: so they are read where a text is disguised all over, and nowhere else."""
SIGNS = {
    "0": "o", "1": "il", "2": "zs", "3": "e", "4": "a", "5": "s", "6": "gb", "7": "t", "8": "b", "9": "gq", "@": "a",
    "$": "s", "!": "il", "|": "li",
    "(": "c", "<": "c", "{": "c", "[": "c", ")": "d", "+": "t", "€": "e", "£": "le", "¢": "c", "¥": "y", "§": "s", "¡": "i", "†": "t",
    "&": "a",
    "^": "a",
    "%": "o", "#": "h", "×": "x", "?": "", "¿": "", "∆": "a", "Δ": "a", "λ": "a", "π": "n", "√": "v", "∂": "d",
    "∑": "e", "°": "o", "¤": "o", "•": "o", "●": "o",
}  # fmt: skip
"""Signs that stand for letters, with the letters they may stand for."""
ORDERED = frozenset(
    (line.split()[0], follower)
    for line in (
        "of the a them this my their course your these it you shit us|in the a my your their|to be the do a see make say take your my "
        "know their keep stop find|is a the not an no just to in|if you i they the she youre|on the a my your|they are have were dont "
        "can will want|i dont am have was hate just will cant want love hope see get had need got could feel really didnt|for the a "
        "your|want to|and the i a then they its if|the same world article most other first best fact right rest white whole one last "
        "country problem jews truth|have a been no the|need to|all the|as a the i they|with the a your this my|should be have not|going "
        "to|out of the|do not it with|but i the they|at the least all|from the a|be a the|that the i they he are a we|it was i seems "
        "doesnt a|t co|http t|like a the to that this|would be have|will be not|a lot bitch woman few good fucking man white new little "
        "black bit bunch|trying to|are the not a so just|was a the|there are|one of|not a be the even|by the a|people are who in|about "
        "the it|when i you they the|im not a|has been a|what a i the they|its not a the just|lot of|how to do many can|women are|can be "
        "not|does not|back to|so i much many|such a|dont know want have think like get|he was has|kind of|black people|look at like|no "
        "one|because they of i|get a the|just a like|thank you|being a|we have need|who are is|able to|their own|which is|needs to|more "
        "than|white people|way to|into the a|you should cant need i just a|part of|know what that how|instead of|most of|did not|must "
        "be|bunch of|used to|had a to|this country article bitch|talk page|up to with and the|think that|she was|youre a|full of|see "
        "the|over the|trump is|don t|piece of|looks like|live in|talking about|fact that|why do|wants to|those who|make it a|let "
        "me|could be|me and a|ubuntu com|your own|even if|am not|an idiot|thanks for|time to|enough to|go back|rest of|seems to|right "
        "now|these people|wanted to|got a|or not|better than|seem to|may be "
    ).split("|")
    for follower in line.split()[1:]
)
"""Words that often follow each other and hardly ever the other way round: they tell which way a text runs."""

_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_SOUNDS = tuple(
    tuple(pair.split(">"))
    for pair in "ck>k ck>q ck>x ck>c c>k s>z f>ph i>y y>i u>oo oo>u er>a er>ah er>uh or>a ks>x cks>x u>v v>u w>vv qu>kw th>f".split()
)
"""How a word sounds, and how that may be written."""
_VOWELS = re.compile(r"[aeiou]")
_NUMBERS = "0123456789.,:/$£€%+-"
_ENDINGS = "s es ed d ing ings er ers r rs ly ist ists ism ness est y ies able ation ian ians an ans".split()
_RUN = re.compile(r"([a-z])\1+")


def _neighbours() -> dict[str, str]:
    """The keys beside each key."""
    beside: dict[str, set[str]] = {key: set() for row in _KEYS for key in row}
    for row_number, row in enumerate(_KEYS):
        for place, key in enumerate(row):
            near = [row[place - 1 : place], row[place + 1 : place + 2]]
            if row_number + 1 < len(_KEYS):
                near += _KEYS[row_number + 1][max(0, place - 1) : place + 1]
            for other in near:
                if other:
                    beside[key].add(other)
                    beside[other].add(key)
    return {key: "".join(sorted(others)) for key, others in beside.items()}


_NEIGHBOURS = _neighbours()


def _slips(word: str) -> Iterator[str]:
    """A word with one letter dropped, doubled or moved, or the key beside it pressed."""
    for place, letter in enumerate(word):
        if len(word) > 4 and place:
            yield word[:place] + word[place + 1 :]
        yield word[:place] + letter + word[place:]
        if place + 1 < len(word):
            yield word[:place] + word[place + 1] + letter + word[place + 2 :]
        if len(word) > 3 and place:
            yield from (word[:place] + key + word[place + 1 :] for key in _NEIGHBOURS[letter])


def _moved(word: str) -> Iterator[str]:
    """A word of a policy's own backwards, or with two letters moved or one twice: what is nearer to it may be another word or a name."""
    if len(word) > 4:
        yield word[::-1]
    for place, letter in enumerate(word):
        yield word[:place] + letter + word[place:]
        if place + 1 < len(word):
            yield word[:place] + word[place + 1] + letter + word[place + 2 :]


def spellings(word: str) -> Iterator[str]:
    """Other ways to write a hidden word: backwards, without vowels, as it sounds, with a slip of the fingers."""
    if len(word) > 4 or word in HIDDEN:
        yield word[::-1]
    for bare in (word[0] + _VOWELS.sub("", word[1:]), _VOWELS.sub("", word)):
        if len(bare) > 3:
            yield bare
    for sound, written in _SOUNDS:
        if sound in word and len(word) > 3:
            yield word.replace(sound, written)
            yield word.replace(sound, written, 1)
    yield from _slips(word)


def collapsed(word: str) -> str:
    """A word with each run of a letter as one."""
    return _RUN.sub(r"\1", word)


class Vocabulary:
    """A language's words, the commonest first, and the hidden ones; `more` are hidden words of a policy's own."""

    def __init__(self, common: Sequence[str], more: Iterable[str] = ()) -> None:
        """Make the list of spellings of hidden words; what else is needed is made when it is first asked for."""
        self._rank = {word: rank for rank, word in reversed(list(enumerate(common)))}
        rare = frozenset(word for word in more if self._rank.get(word, COMMON_RANK) >= COMMON_RANK and len(word) > 3)
        self.hidden = HIDDEN | rare
        self._commonest = tuple(common[:SLIPS_OF_COMMON])
        for word in sorted(self.hidden):
            self._rank.setdefault(word, COMMON_RANK // 2)
        self._remembered = lru_cache(maxsize=WORDS_REMEMBERED_MAX)(lambda chunk, read: read(chunk, self))
        self.says = lru_cache(maxsize=WORDS_REMEMBERED_MAX)(self._says)
        self.guess = lru_cache(maxsize=WORDS_REMEMBERED_MAX)(self._guess)

    @cached_property
    def _spellings(self) -> dict[str, str]:
        """Hidden words by the ways to write them; made when the first odd word is read, so that a process begins at once."""
        found = dict(SPELT)
        for word in sorted(self.hidden, key=lambda one: (self._rank[one], one)):
            for spelling in spellings(word) if word in HIDDEN else _moved(word):
                if spelling not in self._rank:
                    found.setdefault(spelling, word)
        for word in self._commonest:
            if 3 < len(word) < 7 and word not in self.hidden:
                for slip in _slips(word):
                    if len(slip) < 7 and slip not in SPELT:
                        found.pop(slip, None)
        return found

    def _spelling(self, word: str) -> str:
        """The hidden word that a word is a spelling of; "" for what is made of another word: "slurs"."""
        spelt = self._spellings.get(word, "")
        return "" if spelt and word not in SPELT and self._is_formed(word) else spelt

    def __contains__(self, word: str) -> bool:
        """Say whether there is such a word."""
        return word in self._rank

    def is_common(self, word: str) -> bool:
        """Say whether a word is common, hidden or long: others are too near to each other to be guessed at."""
        rank = self._rank.get(word)
        return rank is not None and (rank < COMMON_RANK or len(word) > 5)

    def cost(self, word: str) -> float:
        """What it costs to read a word: little where it is common, much where it is none."""
        rank = self._rank.get(word)
        if rank is not None:
            return log(rank + 30)
        spelt = self._spelling(word)
        return self.cost(spelt) + 4 if spelt else 10 + 3.0 * len(word)

    def odd(self, folded: str) -> frozenset[str]:
        """The runs of signs without blanks in a folded text that are no words, nor words with punctuation around them."""
        known = self._rank
        return frozenset(
            one for one in set(folded.split()).difference(known) if (bare := one.strip(EDGES)) not in known and bare.strip(_NUMBERS)
        )

    def in_chunk(self, chunk: str, read: Callable[[str, "Vocabulary"], T]) -> T:
        """What `read` says of a run of signs; remembered, because the same names and odd words come again and again."""
        return self._remembered(chunk, read)  # type: ignore[no-any-return]

    def spelt(self, word: str) -> str:
        """The hidden word that an unknown one is a spelling of; "" where it is none."""
        return "" if word in self._rank else self._spelling(word)

    def _says(self, word: str) -> str:
        """What an unknown word says where that is plain whatever stands around it; "" where it is not. It may be several words."""
        if word in self._rank or len(word) > LETTERS_RUN_MAX:
            return ""
        if not word.isalpha():
            return self._by_signs(word) if len(word) <= WORD_CHARS_MAX else ""
        return self._spelling(word) or self._lengthened(word) or self._with_one_too_many(word) or self._from_parts(word)

    def _with_one_too_many(self, word: str) -> str:
        """The hidden word into which a letter has been put."""
        if len(word) <= 5:
            return ""
        return min({word[:place] + word[place + 1 :] for place in range(len(word))} & self.hidden, default="")

    def _from_parts(self, word: str) -> str:
        """The words that have been run together, or the word in which nearly every letter stands twice."""
        if len(word) < 6 or self._is_formed(word):
            return ""
        cost, cut = self.cut(word)
        common = sum(one in self.hidden or self._rank.get(one, COMMON_RANK) < COMMONEST_RANK for one in cut)
        left = sum(len(one) for one in cut if one not in self._rank or (len(one) == 1 and one not in "aiu"))
        hides = not self.hidden.isdisjoint(cut)
        plain = common == len(cut) or (len(cut) > 2 and (hides or len(word) > 10))
        left_max = 0.2 * len(word) if len(word) > 15 else 0
        short = 2.2 if common == len(cut) else 2.6
        if plain and left <= left_max and cost < self.cost(word) - 4 and len(word) >= short * len(cut):
            return " ".join(cut)
        if len(word) > 7 and len(once := collapsed(word)) <= 0.6 * len(word):
            return self._says(once) or once
        return ""

    def _is_formed(self, word: str) -> bool:
        """Say whether a word that is not in the list is made of one that is: "repealing", "lobbyists"."""
        for ending in _ENDINGS:
            stem = word.removesuffix(ending)
            if stem != word and len(stem) > 3 and (stem in self._rank or stem + "e" in self._rank or collapsed(stem) in self._rank):
                return True
        return False

    def _lengthened(self, word: str) -> str:
        """The commonest word of which this one is a lengthened form, a hidden one first; "" where there is none."""
        if not _RUN.search(word):
            return ""
        return next((one for one in self._by_collapsed.get(collapsed(word), ()) if 1 < len(one) < len(word)), "")

    def _by_signs(self, word: str) -> str:
        """The word that digits and signs stand for, a hidden one first, else the commonest."""
        choices = [SIGNS.get(sign, sign) or "aeiou" for sign in word]
        if prod(map(len, choices)) > READINGS_MAX:
            return self.fitting(word, "".join(f"[{letters}]" for letters in choices))
        best, lowest = "", inf
        for letters in product(*choices):
            reading = "".join(letters)
            spelt = reading if reading in self._rank else self._spelling(reading)
            if not spelt:
                spelt = self._lengthened(reading)
            cost = self.cost(spelt) - 5 * (spelt in self.hidden) + 3 * (spelt != reading) if spelt else inf
            if cost < lowest:
                best, lowest = spelt, cost
        return best

    @cached_property
    def _by_collapsed(self) -> dict[str, list[str]]:
        """Words by their form without repeats: hidden ones first, then the commonest."""
        found: dict[str, list[str]] = {}
        for word in sorted(self._rank, key=lambda one: (one not in self.hidden, self._rank[one])):
            found.setdefault(collapsed(word), []).append(word)
        return found

    @cached_property
    def _by_consonants(self) -> dict[str, str]:
        """The commonest word by its letters without vowels, with and without the first one."""
        found: dict[str, str] = {}
        for word in sorted(self._rank, key=lambda one: self.cost(one) - HIDDEN_BONUS * (one in self.hidden)):
            for bare in (word[0] + _VOWELS.sub("", word[1:]), _VOWELS.sub("", word)):
                if len(bare) > 1 or word == "you":
                    found.setdefault(bare, word)
        return found

    @cached_property
    def _by_shape(self) -> dict[tuple[int, str], list[str]]:
        """Words by length and first letter, the commonest first."""
        found: dict[tuple[int, str], list[str]] = {}
        for word in sorted(self._rank, key=self._rank.__getitem__):
            found.setdefault((len(word), word[0]), []).append(word)
            found.setdefault((len(word), ""), []).append(word)
        return found

    def fitting(self, pattern: str, letters: str = "") -> str:
        """The word that fits a pattern in which "." is any letter: a hidden one, else the commonest; "" where none fits.

        `letters` is the same as a regular expression, where signs may stand for several letters.
        """
        if len(pattern) > WORD_CHARS_MAX:
            return ""
        reads = re.compile(letters or pattern)
        words = self._by_shape.get((len(pattern), pattern[0] if pattern[0].isalpha() else ""), ())
        best, lowest = "", inf
        for word in words:
            if reads.fullmatch(word):
                vowels = sum(letter in "aeiou" for letter, sign in zip(word, pattern, strict=True) if sign == ".")
                cost = self.cost(word) - 6 * (word in self.hidden) - 3 * vowels
                if cost < lowest:
                    best, lowest = word, cost
        return best

    def _guess(self, word: str) -> tuple[str, float]:
        """The likeliest word that an unknown one was written for, in a text that is disguised all over, and its cost."""
        best, lowest = SHORT_OF.get(word, word), self.cost(word)
        if word in self._rank or not word.isalpha() or not 1 < len(word) <= WORD_READ_MAX:
            return best, lowest
        ways = [(6.5, word[::-1])]
        if len(word) >= 7:
            cost, cut = self.cut(word)
            if cost < lowest and all(one in self._rank for one in cut) and len(word) >= 2.6 * len(cut):
                best, lowest = " ".join(cut), cost
        if not _VOWELS.search(word[1:]) and (bare := self._by_consonants.get(word)):
            ways.append((1.5, bare))
        if len(word) > 2:
            ways += [(5.0, word[:n] + word[n + 1] + word[n] + word[n + 2 :]) for n in range(len(word) - 1)]
            ways += [
                (5.0 if twice else 7.0, word[:n] + word[n + 1 :])
                for n in range(len(word))
                if (twice := word[n] in word[n - 1 : n]) or len(word) > 5
            ]
            ways += [(6.0, word[:n] + key + word[n + 1 :]) for n, letter in enumerate(word) for key in _NEIGHBOURS[letter]]
        if len(word) > 1:
            ways += [(6.0, word[:n] + letter + word[n:]) for n in range(1, len(word) + 1) for letter in "etaoinsrhldcumfpgwybvkxjqz"]
        for price, one in ways:
            if self.is_common(one) and (cost := self.cost(one) + price - HIDDEN_BONUS * (one in self.hidden)) < lowest:
                best, lowest = one, cost
        return best, lowest

    def cut(self, letters: str) -> tuple[float, tuple[str, ...]]:
        """Cut letters without blanks into the likeliest words; what is no word costs much, and stays as it is."""
        if len(letters) > LETTERS_RUN_MAX:
            return inf, (letters,)
        best: list[tuple[float, int]] = [(0.0, 0)]
        for end in range(1, len(letters) + 1):
            lowest = (inf, 0)
            for start in range(max(0, end - WORD_READ_MAX), end):
                piece = letters[start:end]
                cost = best[start][0] + (self.cost(piece) if len(piece) > 1 or piece in "aiu" else 13.0)
                if cost < lowest[0]:
                    lowest = (cost, start)
            best.append(lowest)
        words: list[str] = []
        end = len(letters)
        while end:
            start = best[end][1]
            piece = letters[start:end]
            words.append(self.spelt(piece) or piece)
            end = start
        return best[-1][0], tuple(reversed(words))
