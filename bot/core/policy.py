"""The compiled policy: what a community's code of conduct means to the program, or every mistake in its files at once.

Knows: the files' texts by name, the fields of signals. Must not know: disks, what signals measure, who is judged.
Rules: pure; nothing is used unless everything is right; a new signal needs no change here. A complete small policy:

=== policy.yaml
name: example-branch              # small letters, digits and hyphens
title: How we talk in the Example branch
version: "1"
languages: [en]
clauses:
  - {number: "1", title: Respect, summary: Argue about views and leave people be., read_at: "https://example.org/code"}
severities:                       # message: leave, hide; member: none, nudge, warn, mute; moderators: none, escalate, urgent
  minor: {message: leave, member: nudge, moderators: none, strike: 0}
  medium: {message: leave, member: warn, moderators: none, strike: 1}
  serious: {message: hide, member: warn, moderators: escalate, strike: 2}
  grave: {message: hide, member: mute, moderators: urgent, strike: 4}
strikes: {half_life: 30d, window: 26w, lapse_after: 14d}
ladder:                           # from so many strikes on; the longest mute of all is 28d
  - {strikes: 1, answer: warn}
  - {strikes: 3, answer: mute, mute: 10m}
limits:                           # at most so many of a kind in the time; urgent calls have no limit
  nudge: {count: 20, per: 1h}
  warn: {count: 20, per: 1h}
  hide: {count: 20, per: 1h}
  mute: {count: 10, per: 1h}
  escalate: {count: 30, per: 1h}
office_holders: [chair]
appeal_hours: 72
retention: {cases: 104w, reports: 104w, contacts: 90d, unjudged: 30d, audit: 312w}
routes:
  - {name: Branch officers, text: "Write to officers@example.org."}
episode_gap: 60m                  # may be absent, as may trigger_notes (a list of texts)
=== banks/attacks.yaml
name: attacks                     # as the file is called
kind: words                       # words, domains or accounts
masked: no                        # yes: notices never repeat these words
entries:
  - clown*
  - {entry: waste of space, reason: "said of people, never of views"}
=== rules/personal-attack.yaml
id: personal-attack               # as the file is called
title: Attack on a person instead of their views
clause: "1"                       # or "1, 3"
status: enforce                   # off, shadow, review, enforce
severity: medium                  # also, where it applies: concern, characteristics
why: An insult alone may be aimed at a budget, so the rule also asks whom it is aimed at.
better: Say what is wrong with the view.
when:                             # all, any, not, and signals
  all:
    - any:
        - score: {label: insult, at_least: 0.80}
        - words: attacks
    - aimed_at: person
    - not:
        passes_on: quote
examples:                         # two violations and two allowed at least, unless the status is off
  violations:
    - say: "@dana you clown"
      mentions: [dana]
      pair: clown
    - say: You are a waste of space
      reply_to: dana
      before:                     # also in histories: ago, and repeat with every
        - {ago: 3h, from: dana, say: Good morning}
        - {ago: 2m, say: Hello again, repeat: 3, every: 10s}
  allowed:
    - say: What a clown of a budget
      pair: clown
      note: The budget is no person.
    - shares: [{text: Minutes of the last meeting, link: "https://example.org/minutes"}]
  another_rule: []                # these three may be absent
  known_misses: []
  known_false_alarms: []
=== ordinary-talk/budget.yaml
lines:                            # lines, histories or both
  - This budget is a disgrace
histories:
  - title: A row that ends well
    messages:
      - {ago: 5m, from: alex, say: You never read the paper}
      - {ago: 0s, from: dana, say: I did and it is nonsense, mentions: [alex]}
"""

import hashlib
import re
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from datetime import timedelta
from enum import Enum, StrEnum
from functools import cached_property

from bot.core.model import DAY, EPOCH_GAP, ActionKind, Concern, Kind, Severity, Shared, Status
from bot.core.signals import SIGNALS, Signal
from bot.core.source import DURATION_MAX, Fields, Problem, Value, read, shown, silent, spell, suggest
from bot.core.text import PhraseIndex

T = typing.TypeVar("T")

FILE = re.compile(r"policy\.yaml|(rules|banks|ordinary-talk)/[^/]+\.yaml")
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
BANK_KINDS = ("words", "domains", "accounts")
SOURCES = {
    "domains": (re.compile(r"[^\s/:@?#]+\.[^\s/:@?#]+"), "write example.org, without https:// and www."),
    "accounts": (re.compile(r"[^\s/:@?#]+\.[^\s/:@?#]+/[^\s/?#]+"), "write x.com/somebody, without https:// and www."),
}
AUTHOR = "sam"
"""Who speaks in an example where nobody is named."""
EXAMPLES_MIN = 2
BOTH_KINDS = ("violations", "allowed")
"""Without examples of both kinds nobody knows what a rule means."""
NO_TIME = timedelta()
REPEAT_MAX = 1000
"""As many messages as the largest count of a signal."""
MUTE_MAX = 28 * DAY
"""Platforms mute no longer; how long the program alone may mute is decided in respond.py."""
CONTACTS_MAX = 90 * DAY
"""Contact rows are promised to live no longer (DESIGN.md section 2)."""
LIMITED = (ActionKind.NUDGE, ActionKind.WARN, ActionKind.HIDE, ActionKind.MUTE, ActionKind.ESCALATE)


class Kept(StrEnum):
    """Classes of data, each with the time for which it is kept."""

    CASES = "cases"
    REPORTS = "reports"
    CONTACTS = "contacts"
    UNJUDGED = "unjudged"
    AUDIT = "audit"


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


@dataclass(frozen=True, kw_only=True)
class Bank:
    """A named list of words, domains or accounts; `masked`: notices must not repeat them. `reasons`: entry -> why."""

    name: str
    kind: str
    masked: bool
    entries: tuple[str, ...]
    reasons: Mapping[str, str]

    @cached_property
    def lookup(self) -> frozenset[str]:
        """Entries, to ask whether one is there."""
        return frozenset(self.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A message of an example or a history. `ago`: before the last one; `reply_to`: the member whom it answers."""

    say: str = ""
    author: str = AUTHOR
    kind: Kind = Kind.SAID
    mentions: tuple[str, ...] = ()
    reply_to: str = ""
    shares: tuple[Shared, ...] = ()
    room: str = ""
    thread: str = ""
    ago: timedelta = timedelta()
    before: "tuple[Example, ...]" = ()
    pair: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """What a rule must find, what no rule may find, what another may, and what is known to be wrong today."""

    violations: tuple[Example, ...] = ()
    allowed: tuple[Example, ...] = ()
    another_rule: tuple[Example, ...] = ()
    known_misses: tuple[Example, ...] = ()
    known_false_alarms: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Signals with the clauses they serve. `better`: a better way to say it, "" where there is none."""

    id: str
    title: str
    clauses: tuple[str, ...]
    status: Status
    severity: Severity
    concern: Concern = Concern.NONE
    characteristics: tuple[str, ...] = ()
    why: str
    better: str = ""
    when: Condition
    examples: Examples


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a severity means for the message, the member (nudge, warn, mute), the moderators (escalate, urgent)."""

    hides: bool
    member: ActionKind | None
    moderators: ActionKind | None
    strike: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """The answer from so many strikes on: warn, or mute for a time."""

    strikes: float
    answer: ActionKind
    mute: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Strikes:
    """How strikes fade: half the weight after `half_life`, none after `window`; provisional ones lapse."""

    half_life: timedelta
    window: timedelta
    lapse_after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The most actions of one kind in a time."""

    count: int
    per: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where else members can turn, and how."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A conversation, oldest message first."""

    title: str
    messages: tuple[Example, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One file of heated but legitimate talk."""

    name: str
    lines: tuple[str, ...]
    histories: tuple[History, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One code of conduct. `digest` is the hash of its files, `ladder` rises, `rules` are sorted by id."""

    digest: str
    name: str
    title: str
    version: str
    languages: tuple[str, ...]
    clauses: tuple[Clause, ...]
    rules: tuple[Rule, ...]
    banks: Mapping[str, Bank]
    index: PhraseIndex
    severities: Mapping[Severity, Answers]
    strikes: Strikes
    ladder: tuple[Rung, ...]
    limits: Mapping[ActionKind, Limit]
    office_holders: tuple[str, ...]
    appeal_hours: int
    retention: Mapping[Kept, timedelta]
    routes: tuple[Route, ...]
    episode_gap: timedelta
    trigger_notes: tuple[str, ...]
    ordinary_talk: tuple[Talk, ...]

    def rule(self, rule_id: str) -> Rule:
        """Find a rule. Raises KeyError where there is none."""
        return {rule.id: rule for rule in self.rules}[rule_id]

    def clause(self, number: str) -> Clause:
        """Find a clause. Raises KeyError where there is none."""
        return {clause.number: clause for clause in self.clauses}[number]

    def entries(self, bank: str) -> frozenset[str]:
        """Tell which domains or accounts a bank holds."""
        return self.banks[bank].lookup

    def masked(self, bank: str) -> bool:
        """Say whether a notice must mask the bank's words."""
        return self.banks[bank].masked


class PolicyError(Exception):
    """A policy has mistakes: all of them, in the order of the files."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Keep the problems; the text has one line for each."""
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def compile_policy(files: Mapping[str, str]) -> Policy:
    """Compile the files of a policy, path inside its folder -> text. Raises PolicyError with every problem."""
    problems: list[Problem] = []
    values = {file: read(file, text, problems) for file, text in sorted(files.items()) if FILE.fullmatch(file)}
    for file in files.keys() - values.keys():
        hint = "known: policy.yaml, rules/NAME.yaml, banks/NAME.yaml, ordinary-talk/NAME.yaml"
        problems.append(Problem(file, 1, 1, "this file is no part of a policy", hint))
    if "policy.yaml" not in values:
        problems.append(Problem("policy.yaml", 1, 1, "the file is missing"))

    def inside(folder: str, compile_one: Callable[[Value], T]) -> tuple[T, ...]:
        return tuple(compile_one(value) for file, value in values.items() if file.startswith(f"{folder}/"))

    banks = {bank.name: bank for bank in inside("banks", _bank)}
    with values.get("policy.yaml", silent("policy.yaml", problems)).fields() as f:
        clauses = _clauses(f.need("clauses"))
        numbers = [clause.number for clause in clauses]
        rules = inside("rules", lambda value: _rule(value, numbers, banks))
        policy = Policy(
            digest=_digest(files),
            name=_name(f.need("name")),
            title=f.need("title").text(),
            version=f.need("version").text(),
            languages=f.need("languages").texts(least=1),
            clauses=clauses,
            rules=tuple(sorted(rules, key=lambda rule: rule.id)),
            banks=banks,
            index=PhraseIndex({b.name: b.entries for b in banks.values() if b.kind == "words" and not problems}),
            severities=_severities(f.need("severities")),
            strikes=_strikes(f.need("strikes")),
            ladder=_ladder(f.need("ladder")),
            limits=_limits(f.need("limits")),
            office_holders=f.need("office_holders").texts(),
            appeal_hours=f.need("appeal_hours").whole(1, 30 * 24),
            retention=_retention(f.need("retention")),
            routes=tuple(map(_route, f.need("routes").items())),
            episode_gap=f.optional("episode_gap", Value.duration, EPOCH_GAP),
            trigger_notes=f.optional("trigger_notes", Value.texts, ()),
            ordinary_talk=inside("ordinary-talk", _talk),
        )
    if problems:
        raise PolicyError(tuple(sorted(set(problems))))
    return policy


def _digest(files: Mapping[str, str]) -> str:
    """Hash names and texts, each with its length, so that nothing can move from one to the other unseen."""
    parts = [part.encode("utf-8", "surrogatepass") for pair in sorted(files.items()) for part in pair]
    return hashlib.sha256(b"".join(b"%d:%s" % (len(part), part) for part in parts)).hexdigest()


def _name(value: Value) -> str:
    name = value.text()
    if name and not NAME.fullmatch(name):
        value.problem(f"{shown(name)} is no name", "use small letters, digits and hyphens")
    return name


def _called(value: Value) -> str:
    return value.file.rpartition("/")[2].removesuffix(".yaml")


def _name_of_file(value: Value) -> str:
    """Read the name of what a file holds; it must be the file's, which makes it the only one of its kind."""
    name, called = _name(value), _called(value)
    if NAME.fullmatch(name) and name != called:
        value.problem(f"the file is called '{called}', and here stands '{name}'", "both must be the same")
    return called


def _clauses(value: Value) -> tuple[Clause, ...]:
    clauses: dict[str, Clause] = {}
    for item in value.items(least=1):
        with item.fields() as f:
            number, title, summary = f.need("number"), f.need("title").text(), f.need("summary").text()
            clause = Clause(number=number.text(), title=title, summary=summary, read_at=f.need("read_at").text())
        if clause.number in clauses:
            number.problem(f"clause {clause.number} stands here twice")
        if "," in clause.number:
            number.problem("a clause's number has no comma", "give each clause an entry of its own")
        clauses[clause.number] = clause
    return tuple(clauses.values())


def _bank(value: Value) -> Bank:
    entries: dict[str, str] = {}
    with value.fields() as f:
        name, kind = _name_of_file(f.need("name")), f.need("kind").one_of(BANK_KINDS, "a kind of bank")
        masked = f.optional("masked", Value.yes_no, default=False)
        for item in f.need("entries").items(least=1):
            at, reason = item, ""
            if isinstance(item.content, Mapping):
                with item.fields() as g:
                    at, reason = g.need("entry"), g.optional("reason", Value.text, "")
            entry = at.text()
            if entry.casefold() in map(str.casefold, entries):
                at.problem(f"{shown(entry)} stands here twice")
            elif entry:
                _check_entry(at, entry, kind)
                entries[entry] = reason
    reasons = {entry: reason for entry, reason in entries.items() if reason}
    return Bank(name=name, kind=kind, masked=masked, entries=tuple(entries), reasons=reasons)


def _check_entry(value: Value, entry: str, kind: str) -> None:
    if kind == "words":
        try:
            PhraseIndex({"one": [entry]})
        except ValueError as error:
            value.problem(str(error))
    elif kind and (not SOURCES[kind][0].fullmatch(entry) or entry != entry.lower()):
        value.problem(f"{shown(entry)} is no entry for a bank of {kind}", SOURCES[kind][1])


def _severities(value: Value) -> Mapping[Severity, Answers]:
    with value.fields() as f:
        return {severity: _answers(f.need(str(severity))) for severity in Severity}


def _answers(value: Value) -> Answers:
    with value.fields() as f:
        return Answers(
            hides=f.need("message").one_of(("leave", "hide"), "an answer to a message") == "hide",
            member=_kind(f.need("member"), ActionKind.NUDGE, ActionKind.WARN, ActionKind.MUTE),
            moderators=_kind(f.need("moderators"), ActionKind.ESCALATE, ActionKind.URGENT),
            strike=f.need("strike").number(0, 100),
        )


def _kind(value: Value, *kinds: ActionKind) -> ActionKind | None:
    word = value.one_of(("none", *kinds), "an answer here")
    return ActionKind(word) if word in kinds else None


def _strikes(value: Value) -> Strikes:
    with value.fields() as f:
        half_life, window = f.need("half_life").duration(), f.need("window").duration()
        return Strikes(half_life=half_life, window=window, lapse_after=f.need("lapse_after").duration())


def _ladder(value: Value) -> tuple[Rung, ...]:
    rungs: list[Rung] = []
    for item in value.items(least=1):
        noted = len(item.problems)
        with item.fields() as f:
            answer = f.need("answer").choice((ActionKind.WARN, ActionKind.MUTE))
            mute = f.need("mute").duration(high=MUTE_MAX) if answer is ActionKind.MUTE else None
            rung = Rung(strikes=f.need("strikes").number(0, 1000), answer=answer, mute=mute)
        if len(item.problems) > noted:
            continue
        if rungs and (rung.strikes <= rungs[-1].strikes or (rung.mute or NO_TIME) < (rungs[-1].mute or NO_TIME)):
            item.problem("the ladder must rise", "more strikes than the rung before, and an answer as strong or stronger")
        rungs.append(rung)
    return tuple(rungs)


def _limits(value: Value) -> Mapping[ActionKind, Limit]:
    with value.fields() as f:
        limits = {kind: _limit(f.need(kind)) for kind in LIMITED}
        urgent = f.get(ActionKind.URGENT)
        if urgent:
            urgent.problem("urgent calls have no limit: the gravest must always reach a person", "remove this line")
    return limits


def _limit(value: Value) -> Limit:
    with value.fields() as f:
        return Limit(count=f.need("count").whole(1, 10_000), per=f.need("per").duration())


def _retention(value: Value) -> Mapping[Kept, timedelta]:
    with value.fields() as f:
        most = {Kept.CONTACTS: CONTACTS_MAX}
        return {kept: f.need(kept).duration(high=most.get(kept, DURATION_MAX)) for kept in Kept}


def _route(value: Value) -> Route:
    with value.fields() as f:
        return Route(name=f.need("name").text(), text=f.need("text").text())


def _rule(value: Value, clauses: Sequence[str], banks: Mapping[str, Bank]) -> Rule:
    with value.fields() as f:
        status = f.need("status").choice(Status)
        examples = f.get("examples") if status is Status.OFF else f.need("examples")
        return Rule(
            id=_name_of_file(f.need("id")),
            title=f.need("title").text(),
            clauses=_numbers(f.need("clause"), clauses),
            status=status,
            severity=f.need("severity").choice(Severity),
            concern=f.optional("concern", lambda concern: concern.choice(Concern), Concern.NONE),
            characteristics=f.optional("characteristics", Value.texts, ()),
            why=f.need("why").text(),
            better=f.optional("better", Value.text, ""),
            when=_condition(f.need("when"), banks),
            examples=_examples(examples, 0 if status is Status.OFF else EXAMPLES_MIN) if examples else Examples(),
        )


def _numbers(value: Value, clauses: Sequence[str]) -> tuple[str, ...]:
    numbers = tuple(part.strip() for part in value.text().split(","))
    for number in numbers:
        if clauses and number not in clauses:
            value.problem(f"there is no clause {shown(number)}", suggest(number, clauses))
    return numbers


def _condition(value: Value, banks: Mapping[str, Bank]) -> Condition:
    entries = list(value.fields())
    if len(entries) != 1:
        if isinstance(value.content, Mapping):
            value.problem(f"one condition is expected here, not {len(entries)}", "list several under all: or any:")
        return All(())
    key, inside = entries[0]
    name = key.one_of(("all", "any", "not", *SIGNALS), "a signal")
    if name == "not":
        return Not(_condition(inside, banks))
    if name in {"all", "any"}:
        parts = tuple(_condition(item, banks) for item in inside.items(least=1))
        return All(parts) if name == "all" else Any(parts)
    return Test(_signal(SIGNALS[name], inside, banks)) if name else All(())


def _signal(signal: type[Signal], value: Value, banks: Mapping[str, Bank]) -> Signal:
    """Fill a signal's fields by their types; a text or a list alone is the value of its `single` field."""
    single = getattr(signal, "single", "")
    if single and isinstance(value.content, str | tuple):
        value = replace(value, content={single: (value, value)})
    types = typing.get_type_hints(signal)
    arguments: dict[str, object] = {}
    with value.fields() as f:
        for field in fields(signal):
            needed = field.default is MISSING and field.default_factory is MISSING
            given = f.need(field.name) if needed else f.get(field.name)
            if given:
                arguments[field.name] = _argument(given, types[field.name], field.metadata, banks)
    return signal(**arguments)


def _argument(value: Value, kind: object, metadata: Mapping[str, typing.Any], banks: Mapping[str, Bank]) -> object:
    bounds = {bound: metadata[bound] for bound in ("low", "high") if bound in metadata}
    if typing.get_origin(kind) is tuple:
        return tuple(_argument(item, str, metadata, banks) for item in value.items(least=1))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return value.choice(kind)
    if "bank" in metadata:
        return _bank_named(value, metadata["bank"].split(), banks)
    readers = {bool: Value.yes_no, int: Value.whole, float: Value.number, timedelta: Value.duration, str: Value.text}
    return readers[kind](value, **bounds)


def _bank_named(value: Value, kinds: Sequence[str], banks: Mapping[str, Bank]) -> str:
    name = value.one_of(banks, "a bank")
    if name and banks[name].kind not in {"", *kinds}:
        value.problem(f"'{name}' is a bank of {banks[name].kind}", f"a bank of {' or '.join(kinds)} is expected")
    return name


def _examples(value: Value, least: int) -> Examples:
    with value.fields() as f:
        read_all = {
            field.name: tuple(map(_anchor, listed.items(least=least if field.name in BOTH_KINDS else 0)))
            for field in fields(Examples)
            if (listed := f.need(field.name) if least and field.name in BOTH_KINDS else f.get(field.name))
        }
    pairs = [example.pair for examples in read_all.values() for example in examples if example.pair]
    for pair in pairs:
        if pairs.count(pair) == 1:
            value.problem(f"only one example belongs to the pair {shown(pair)}", "a pair is two examples that differ little")
    return Examples(**read_all)


def _anchor(value: Value) -> Example:
    with value.fields() as f:
        before, note = f.optional("before", _conversation, ()), f.optional("note", Value.text, "")
        return replace(_message(f), before=before, pair=f.optional("pair", Value.text, ""), note=note)


def _conversation(value: Value) -> tuple[Example, ...]:
    said = (message for item in value.items() for message in _repeated(item))
    return tuple(sorted(said, key=lambda message: message.ago, reverse=True))


def _repeated(value: Value) -> Iterable[Example]:
    with value.fields() as f:
        ago, times = f.need("ago").duration(low=NO_TIME), f.optional("repeat", lambda n: n.whole(2, REPEAT_MAX), 1)
        every = f.need("every").duration() if times > 1 else NO_TIME
        message = _message(f)
    if every * (times - 1) > ago:
        value.problem("the repetitions go on after the end", f"begin {spell(every * (times - 1))} before it at least")
    return [replace(message, ago=ago - every * n) for n in range(times)]


def _message(f: Fields) -> Example:
    shares = f.optional("shares", lambda listed: tuple(map(_share, listed.items(least=1))), ())
    return Example(
        say=f.optional("say", Value.text, "") if shares else f.need("say").text(),
        author=f.optional("from", Value.text, AUTHOR),
        kind=f.optional("kind", lambda kind: kind.choice(Kind), Kind.SAID),
        mentions=f.optional("mentions", Value.texts, ()),
        reply_to=f.optional("reply_to", Value.text, ""),
        shares=shares,
        room=f.optional("room", Value.text, ""),
        thread=f.optional("thread", Value.text, ""),
    )


def _share(value: Value) -> Shared:
    with value.fields() as f:
        link = f.get("link")
        text = f.need("text").text() if link is None else f.optional("text", Value.text, "")
        return Shared(text=text, link=link.text() if link else "")


def _talk(value: Value) -> Talk:
    with value.fields() as f:
        listed = f.get("histories")
        lines = f.need("lines").texts() if listed is None else f.optional("lines", Value.texts, ())
        histories = tuple(map(_history, listed.items())) if listed else ()
    return Talk(name=_called(value), lines=lines, histories=histories)


def _history(value: Value) -> History:
    with value.fields() as f:
        return History(title=f.need("title").text(), messages=_conversation(f.need("messages")))
