"""Words: which there are, how common each is, and what a word that is none of them may have been written to say.

Knows: a list of words by frequency, the words that people hide, the ways of hiding a letter. Must not know: texts, banks, rules, scores.
Rules: a known word is never read as another one, but for `SHORT_OF`; every step is bounded by the length of a word; what a
word says depends on the lists alone. Costs are logarithms: a word costs the more the rarer it is, and each way of hiding has its price.
"""
# ruff: noqa: PLR2004 - characters that look like others are what this is about; the lengths of words are numbers

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import chain, product
from math import inf, log, prod
from typing import TypeVar

from bot.reading.guesses import PRICES, Guess, Way, undone
from bot.reading.pairs import Pairs
from bot.reading.spellings import HARMLESS, HIDDEN, LONG_HIDDEN, SHORT_OF, SIGNS, SPELT, SPOKEN, moved, slips, spellings

T = TypeVar("T")

EDGES = ".,;:!?\"'()[]{}…-*<>|&^~`"
"""What may stand around a word."""
PLAIN_EDGES = ".,;:?\"'…-*`"
"""Those of them that never stand for a letter."""
WORD_CHARS_MAX = 40
"""Longer runs of letters are no words; they are left alone."""
WORD_READ_MAX = 16
"""Letters of the longest word that is looked for among letters without blanks."""
RUN_READ_MAX = 80
"""Letters of the longest run that is cut with what stands around it."""
LETTERS_RUN_MAX = 400
"""Letters without blanks that are cut into words; longer runs are left alone."""
READINGS_MAX = 64
"""Readings of one word that are tried: words with more disguised letters than that are gibberish."""
WORDS_REMEMBERED_MAX = 8192
COMMONEST_RANK = 300
"""Words this common may stand beside a hidden one without a blank: "youidiot"; "cockburn" is a name."""
COMMON_RANK = 12_000
"""Words of a policy's banks that are rarer than this are hidden ones."""
HIDDEN_BONUS, ABUSIVE_BONUS = 4.0, 2.0
"""So much less a hidden word costs in a text that is disguised all over, as it is why somebody disguises it; and another word that a
policy masks wherever it is shown."""
LONE_HIDDEN_BONUS, LONE_BARE_PRICE, INITIALS_COST = 1.0, 4.0, 4.5
"""In a text that is not disguised all over: what is taken off for a hidden word, what a word without its vowels costs, and initials."""
ODD_LETTER_COST = 13.0
"""What a letter by itself costs that is no word, where letters are cut into words."""
RARE_COST, RARE_OPEN_MAX = 11.0, 6
"""What it costs to read a word that is in the list of rare ones, and up to how many letters it may be a common one with a slip."""
UNKNOWN_COST, UNKNOWN_LETTER_COST = 10.0, 1.8
"""What it costs that something is no word, and each of its letters."""
CUTS_MAX = 4
"""Ways to cut the letters up to a place that are looked at with what comes after it."""
GUESSES_MAX = 12
"""Words that one word may have been written for that are looked at with what stands around it."""
SLIPS_OF_COMMON = 1500
"""What may be a slip in one of so many common words is no spelling of a hidden one: "tihs" is "this"."""
GOES_ON = frozenset({"cant"})
"""Of these those that seldom end anything: who writes "you cnt" and no more does not mean "you cannot"."""
ENDS_PRICE = 6.5
"""What it costs that they do."""
BARE_HIDDEN_MIN = 4
"""Letters that a hidden word without vowels has at least where another word stands right behind it."""
_VOWELS = re.compile(r"[aeiou]")
_NUMBERS = "0123456789.,:/$£€%+-"
_ENDINGS = "s es ed d ing ings er ers r rs ly ist ists ism ness est y ies able ation ian ians an ans".split()
_BEHIND_E = frozenset({"d", "r", "rs"})
_RUN = re.compile(r"([a-z])\1+")
_THREE = re.compile(r"([a-z])\1{2,}")


def _without_vowels(word: str) -> set[str]:
    """A word without its vowels, and without all but the first letter, as they are folded; of two letters at least, but for "y"."""
    bare = {_THREE.sub(r"\1\1", one) for one in (word[0] + _VOWELS.sub("", word[1:]), _VOWELS.sub("", word))}
    return {one for one in bare if len(one) > 1 or word == "you"}


def _jumbled(word: str) -> str:
    """What a word has in common with those that have its letters between the same two at the ends."""
    return word[:1] + "".join(sorted(word[1:-1])) + word[-1:]


def collapsed(word: str) -> str:
    """A word with each run of a letter as one."""
    return _RUN.sub(r"\1", word)


def named(common: Sequence[str]) -> list[str]:
    """The words that pairs are of, in the order of their places: those of a list, then the hidden ones that it does not have."""
    return [*common, *sorted(HIDDEN.difference(common))]


class Vocabulary:
    """A language's words, the commonest first, and the hidden ones; `more` are hidden words of a policy's own."""

    def __init__(
        self,
        common: Sequence[str],
        more: Iterable[str] = (),
        abusive: Iterable[str] = (),
        pairs: Callable[[], Pairs] = Pairs,
        rare: frozenset[str] = frozenset(),
    ) -> None:
        """Make the list of spellings of hidden words; what else is needed, the pairs too, is made when it is first asked for.

        `rare` are words that there are and that nothing is read as: "rehearse" is no disguise of two others.
        """
        self._rare = rare.difference(SPELT, SPOKEN)
        self._rank = {word: rank for rank, word in reversed(list(enumerate(common)))}
        own = frozenset(word for word in more if self._rank.get(word, COMMON_RANK) >= COMMON_RANK and len(word) > 3)
        self.hidden = HIDDEN | own
        self._commonest = tuple(common[:SLIPS_OF_COMMON])
        for word in sorted(self.hidden):
            self._rank.setdefault(word, COMMON_RANK // 2)
        self._remembered = lru_cache(maxsize=WORDS_REMEMBERED_MAX)(lambda chunk, read: read(chunk, self))
        self.says = lru_cache(maxsize=WORDS_REMEMBERED_MAX)(self._says)
        self.cut = lru_cache(maxsize=WORDS_REMEMBERED_MAX)(self._cut)
        self.guesses = lru_cache(maxsize=WORDS_REMEMBERED_MAX)(self._guesses)
        self._abusive = frozenset(abusive) - self.hidden
        self._unlisted: dict[str, int | None] = dict.fromkeys(own.difference(common))
        self._unlisted |= {word: place for place, word in enumerate(named(common)) if place >= len(common)}
        self._make_pairs = pairs

    @cached_property
    def _spellings(self) -> dict[str, str]:
        """Hidden words by the ways to write them; made when the first odd word is read, so that a process begins at once."""
        found = dict(SPELT)
        for word in sorted(self.hidden, key=lambda one: (self._rank[one], one)):
            for spelling in spellings(word) if word in HIDDEN else moved(word):
                if spelling not in self:
                    found.setdefault(spelling, word)
        for word in self._commonest:
            if 3 < len(word) < 7 and word not in self.hidden:
                for slip in slips(word):
                    if len(slip) < 7 and slip not in SPELT:
                        found.pop(slip, None)
        return found

    def _spelling(self, word: str) -> str:
        """The hidden word that a word is a spelling of; "" for what is made of another word: "slurs"."""
        spelt = self._spellings.get(word, "")
        return "" if spelt and word not in SPELT and self._is_formed(word) else spelt

    def __contains__(self, word: str) -> bool:
        """Say whether there is such a word."""
        return word in self._rank or word in self._rare or word in SPOKEN

    def may_be_cut(self, one: str, other: str, *, common: bool = False) -> bool:
        """Say whether two pieces, not both words of the list, are a hidden word, or one of the commonest, with a blank in it: "y ou"."""
        together = one + other
        if len(together) < 2 or (one in self._rank and other in self._rank):
            return False
        return self._rank.get(together, COMMON_RANK) < COMMONEST_RANK if common else len(together) > 3 and together in self.hidden

    def may_be_another(self, word: str) -> bool:
        """Say whether a rare word is so short that in a text that is disguised all over it may be another one with a slip: "fagot"."""
        return len(word) <= RARE_OPEN_MAX and word in self._rare

    def is_common(self, word: str) -> bool:
        """Say whether a word is common, hidden or long: others are too near to each other to be guessed at."""
        rank = self._rank.get(word)
        return rank is not None and (rank < COMMON_RANK or len(word) > 3)

    def cost(self, word: str) -> float:
        """What it costs to read a word: little where it is common, much where it is none."""
        rank = self._rank.get(word)
        if rank is not None:
            return log(rank + 30)
        if word in self._rare or word in SPOKEN:
            return RARE_COST
        spelt = self._spelling(word)
        return self.cost(spelt) + 4 if spelt else UNKNOWN_COST + UNKNOWN_LETTER_COST * len(word)

    def odd(self, folded: str) -> frozenset[str]:
        """The runs of signs without blanks in a folded text that are no words, nor words with punctuation around them."""
        odd = set(folded.split()).difference(self._rank)
        return frozenset(one for one in odd if (bare := one.strip(EDGES)) not in self and bare.strip(_NUMBERS))

    def in_chunk(self, chunk: str, read: Callable[[str, "Vocabulary"], T]) -> T:
        """What `read` says of a run of signs; remembered, because the same names and odd words come again and again."""
        return self._remembered(chunk, read)  # type: ignore[no-any-return]

    def spelt(self, word: str) -> str:
        """The hidden word that an unknown one is a spelling of; "" where it is none."""
        return "" if word in self else self._spelling(word)

    def _says(self, word: str) -> str:
        """What an unknown word says where that is plain whatever stands around it; "" where it is not. It may be several words."""
        if word in self or len(word) > LETTERS_RUN_MAX:
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
        if len(cut) == 2 and "".join(cut) != word:
            return ""  # two words run together of which one is misspelt are a word that nobody knows: "tomoro" is not "to moron"
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

    def is_plural(self, word: str) -> bool:
        """Say whether a word is one of the list with an s behind it: "slugs"."""
        stem = word.removesuffix("s")
        return stem != word and len(stem) > 3 and stem in self._rank and stem not in self.hidden and not stem.endswith("s")

    def _is_formed(self, word: str) -> bool:
        """Say whether a word that is not in the list is made of one that is: "repealing", "lobbyists"."""
        for ending in _ENDINGS:
            stem = word.removesuffix(ending)
            if stem == word or len(stem) <= 3 or (ending in _BEHIND_E and not stem.endswith("e")):  # "liker", and not "wankr"
                continue
            if stem in self._rank or stem + "e" in self._rank or (collapsed(stem) in self._rank and collapsed(stem) not in self.hidden):
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

    def _commonest_by(self, forms: Callable[[str], set[str]]) -> dict[str, list[str]]:
        """The commonest words, hidden ones before them, by the forms that each of them may have."""
        found: dict[str, list[str]] = {}
        for word in sorted(self._rank, key=lambda one: self.cost(one) - HIDDEN_BONUS * (one in self.hidden)):
            for form in forms(word):
                same = found.setdefault(form, [])
                if len(same) < GUESSES_MAX:
                    same.append(word)
        return found

    @cached_property
    def _by_consonants(self) -> dict[str, list[str]]:
        """The commonest words by their letters without vowels, with and without the first one."""
        return self._commonest_by(_without_vowels)

    @cached_property
    def _by_masked(self) -> dict[str, list[str]]:
        """The commonest words by how they look with an x for each vowel, or for each but the first letter."""
        return self._commonest_by(lambda word: {_VOWELS.sub("x", word), word[0] + _VOWELS.sub("x", word[1:])} - {word})

    @cached_property
    def _by_letters(self) -> dict[str, list[str]]:
        """Words of five letters and more by their ends and the letters between them; the commonest first."""
        found: dict[str, list[str]] = {}
        for word in sorted(self._rank, key=self._rank.__getitem__):
            if len(word) > 4:
                found.setdefault(_jumbled(word), []).append(word)
        return found

    @cached_property
    def _by_shape(self) -> dict[tuple[int, str], list[str]]:
        """Words by length and first letter, the commonest first."""
        found: dict[tuple[int, str], list[str]] = {}
        for word in sorted(self._rank, key=self._rank.__getitem__):
            found.setdefault((len(word), word[0]), []).append(word)
            found.setdefault((len(word), ""), []).append(word)
        return found

    def fitting(self, pattern: str, letters: str = "", *, before: str = "", behind: str = "") -> str:
        """The word that fits a pattern in which "." is any letter: a hidden one, else the likeliest; "" where none fits.

        `letters` is the same as a regular expression, where signs may stand for several letters. `before` and `behind` stand beside it.
        """
        if len(pattern) > WORD_CHARS_MAX:
            return ""
        reads = re.compile(letters or pattern)
        words = self._by_shape.get((len(pattern), pattern[0] if pattern[0].isalpha() else ""), ())
        best, lowest = "", inf
        for word in words:
            if reads.fullmatch(word):
                vowels = sum(letter in "aeiou" for letter, sign in zip(word, pattern, strict=True) if sign == ".")
                beside = self.after(before, word) + (self.after(word, behind) - self.cost(behind) if behind else 0.0)
                cost = beside - 6 * (word in self.hidden) - 3 * vowels
                if cost < lowest:
                    best, lowest = word, cost
        return best

    def after(self, before: str, word: str) -> float:
        """What it costs to read a word behind another one."""
        return self.cost(word) - self.gain(before, word)

    def gain(self, before: str, word: str) -> float:
        """How much likelier a word is behind another one than behind any other, in nats; 0 where nothing is known."""
        first, second = self._place(before), self._place(word)
        return 0.0 if first is None or second is None else self._pairs.gain(first, second)

    def _place(self, word: str) -> int | None:
        """The place of a word in the table of pairs."""
        return self._unlisted.get(word, self._rank.get(word))

    @cached_property
    def _pairs(self) -> Pairs:
        return self._make_pairs()

    def bonus(self, said: Sequence[str]) -> float:
        """What is taken off the price of disguised words where one of them is why somebody disguises a text."""
        if not self.hidden.isdisjoint(said):
            return HIDDEN_BONUS
        return ABUSIVE_BONUS if not self._abusive.isdisjoint(said) else 0.0

    def _guesses(self, word: str) -> tuple[Guess, ...]:
        """What a word may have been written for in a text that is disguised all over, the likeliest by itself first.

        A known word may stand for itself, or for one with one letter more, moved or wrong; a hidden one for itself alone.
        """
        known = word in self and not self.may_be_another(word)
        if not word.isalpha() or len(word) < 2 or word in self.hidden or word in SHORT_OF:
            return (Guess((SHORT_OF.get(word, word),), Way.NONE, known=True),)
        ways: dict[tuple[str, ...], Way] = {(word,): Way.NONE}
        for way, said in self._with_a_slip(word) if known else chain(self._with_a_slip(word), self._unknown(word)):
            if said not in ways or PRICES[way] < PRICES[ways[said]]:
                ways[said] = way
        ways |= dict.fromkeys(((one,) for one in HARMLESS.get(word, ())), Way.SPELT)
        ordered = sorted((sum(map(self.cost, said)) + PRICES[way] - self.bonus(said), said) for said, way in ways.items())
        return tuple(Guess(said, ways[said], known=known) for _, said in ordered[:GUESSES_MAX])

    def in_company(self, before: str, word: str, behind: str, *, initials: bool) -> list[tuple[str, float]]:
        """What an unknown word in a text that is not disguised may say, by the words beside it ("": none), the likeliest first.

        Each with how much likelier the first is, in nats. Abuse is looked for less: who hides one word of many may as well have slipped.
        `initials`: it is written as they are, and may be itself.
        """
        ways = {
            guess.said[0]: LONE_BARE_PRICE if guess.way is Way.BARE else PRICES[guess.way]
            for guess in self.guesses(word)
            if self._may_be_alone(guess)
        }
        ways |= dict.fromkeys(HARMLESS.get(word, ()), 0.0)
        if not behind:
            ways |= {said: price + ENDS_PRICE for said, price in ways.items() if said in GOES_ON}

        def cost(said: str, price: float) -> float:
            price -= LONE_HIDDEN_BONUS * (said in self.hidden)
            return price + self.after(before, said) + (self.after(said, behind) - self.cost(behind) if behind else 0.0)

        costs = sorted([*((cost(said, price), said) for said, price in ways.items()), *([(INITIALS_COST, word)] if initials else [])])
        return [(said, one - costs[0][0]) for one, said in costs]

    def _may_be_alone(self, guess: Guess) -> bool:
        """Say whether a word may have been written for one word in a text that is not disguised; nobody turns round a harmless one."""
        if guess.way is Way.NONE or len(guess.said) > 1:
            return False
        return guess.way is not Way.BACKWARDS or guess.said[0] in self.hidden

    def _with_a_slip(self, word: str) -> Iterator[tuple[Way, tuple[str, ...]]]:
        """The words that a word is with one disguise of a letter undone."""
        if len(word) <= WORD_READ_MAX:
            yield from ((way, (one,)) for way, one in undone(word) if one != word and self.is_common(one))
            yield from ((Way.JUMBLED, (one,)) for one in self._by_letters.get(_jumbled(word), ()) if one != word)
            if "x" in word:
                yield from ((Way.MASKED, (one,)) for one in self._by_masked.get(word, ()) if one != word)

    def _unknown(self, word: str) -> Iterator[tuple[Way, tuple[str, ...]]]:
        """What a word that is none says by itself, cut into others, and with its vowels."""
        says = tuple(self._says(word).split())
        if says and (word in SPELT or says not in {said for _, said in self._with_a_slip(word)}):
            yield Way.SPELT if len(says) == 1 else Way.TOGETHER, says
        if 5 <= len(word) <= RUN_READ_MAX:
            _, cut = self.cut(word)
            if (
                "".join(cut) == word
                and self._may_stand_together(cut)
                and 2 * sum(len(one) for one in cut if one in self._rank) >= len(word)
            ):
                yield Way.TOGETHER, cut
        if not _VOWELS.search(word[1:]) and len(word) <= WORD_READ_MAX:
            yield from ((Way.BARE, (one,)) for one in self._by_consonants.get(word, ()))
            for end in range(BARE_HIDDEN_MIN, len(word) - 2):
                hides = self.hidden.intersection(self._by_consonants.get(word[:end], ()))
                rest = self._by_consonants.get(word[end:], [word[end:]])
                yield from ((Way.BARE, (one, rest[0])) for one in sorted(hides))

    def _may_stand_together(self, cut: Sequence[str]) -> bool:
        """Say whether words may have been run together: no odd letters; of two with a hidden one the other is common."""
        if len(cut) < 2 or any(len(one) < 2 and one not in self._rank for one in cut):
            return False
        others = [one for one in cut if one not in self.hidden]
        return len(cut) > 2 or len(others) != 1 or self._rank.get(others[0], COMMON_RANK) < COMMONEST_RANK

    def _cut(self, letters: str) -> tuple[float, tuple[str, ...]]:
        """Cut letters without blanks into the likeliest words; what is no word costs much, and stays as it is."""
        if len(letters) > LETTERS_RUN_MAX:
            return inf, (letters,)
        best: list[dict[str, tuple[float, int, str]]] = [{"": (0.0, 0, "")}]
        for end in range(1, len(letters) + 1):
            ways: dict[str, tuple[float, int, str]] = {}
            for start in range(max(0, end - WORD_READ_MAX), end):
                piece, ahead = letters[start:end], best[start]
                if piece in self._rank and (len(piece) > 1 or piece in "aiu"):
                    cost, before = min((cost + self.after(one, piece), one) for one, (cost, _, _) in ahead.items())
                    cost -= HIDDEN_BONUS if len(piece) >= LONG_HIDDEN and piece in self.hidden else 0.0
                else:
                    before = next(iter(ahead))
                    cost = ahead[before][0] + (self.cost(piece) if len(piece) > 1 else ODD_LETTER_COST)
                if piece not in ways or cost < ways[piece][0]:
                    ways[piece] = cost, start, before
            best.append(dict(sorted(ways.items(), key=lambda item: (item[1], item[0]))[:CUTS_MAX]))
        words: list[str] = []
        end, piece = len(letters), min(best[-1], key=lambda one: (best[-1][one], one))
        total = best[-1][piece][0]
        while end:
            words.append(self.spelt(piece) or piece)
            _, end, piece = best[end][piece]
        return total, tuple(reversed(words))
