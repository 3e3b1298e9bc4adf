"""A policy proves itself: its examples and its ordinary talk, judged by the production judge with the real model.

Knows: policies, the judge, a scorer. Must not know: the store, platforms, what is done about a finding.
Rules: a violation must be found by its rule; an allowed line by no rule in review or enforce; a known mistake must still be
one; without any one condition at least one example must change its answer; scores stay clear of the thresholds they test.
"""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.core.judge import evaluate, judge, read, texts_to_score
from bot.core.model import (
    MINUTE,
    REQUEST_HOLDS,
    Contact,
    Context,
    Finding,
    Image,
    Liked,
    Message,
    NoContact,
    Scored,
    Seen,
    Status,
    Verdict,
    recent_of,
)
from bot.core.policy import All, Any, Condition, Example, Not, Policy, Rule, Test
from bot.core.signals import SIGNALS, Reading, Score
from bot.facts import facts_of
from bot.links import share_of

ANCHOR = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
"""When the last message of an example is said; nothing depends on it."""
MARGIN = 0.05
"""An example's scores stay this far from the thresholds it tests."""
RECENT_WITHIN = 10 * MINUTE
MEMBER = "dana"
"""The member whom ordinary talk answers or mentions."""
HOLDER = "councillor"
"""The account of this name holds office in every example."""

ScoreText = Callable[[str], Scored]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One thing that is wrong: the rule ("" for ordinary talk), what was said, and how it is wrong."""

    rule: str
    say: str
    text: str

    def __str__(self) -> str:
        return f"{self.rule or 'ordinary-talk'}: {self.text}" + (f": {self.say!r}" if self.say else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What running a policy's examples showed. `alarms`: rule -> findings on ordinary talk, of `talk` messages judged."""

    failures: tuple[Failure, ...]
    examples: int
    talk: int
    alarms: Mapping[str, int] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether the policy may be enforced."""
        return not self.failures


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An example's last message, as the judge read it, and the verdict."""

    example: Example
    reading: Reading
    verdict: Verdict


def prove(policy: Policy, score: ScoreText, *, coverage: bool = True) -> Proof:
    """Run everything. `coverage`: also ask whether every condition is needed and every score clear of its threshold."""
    known: dict[str, Scored] = {}

    def scored(text: str) -> Scored:
        if text not in known:
            known[text] = score(text)
        return known[text]

    failures: list[Failure] = []
    count = 0
    for rule in policy.rules:
        judged = {name: [judge_example(e, policy, scored) for e in examples] for name, examples in _examples(rule)}
        count += sum(map(len, judged.values()))
        failures += _answers(rule, judged)
        if coverage and rule.status is not Status.OFF:
            everything = [one for group in judged.values() for one in group]
            failures += _margins(rule, judged)
            failures += _coverage(rule, everything)
    alarms: Counter[str] = Counter()
    talk = 0
    for say, verdict in _ordinary_talk(policy, scored):
        talk += 1
        for finding in acting(verdict):
            alarms[finding.rule] += 1
            failures.append(Failure(rule="", say=say, text=f"found by {finding.rule} {_shown(verdict)}"))
    return Proof(failures=tuple(failures), examples=count, talk=talk, alarms=alarms)


def acting(verdict: Verdict) -> list[Finding]:
    """The findings of rules in review or enforce."""
    return [finding for finding in verdict.findings if finding.status >= Status.REVIEW]


def judge_example(example: Example, policy: Policy, score: ScoreText) -> Judged:
    """Judge an example with its history, as the service would."""
    said = [*example.before, replace(example, ago=timedelta())]
    *_, last = _follow([m for one in said for m in _messages(one)], policy, score, _requests(said), example)
    return Judged(example=example, reading=last[0], verdict=last[1])


def judge_history(messages: Sequence[Example], policy: Policy, score: ScoreText) -> list[Verdict]:
    """Judge every message of a conversation."""
    said = [m for one in messages for m in _messages(one)]
    return [verdict for _, verdict in _follow(said, policy, score, _requests(messages))]


def _follow(
    messages: Sequence[tuple[Message, int]],
    policy: Policy,
    score: ScoreText,
    requests: Sequence[NoContact] = (),
    known_as: Example | None = None,
) -> Iterator[tuple[Reading, Verdict]]:
    """Judge messages in order of time, each with the context that the earlier ones leave; with each: how often its author liked hate."""
    in_time = sorted(messages, key=lambda one: one[0].sent_at)
    ordered = [replace(message, id=str(n)) for n, (message, _) in enumerate(in_time, start=1)]
    written: Counter[str] = Counter()
    names = {n for m in ordered for n in (m.author, m.reply_author, *m.mentions) if n}
    people = {name.casefold(): name for name in names}
    office_holders = {*policy.office_holders, *(known_as.office_holders if known_as else ())}
    under_18 = {*policy.under_18, *(known_as.under_18 if known_as else ())}
    contacts: list[Contact] = []
    found: set[str] = set()
    for n, message in enumerate(ordered):
        recent = tuple(recent_of(m) for m in ordered[:n] if m.room == message.room and message.sent_at - m.sent_at <= RECENT_WITHIN)
        known = tuple(row for row in contacts if message.author in (row.author, row.target))
        context = Context(
            recent=recent,
            found=frozenset(found),
            contacts=known,
            people=people,
            office_holders=frozenset((*office_holders, HOLDER)),
            under_18=frozenset(under_18),
            requests=tuple(one for one in requests if one.other == message.author and one.requested_at <= message.sent_at),
            account_messages=written[message.author] if message.came_at else None,
            images=_seen(message),
            liked=Liked(message=message.reply_to, case=1, times=in_time[n][1]) if in_time[n][1] else None,
        )
        written[message.author] += 1
        texts = texts_to_score(message, context, policy)
        context = replace(
            context, facts=facts_of(message, context, policy), scores=tuple(one.scored([*map(score, one.texts)]) for one in texts)
        )
        verdict = judge(message, context, policy)
        contacts += verdict.contacts
        found |= {message.id} if verdict.findings else set()
        yield read(message, context, policy), verdict


def _requests(said: Iterable[Example]) -> list[NoContact]:
    """The no-contact requests of a history: each told at once."""
    asked = [(one, ANCHOR - one.ago) for one in said if one.refuses]
    return [NoContact(requester=one.author, other=one.refuses, requested_at=at, told_at=at, until=at + REQUEST_HOLDS) for one, at in asked]


def _messages(example: Example) -> Iterator[tuple[Message, int]]:
    """The message of an example, and how often its author liked hate; none where it only asks for no contact."""
    if example.refuses:
        return
    message = Message(
        community="examples",
        platform="examples",
        room=example.room or "room",
        thread=example.thread,
        id="0",
        author=example.author,
        text=example.say,
        kind=example.kind,
        sent_at=ANCHOR - example.ago,
        reply_to="0" if example.reply_to else "",
        reply_author=example.reply_to,
        mentions=example.mentions,
        account_created_at=ANCHOR - example.ago - example.account_age if example.account_age is not None else None,
        shares=tuple(share_of(share.text, share.link) for share in example.shares),
        images=tuple(Image(id=one.hash, spoiler=one.spoiler) for one in example.images),  # its hash is what an example knows of it
    )
    yield message, example.likes


def _seen(message: Message) -> tuple[Seen, ...]:
    """What is known of an example's images."""
    return tuple(Seen(hash=one.id, missing="" if one.id else "failure") for one in message.images)


def _examples(rule: Rule) -> list[tuple[str, tuple[Example, ...]]]:
    return [(one.name, getattr(rule.examples, one.name)) for one in dataclasses.fields(rule.examples)]


def _answers(rule: Rule, judged: Mapping[str, Sequence[Judged]]) -> Iterator[Failure]:
    """Whether each example has the answer that its place promises."""
    for group, ones in judged.items():
        for one in ones:
            found = any(finding.rule == rule.id for finding in one.verdict.findings)
            others = ", ".join(finding.rule for finding in acting(one.verdict))
            wrong = {
                "violations": "" if found else "not found",
                "allowed": f"found by {others}" if others else "",
                "another_rule": "found" if found else "",
                "known_misses": "found now: move it up to violations" if found else "",
                "known_false_alarms": "" if others else "not found any more: move it up to allowed",
            }[group]
            if wrong:
                yield Failure(rule=rule.id, say=one.example.say, text=f"{group.replace('_', ' ')}: {wrong} {_shown(one.verdict)}")


def _shown(verdict: Verdict) -> str:
    """Scores above 0.2, to see why."""
    pairs = {label: value for scored in verdict.scores for label, value in scored.values.items() if value > 0.2}  # noqa: PLR2004
    return "(" + ", ".join(f"{label} {value:.2f}" for label, value in pairs.items()) + ")"


def _margins(rule: Rule, judged: Mapping[str, Sequence[Judged]]) -> Iterator[Failure]:
    """Scores too near to a threshold of the rule: the next model would change the answer."""
    thresholds = [leaf for leaf in leaves(rule.when) if isinstance(leaf.signal, Score)]
    for one in (*judged["violations"], *judged["allowed"]):
        for leaf in thresholds:
            signal = leaf.signal
            assert isinstance(signal, Score)
            for n in one.reading.of_role(signal.role):
                value = one.reading.scores[n].values.get(signal.label, 0.0)
                moved = [_with(rule.when, leaf, Score(label=signal.label, at_least=at, role=signal.role)) for at in (0.0, 1.0)]
                matters = len({evaluate(condition, one.reading).value for condition in moved}) > 1
                if matters and abs(value - signal.at_least) < MARGIN:
                    text = f"{signal.label} {value:.3f} is within {MARGIN} of the threshold {signal.at_least}"
                    yield Failure(rule=rule.id, say=one.example.say, text=text)


def _coverage(rule: Rule, judged: Sequence[Judged]) -> Iterator[Failure]:
    """Conditions, thresholds and counts that no example needs."""
    for leaf in leaves(rule.when):
        for what, changed in _changes(rule.when, leaf):
            if all(evaluate(changed, one.reading).value == evaluate(rule.when, one.reading).value for one in judged):
                yield Failure(rule=rule.id, say="", text=f"no example tells {what} from the rule as it is: {leaf.signal}")


def _changes(when: Condition, leaf: Test) -> Iterator[tuple[str, Condition]]:
    """The rule without a condition; with a score's threshold at 0 and 1; with counts and times one below and above."""
    yield "the rule without this condition", _without(when, leaf)
    signal = leaf.signal
    if isinstance(signal, Score):
        for at in (0.0, 1.0):
            yield f"the rule with this threshold at {at:.0f}", _with(when, leaf, replace(signal, at_least=at))
        return
    for one in dataclasses.fields(signal):  # type: ignore[arg-type]
        value = getattr(signal, one.name)
        steps: tuple[object, ...] = ()
        if one.name in ("at_least", "at_most", "distance_at_most") and isinstance(value, int):
            steps = (value - 1, value + 1)
        if isinstance(value, timedelta):
            steps = tuple(other for other in (value / 2, value * 2) if other <= one.metadata.get("high", other))
        for other in steps:
            yield f"the rule with {one.name} {other}", _with(when, leaf, replace(signal, **{one.name: other}))  # type: ignore[type-var]


def leaves(condition: Condition) -> list[Test]:
    """All signals of a condition, each with its place."""
    match condition:
        case Test():
            return [condition]
        case Not(condition=inner):
            return leaves(inner)
        case All(conditions=parts) | Any(conditions=parts):
            return [leaf for part in parts for leaf in leaves(part)]


def _with(condition: Condition, leaf: Test, signal: object) -> Condition:
    """The same condition with another signal in the place of one."""
    match condition:
        case Test():
            return Test(signal) if condition is leaf else condition  # type: ignore[arg-type]
        case Not(condition=inner):
            return Not(_with(inner, leaf, signal))
        case All(conditions=parts):
            return All(tuple(_with(part, leaf, signal) for part in parts))
        case Any(conditions=parts):
            return Any(tuple(_with(part, leaf, signal) for part in parts))


def _without(condition: Condition, leaf: Test) -> Condition:
    """The same condition as if one had never been written."""
    return _drop(condition, leaf) or All(())


def _drop(condition: Condition, leaf: Test) -> Condition | None:
    match condition:
        case Test():
            return None if condition is leaf else condition
        case Not(condition=inner):
            kept = _drop(inner, leaf)
            return Not(kept) if kept else None
        case All(conditions=parts) | Any(conditions=parts):
            rest = tuple(kept for part in parts if (kept := _drop(part, leaf)))
            return replace(condition, conditions=rest) if rest else None


def _ordinary_talk(policy: Policy, score: ScoreText) -> Iterator[tuple[str, Verdict]]:
    """Each line alone, as a reply to a member, and mentioning one; each history as it stands."""
    for talk in policy.ordinary_talk:
        for line in talk.lines:
            for form in forms(line):
                yield form.say, judge_example(form, policy, score).verdict
        for history in talk.histories:
            for verdict in judge_history(history.messages, policy, score):
                yield f"{history.title}: {verdict.message.text}", verdict


def forms(line: str) -> Iterable[Example]:
    """A line alone, as a reply to a member, and mentioning one."""
    return (Example(say=line), Example(say=line, reply_to=MEMBER), Example(say=f"@{MEMBER} {line}", mentions=(MEMBER,)))


def spoken(condition: Condition) -> str:
    """A condition in words."""
    match condition:
        case Test(signal=signal):
            values = ", ".join(f"{one.name.replace('_', ' ')} {getattr(signal, one.name)}" for one in dataclasses.fields(signal))  # type: ignore[arg-type]
            return f"{_name(signal)} ({values})"
        case Not(condition=inner):
            return f"not {spoken(inner)}"
        case All(conditions=parts):
            return "(" + " and ".join(map(spoken, parts)) + ")"
        case Any(conditions=parts):
            return "(" + " or ".join(map(spoken, parts)) + ")"


def _name(signal: object) -> str:
    return next(name for name, kind in SIGNALS.items() if isinstance(signal, kind))
