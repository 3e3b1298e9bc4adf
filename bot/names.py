"""By what names the members of a community are known: those that they show, and those that they say others call them.

Knows: display names, names that members have given, which words are too ordinary to name anybody. Must not know: the store, who asks,
rules.
Rules: a name names one member or nobody; a name that is also an ordinary first name or has two letters counts only where it is
written with a capital; an ordinary word, somebody else's name, and a name of public life name no member, whoever asks for it.
"""
# ruff: noqa: RUF001 - both apostrophes are written

import re
from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum

from bot.core.policy import FIGURES, Policy
from bot.core.text import fold, words

NAME_CHARS_MIN = 3
"""A display name's word is at least so long: shorter ones stand in too many sentences."""
GIVEN_LETTERS_MIN, GIVEN_LETTERS_MAX, GIVEN_WORDS_MAX = 2, 30, 3
"""Letters and words of a name that a member gives: "Al", "Big Dave", "Spud"."""
SHORT_LETTERS_MAX = 2
ALSO_WORDS = frozenset(
    "amber art bill bob chase chuck clay cliff daisy dale dawn dean dick don drew earl ernest eve faith fern frank gene "
    "glen grace grant guy harry hazel heather holly honor hope iris ivy jack jade jay jean jerry jimmy josh joy lance laurel lee lily "
    "mark marina max miles miranda nick norm olive opal pansy pat pearl peg penny pierce poppy ray reed rich rita "
    "rob robin rocky rod rose ruby rusty sandy stella sue teddy tim tom victor violet wade warren will "
    "willow wren".split()
)
"""First names that are words too: they count with a capital, within a sentence. "Will you" and "Mark my words" name nobody."""
COMMON = frozenset(
    "the and you your for are but not with this that have from they will what all can was one out has more when who how why yes now "
    "well just like good some then than too any our own day may mark will art bill grace hope joy max pat rob sue june april".split()
)
"""Words that may be display names but mostly are not: they never count as naming somebody without a mention."""
ORDINARY = frozenset(
    "a i an as at am be by do go he hi if in is it me my no of oh ok on or so to up us we uk eu mp ad id tv pm vs re la um er ah ha ye "
    "january february march april may june july august september october november december monday tuesday wednesday thursday friday "
    "saturday sunday the and you your yours for are but not with this that these those have had has having from they them their theirs "
    "what which who whom whose all can could was were been being one two three four five six seven eight nine ten out more most much "
    "many when where how why yes now well just like good bad some then than too any our ours own day days week weeks month months year "
    "years she her hers him his its it's about above after again against ago also although always among another anyone anything "
    "anybody around away back because become before behind below best better between both bring call called came come cannot chair "
    "check choose close different does doing done don't down during each early either else end enough even ever every everyone "
    "everybody everything fact far feel few find first follow found free full gave get getting give given go goes going gone got great "
    "group hand hard hear heard held help here high hold home house however hundred idea important inside instead into issue job join "
    "keep kept kind knew know known large last late later lead leader least leave left less let life line list little live local long "
    "look lose lost lot love made main make man mate mates maybe mean means meet meeting member members men might million minute miss "
    "moment money morning mother must name need never new news next night nobody none nor nothing number off offer office often old "
    "once only open opinion order other others outside over paper part party people perhaps person place plan play please point "
    "policy politics possible power problem public put question quite rather read ready real really reason report right room rule run "
    "said same saw say says second see seem seen send sent set several shall should show side since small something sometimes soon "
    "sorry sort speak stand start state stay still stop story such sure take taken talk team tell thank thanks thing things think "
    "thought thousand through time times today together told tomorrow tonight took top toward town true truth try turn under until "
    "upon use used very view voice vote voter votes voting wait walk want wanted war watch water way went while whole wife win within "
    "without woman women won wonder word words work worker workers working world worse worst would write wrong wrote yesterday yet "
    "young yourself dear friend friends sir madam lord lady king queen boss chief captain doctor father mum dad brother sister son "
    "daughter child children boy girl baby comrade comrades councillor councillors council counsel minister mayor candidate candidates "
    "conference committee budget motion motions branch ward labour tory tories conservative conservatives liberal liberals green greens "
    "reform left right centre union unions government opposition parliament election elections campaign campaigns canvass leaflet "
    "leaflets treasurer secretary agent organiser moderator moderators admin steward bot everyone channel".split()
)
"""English words, and words of a party, that everybody writes: no member can be named by them."""
_LETTERS = re.compile(r"[^\W\d_]+(?:['’ -][^\W\d_]+)*")
_WORD = re.compile(r"[\w'-]+")
_SENTENCE_END = frozenset(".!?:\n")


class Refusal(StrEnum):
    """Why a name is not taken; each is a sentence of notices.en.yaml."""

    FORM = "called_form"
    ORDINARY = "called_ordinary"
    TAKEN = "called_taken"
    PUBLIC = "called_public"


Account = tuple[str, str]
"""Platform and account."""


def key_of(name: str) -> str:
    """A name as it is compared: folded, its words with one blank between."""
    return " ".join(word for word, _, _ in words(fold(name).text))


class Names:
    """The names of one community's members. `stale`: what members have given has to be read from the record again."""

    def __init__(self) -> None:
        self._shown: dict[str, str] = {}
        self._people: dict[str, str] = {}
        self._given: Mapping[str, Account] = {}
        self._spoken: tuple[str, frozenset[str]] = ("", frozenset())
        """A policy's digest, and the words of its ordinary talk."""
        self.stale = True

    def learn(self, account: str, name: str) -> None:
        """Remember the name by which members call an account."""
        self._shown[account] = name
        for word in {name.casefold(), *_WORD.findall(name.casefold())[:1]}:
            if len(word) >= NAME_CHARS_MIN and word not in COMMON:
                self._people.setdefault(word, account)

    def give(self, names: Mapping[str, Account]) -> None:
        """Say which names members have given, all of them: key -> account."""
        self._given, self.stale = dict(names), False

    def shown_in(self, text: str) -> dict[str, str]:
        """The members whose display names stand in a text: word -> account."""
        said = {word.removesuffix("'s") for word in _WORD.findall(text.casefold().replace("\u2019", "'"))}
        return {word: self._people[word] for word in said if word in self._people}

    def given_in(self, text: str) -> dict[str, tuple[Account, str]]:
        """The names that members have given and that stand in a text: key -> account, and the name as it is written there."""
        if not self._given:
            return {}
        folded = fold(text)
        found: dict[str, tuple[Account, str]] = {}
        for key, start, end in _runs(folded.text):
            account = self._given.get(key)
            if account and key not in found:
                first, last = folded.original(start, end)
                if _counts(key, text, first, last):
                    found[key] = account, text[first:last]
        return found

    def refusal(self, name: str, policy: Policy, own: Collection[str], *, taken: bool) -> Refusal | None:
        """Why a member with the accounts `own` cannot be known by a name here; None where they can.

        `taken`: another member has given it already.
        """
        key = key_of(name)
        if not _LETTERS.fullmatch(name) or len(name) > GIVEN_LETTERS_MAX or not _fits(key):
            return Refusal.FORM
        holders = {account.rpartition("/")[2] for account in policy.office_holders}
        mine = {part for account in own for part in _parts(self._shown.get(account, account))}
        if key in {key_of(figure) for figure in policy.public_figures} and not (key in mine and not holders.isdisjoint(own)):
            return Refusal.PUBLIC
        others = {part for account, shown in self._shown.items() if account not in own for part in _parts(shown)}
        others |= {part for account in holders.difference(own) for part in _parts(account)}
        if taken or key in others:
            return Refusal.TAKEN
        return Refusal.ORDINARY if _is_ordinary(name, key, policy, self._spoken_in(policy)) else None

    def _spoken_in(self, policy: Policy) -> frozenset[str]:
        if self._spoken[0] != policy.digest:
            self._spoken = policy.digest, _spoken(policy)
        return self._spoken[1]


def _fits(key: str) -> bool:
    return sum(map(str.isalpha, key)) >= GIVEN_LETTERS_MIN and 1 <= len(key.split()) <= GIVEN_WORDS_MAX


def _parts(shown: str) -> set[str]:
    """A display name, each of its words, and each two and three beside one another, as they are compared."""
    folded = fold(shown).text
    return {key_of(shown), *(key for key, _, _ in _runs(folded))}


def _runs(folded: str) -> Iterator[tuple[str, int, int]]:
    """Each word of a folded text, and each two and three beside one another, with where they stand; the longest first."""
    parts = [(word.removesuffix("'s"), start, start + len(word.removesuffix("'s"))) for word, start, _ in words(folded)]
    for length in range(GIVEN_WORDS_MAX, 0, -1):
        for place in range(len(parts) - length + 1):
            run = parts[place : place + length]
            yield " ".join(word for word, _, _ in run), run[0][1], run[-1][2]


def _counts(key: str, text: str, start: int, end: int) -> bool:
    """Say whether a name names somebody as it is written at a place: short ones and ordinary first names need their capital."""
    written = text[start:end]
    if key in ALSO_WORDS:
        before = text[:start].rstrip(" \t'\"“‘(*_>")
        return written == written.capitalize() and bool(before) and before[-1] not in _SENTENCE_END
    return len(key) > SHORT_LETTERS_MAX or written[:1].isupper()


def _is_ordinary(name: str, key: str, policy: Policy, spoken: Collection[str]) -> bool:
    """Say whether a name is nothing but words that everybody writes: common ones, those of banks, those of ordinary talk."""
    parts = key.split()
    if key in ALSO_WORDS or _may_hurt(name, policy):
        return False
    return bool(_banks(name, policy)) or all(part in ORDINARY or part in spoken or _banks(part, policy) for part in parts)


def _spoken(policy: Policy) -> frozenset[str]:
    """The words that ordinary talk writes in lower case."""
    lines = [line for talk in policy.ordinary_talk for line in talk.lines]
    lines += [one.say for talk in policy.ordinary_talk for history in talk.histories for one in history.messages]
    found = (word for line in lines for word in re.findall(r"(?<![\w@])[^\W\d_][\w'’-]*", line) if word[:1].islower())
    return frozenset(part for word in found for part in key_of(word).split())


def _banks(name: str, policy: Policy) -> set[str]:
    """The banks of which a phrase is all of a name; those of public life are names, and no words."""
    found = policy.index.find(name)
    return {one.bank for one in found if one.bank != FIGURES and (one.start, one.end) == (0, len(name))}


def _may_hurt(name: str, policy: Policy) -> bool:
    """Say whether a name is a slur: words of a masked bank, other than those that name a group of people, kindly or not."""
    groups = {one.bank for one in policy.characteristics}
    return any(policy.masked(bank) and bank not in groups for bank in _banks(name, policy))
