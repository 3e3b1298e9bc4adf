"""The compiled policy: what a community's code of conduct means to the program.

Knows: clauses, rules, banks, severities, the ladder, limits. Must not know: how any of it is written down.
Rules: plain frozen data; what may be written for a field stands in the field's metadata, and bot/compiler reads it.
"""

import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from bot.core.model import DAY, EPOCH_GAP, HOUR, ActionKind, Concern, Kind, Severity, Shared, Status
from bot.core.phrases import Meanings, PhraseIndex
from bot.core.signals import Label, SharedImage, Signal
from bot.core.text import AsFolded, Reader

NO_TIME, SECOND = timedelta(), timedelta(seconds=1)
EXAMPLES_MIN = 2  # of each kind: without both nobody knows what a rule means
MUTE_MAX = 28 * DAY  # platforms mute no longer; how long the program alone may mute is decided in respond.py
CONTACTS_MAX = 90 * DAY  # contact rows are promised to live no longer (DESIGN.md section 2)
BANK_KINDS = ("words", "domains", "accounts", "images", "reactions")
SUPPORTIVE = "supportive-reactions"
"""A bank with a meaning of its own: the reactions that support the message under which they stand."""
FIGURES = "public-figures"
"""The bank of words that the compiler makes of policy.yaml's `public_figures`, for rules to ask about."""
MEANINGS = "other-meanings"
"""And another one: phrases in a harmless meaning of words that have a foul one too, with what the model reads in their place."""
SHADES = dict.fromkeys((0xFE0E, 0xFE0F, *range(0x1F3FB, 0x1F400)))
"""Characters that change how an emoji is drawn and not what it says: text or picture, the tones of skin."""
LIMITED = (ActionKind.NUDGE, ActionKind.WARN, ActionKind.HIDE, ActionKind.MUTE, ActionKind.ESCALATE)
"""Urgent calls have no limit: the gravest must always reach a person."""


def _words(*kinds: ActionKind | None) -> Mapping[str, ActionKind | None]:
    return {kind.value if kind else "none": kind for kind in kinds}


@dataclass(frozen=True, slots=True)
class All:
    """Every one of the conditions."""

    conditions: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Any:
    """At least one of the conditions."""

    conditions: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of the condition."""

    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Test:
    """What one signal measures."""

    __test__: typing.ClassVar[bool] = False  # pytest takes every class of this name for tests
    signal: Signal


Condition = All | Any | Not | Test


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A numbered sentence of the code of conduct, in our own words, and where to read it."""

    number: str
    title: str
    summary: str
    read_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A phrase, domain, account, image's hash or reaction of a bank, and where it helps the reason for it.

    A phrase of the bank `other-meanings` says what it means: `reads` is what the model reads in its place.
    A source (a domain or an account) also says what shows that it keeps spreading hate, who proposed it, who seconded that, and
    until when it holds unless somebody looks at it again (a day, 2027-03-31). A known image says the same, without evidence: it is it.
    """

    single: typing.ClassVar[str] = "entry"
    entry: str
    reads: str = ""
    reason: str = ""
    evidence: str = ""
    proposed_by: str = ""
    seconded_by: str = ""
    review_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Bank:
    """A named list of words, domains, accounts, images or reactions; `masked`: notices must not repeat them."""

    name: str = field(metadata={"read": "name_of_file"})
    kind: str = field(metadata={"words": {kind: kind for kind in BANK_KINDS}})
    masked: bool = False
    entries: tuple[Entry, ...] = field(metadata={"least": 1})

    @cached_property
    def lookup(self) -> frozenset[str]:
        """Entries, to ask whether one is there."""
        return frozenset(entry.entry for entry in self.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An image of an example: `hash` as `steward images hash` prints it; without one nobody has looked at it."""

    single: typing.ClassVar[str] = "hash"
    hash: str = ""
    spoiler: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A message of an example or a history, said `ago` before the last one; `reply_to` is the member whom it answers.

    With `refuses` nothing is said: `author` asks that this member leave them alone, and the member is told at that moment.
    `account_age` is how old the author's account is. `repeat` and `every` are spelt out when a policy is compiled: its examples
    hold every repetition as a message. `office_holders` and `under_18` are such members in this example, besides those of policy.yaml.
    `likes` is of a reaction under a message found hateful, a day after a private note: how often the account has left one so, this one
    included.
    """

    say: str = ""
    author: str = field(default="sam", metadata={"key": "from"})
    kind: Kind = Kind.SAID
    mentions: tuple[str, ...] = ()
    reply_to: str = ""
    shares: tuple[Shared, ...] = field(default=(), metadata={"read": "shares"})
    images: tuple[Picture, ...] = field(default=(), metadata={"read": "pictures"})
    room: str = ""
    thread: str = ""
    ago: timedelta = field(default=NO_TIME, metadata={"needed": True, "low": NO_TIME})
    repeat: int = field(default=1, metadata={"low": 1, "high": 1000})
    every: timedelta = SECOND
    refuses: str = ""
    likes: int = field(default=0, metadata={"low": 0, "high": 100})
    account_age: timedelta | None = None
    before: "tuple[Example, ...]" = field(default=(), metadata={"read": "conversation"})
    pair: str = ""
    note: str = ""
    office_holders: tuple[str, ...] = ()
    under_18: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """What a rule must find, what no rule may find, what another may, and what is known to be wrong today."""

    violations: tuple[Example, ...] = field(default=(), metadata={"read": "examples"})
    allowed: tuple[Example, ...] = field(default=(), metadata={"read": "examples"})
    another_rule: tuple[Example, ...] = field(default=(), metadata={"read": "examples"})
    known_misses: tuple[Example, ...] = field(default=(), metadata={"read": "examples"})
    known_false_alarms: tuple[Example, ...] = field(default=(), metadata={"read": "examples"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Characteristic:
    """Something that people are attacked for, and how a finding knows that it was meant: by a bank of words, by a label of the model.

    `called`: the name of the prejudice ("antisemitism"), where it has one.
    """

    name: str
    called: str = ""
    bank: str = field(metadata={"bank": "words"})
    label: Label | None = None

    @property
    def shown(self) -> str:
        """Its name, and what the prejudice is called."""
        return f"{self.name} ({self.called})" if self.called else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Signals with the clauses they serve. `better`: a better way to say it, "" where there is none.

    `note`: what the author reads instead of the usual notice, privately: no clause is named, nothing is counted. Only for what is minor.
    `consent`: with the note the author is asked whether the person agreed, and who may be that person can object. `characteristics`: those
    that its findings may name. `contested`: on a subject on which the branch is divided in good faith, never above review unless a slur, a
    threat or a member aimed at is there too. `behind`: the rules beside whose finding this one's says nothing more: it is on record, and
    moderators read the other alone.
    """

    id: str = field(metadata={"read": "name_of_file"})
    title: str
    clauses: tuple[str, ...] = field(metadata={"key": "clause", "read": "clauses_served"})
    status: Status
    severity: Severity
    concern: Concern = Concern.NONE
    characteristics: tuple[str, ...] = ()
    contested: bool = False
    behind: tuple[str, ...] = ()
    why: str
    better: str = ""
    note: str = ""
    consent: bool = False
    when: Condition = field(metadata={"read": "condition"})
    examples: Examples = Examples()

    @property
    def shown_quietly(self) -> bool:
        """Say whether moderators have a quiet card beside the note: somebody may need help, or is asked for consent."""
        return bool(self.note) and (self.consent or self.concern is Concern.WELFARE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a severity means for the message, the member (nudge, warn, mute), the moderators (escalate, urgent)."""

    hides: bool = field(metadata={"key": "message", "words": {"leave": False, "hide": True}})
    member: ActionKind | None = field(metadata={"words": _words(None, ActionKind.NUDGE, ActionKind.WARN, ActionKind.MUTE)})
    moderators: ActionKind | None = field(metadata={"words": _words(None, ActionKind.ESCALATE, ActionKind.URGENT)})
    strike: float = field(metadata={"low": 0, "high": 100})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """The answer from so many strikes on: warn, or mute for a time."""

    strikes: float = field(metadata={"low": 0, "high": 1000})
    answer: ActionKind = field(metadata={"words": _words(ActionKind.WARN, ActionKind.MUTE)})
    mute: timedelta | None = field(default=None, metadata={"high": MUTE_MAX})


@dataclass(frozen=True, slots=True, kw_only=True)
class Strikes:
    """How strikes fade: half the weight after `half_life`, none after `window`; provisional ones lapse."""

    half_life: timedelta
    window: timedelta
    lapse_after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The most actions of one kind in a time."""

    count: int = field(metadata={"low": 1, "high": 10_000})
    per: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """For how long each class of data is kept. Cases for half a year at least: so long a member may appeal, and strikes count."""

    cases: timedelta = field(metadata={"low": 180 * DAY})
    reports: timedelta
    contacts: timedelta = field(metadata={"high": CONTACTS_MAX})
    unjudged: timedelta
    audit: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Liking:
    """Rules by whose findings a message is hateful, and how long after a private note a supportive reaction under it is looked at."""

    hate: tuple[str, ...] = field(metadata={"least": 1})
    after: timedelta = field(default=DAY, metadata={"low": HOUR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where else members can turn, and how."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A conversation, oldest message first."""

    title: str
    messages: tuple[Example, ...] = field(metadata={"read": "conversation"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One file of heated but legitimate talk."""

    name: str
    lines: tuple[str, ...] = ()
    histories: tuple[History, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One code of conduct. `digest` is the hash of its files, `ladder` rises, `rules` are sorted by id."""

    digest: str
    name: str = field(metadata={"read": "name"})
    title: str
    version: str
    languages: tuple[str, ...] = field(metadata={"least": 1})
    clauses: tuple[Clause, ...] = field(metadata={"read": "clauses"})
    rules: tuple[Rule, ...]
    banks: Mapping[str, Bank]
    index: PhraseIndex
    meanings: Meanings
    disguises: Reader = field(default_factory=AsFolded)
    severities: Mapping[Severity, Answers]
    strikes: Strikes
    ladder: tuple[Rung, ...] = field(metadata={"read": "ladder"})
    limits: Mapping[ActionKind, Limit] = field(metadata={"among": LIMITED})
    characteristics: tuple[Characteristic, ...] = ()
    office_holders: tuple[str, ...]
    office_contacts: tuple[str, ...] = ()
    own_accounts: tuple[str, ...] = ()
    regulated_titles: tuple[str, ...] = ()
    under_18: tuple[str, ...] = ()
    public_figures: tuple[str, ...] = ()
    safeguarding_contact: str = ""
    outside_contact: str = ""
    liking: Liking | None = None
    appeal_hours: int = field(metadata={"low": 1, "high": 720})
    consent_hours: int = field(default=24, metadata={"low": 1, "high": 720})
    retention: Retention
    routes: tuple[Route, ...]
    episode_gap: timedelta = EPOCH_GAP
    trigger_notes: tuple[str, ...] = ()
    ordinary_talk: tuple[Talk, ...]

    def rule(self, rule_id: str) -> Rule:
        """Find a rule. Raises KeyError where there is none."""
        return {rule.id: rule for rule in self.rules}[rule_id]

    def note(self, rule_id: str) -> str:
        """The rule's private note instead of a notice; "" where it has none."""
        return next((rule.note for rule in self.rules if rule.id == rule_id), "")

    def shown_quietly(self, rule_id: str) -> bool:
        """Say whether moderators have a quiet card beside the rule's note."""
        return any(rule.shown_quietly for rule in self.rules if rule.id == rule_id)

    def asks_consent(self, rule_id: str) -> bool:
        """Say whether the author of what this rule finds is asked if the person agreed."""
        return any(rule.consent for rule in self.rules if rule.id == rule_id)

    def has_rule(self, rule_id: str) -> bool:
        """Say whether there is such a rule."""
        return any(rule.id == rule_id for rule in self.rules)

    def clause(self, number: str) -> Clause:
        """Find a clause. Raises KeyError where there is none."""
        return {clause.number: clause for clause in self.clauses}[number]

    def entries(self, bank: str) -> frozenset[str]:
        """Tell which domains or accounts a bank holds."""
        return self.banks[bank].lookup

    def masked(self, bank: str) -> bool:
        """Say whether a notice must mask the bank's words."""
        return self.banks[bank].masked

    def reason(self, bank: str, entry: str) -> str:
        """Tell why an entry stands in its bank."""
        return next((one.reason for one in self.banks[bank].entries if one.entry == entry), "")

    def asks_for_images(self) -> bool:
        """Say whether a rule that is not off asks what images show: only then they are looked at."""
        return any(rule.status is not Status.OFF and _asks_for_images(rule.when) for rule in self.rules)

    def hateful(self, rule_id: str) -> bool:
        """Say whether a finding of this rule makes a message hateful, so that a like of it is looked at."""
        return self.liking is not None and rule_id in self.liking.hate

    def supports(self, reaction: str) -> bool:
        """Say whether a reaction supports the message under which it stands, whatever its tone of skin."""
        bank = self.banks.get(SUPPORTIVE)
        return bank is not None and reaction.translate(SHADES) in {entry.translate(SHADES) for entry in bank.lookup}


def _asks_for_images(condition: Condition) -> bool:
    match condition:
        case Test(signal=signal):
            return isinstance(signal, SharedImage)
        case Not(condition=inner):
            return _asks_for_images(inner)
        case All(conditions=parts) | Any(conditions=parts):
            return any(map(_asks_for_images, parts))
