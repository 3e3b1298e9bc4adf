"""From a message to a verdict: what to score, and which rules it breaks.

Knows: segments, signals, a compiled policy. Must not know: strikes, actions, who moderates, what time it is.
Rules: judge is a function of (message, context, policy) and nothing else; every rule is asked, in any order, with the same
answer; three answers: found, not found, unjudged. A missing score never clears.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.core.model import (
    Concern,
    Context,
    Evidence,
    Facts,
    Finding,
    Kind,
    Message,
    Recent,
    Role,
    Scored,
    Segment,
    Severity,
    Status,
    Unjudged,
    Verdict,
)
from bot.core.phrases import Found
from bot.core.policy import All, Any, Condition, Not, Policy, Rule, Test
from bot.core.scoring import ToScore, to_score
from bot.core.signals import NO, Aim, AimedAt, Measure, Reading, contacts_left, provoked_by
from bot.core.text import Folded, fold, quoted, unmarked

JOIN_WITHIN = timedelta(seconds=60)
JOIN_WORDS_MAX = 14
JOIN_CHARS_MAX = 90
"""Consecutive messages of one author are read together where each is this short: words split over messages, to hide them or in a rage.

Fourteen words and not six: of 150 attacks that are cut in two to four 148 are found and not 139, and of those that are cut in two within
a word 143 and not 135, for one message in seven that is read twice and not one in fifteen (of an IRC channel)."""
JOIN_MESSAGES_MAX = 8
SHORT_CHARS_MAX = 2000
"""Shorter texts are always read whole by the scorer: nothing needs to be pointed out."""
ANSWER_IN_KIND = "answer_in_kind"
"""The signal of the evidence that a finding answers a message which has a finding of its own."""
PUT_TOGETHER = "put_together"
"""The signal of the evidence that a finding needs the fragments sent just before: without them the message has none of that rule."""
ATTACKED_AT_LEAST = 0.5
"""From here on a label such as attacked_race counts as naming it; it is only asked where a rule found hate already."""
MARKUP = re.compile(r"<@[!&]?\w+(?:\|[^>]*)?>|<#\w+(?:\|[^>]*)?>|<a?:(\w+):\d+>")


def segments_of(message: Message, context: Context) -> tuple[Segment, ...]:
    """Split a message in its texts: said, quoted, shared, and joined with the fragments sent just before."""
    own = [
        Segment(role=role, text=message.text[start:end], start=start)
        for role, start, end in quoted(message.text)
        if message.text[start:end].strip()
    ]
    shared = [Segment(role=Role.SHARED, text=share.text) for share in message.shares if share.text.strip()]
    whole = [text.strip() for text in (*(before.text for before in _fragments(message, context.recent)), message.text)]
    return (*own, *shared, *([_joined(whole)] if len(whole) > 1 else []))


def _joined(parts: Sequence[str]) -> Segment:
    if all(len(part) <= 1 for part in parts):
        return Segment(role=Role.JOINED, text="".join(parts))
    ends = [len(" ".join(parts[:count])) for count in range(1, len(parts))]
    return Segment(role=Role.JOINED, text=" ".join(parts), seams=tuple(ends))


def _fragments(message: Message, recent: Sequence[Recent]) -> Sequence[Recent]:
    """The author's short messages of the last minute with nobody between; none where this one is longer."""
    if message.kind is not Kind.SAID or len(message.text) > JOIN_CHARS_MAX or len(message.text.split()) > JOIN_WORDS_MAX:
        return ()
    parts: list[Recent] = []
    for before in reversed(recent[-JOIN_MESSAGES_MAX:]):
        apart = message.sent_at - before.sent_at > JOIN_WITHIN or before.author != message.author
        if apart or before.id == message.id or len(before.text.split()) > JOIN_WORDS_MAX:
            break
        parts.append(before)
    return parts[::-1]


def without_markup(segment: Segment) -> str:
    """A segment's text with mentions and custom emoji as words, and without marks around all that its author says."""
    text = unmarked(segment.text) if segment.role is Role.SAID else segment.text
    return MARKUP.sub(lambda markup: markup[1] or "@member", text)


def texts_to_score(message: Message, context: Context, policy: Policy) -> tuple[ToScore, ...]:
    """What needs scores before `judge`, in the order in which Context.scores holds them."""
    texts = (to_score(without_markup(segment), policy.disguises, policy.meanings) for segment in segments_of(message, context))
    return tuple(replace(one, pointed_out=_pointed_out(one.text, policy)) if len(one.text) > SHORT_CHARS_MAX else one for one in texts)


def _pointed_out(text: str, policy: Policy) -> tuple[int, ...]:
    """Where words of a bank stand in a long text."""
    return tuple(dict.fromkeys(found.start for found in policy.index.find(text)))


def read(message: Message, context: Context, policy: Policy) -> Reading:
    """Put together what signals look at, once for all rules.

    Raises AssertionError where the context's scores are not those of `texts_to_score(message, context, policy)`.
    """
    segments = segments_of(message, context)
    assert len(segments) == len(context.scores), "scores of every segment, or the reason why not"
    folded = tuple(fold(segment.text) for segment in segments)
    meant = tuple(policy.disguises.read(s.text, f) for s, f in zip(segments, folded, strict=True))
    answered = any(before.id in context.found for before in _fragments(message, context.recent))
    return Reading(
        message=message,
        context=context,
        segments=segments,
        scores=_in_known_words(context),
        folded=tuple(one.text for one in folded),
        meant=tuple(one.text for one in meant),
        found=tuple(tuple(found_in(s, policy, f, m)) for s, f, m in zip(segments, folded, meant, strict=True)),
        banks=policy,
        joins=not answered,
    )


def found_in(segment: Segment, policy: Policy, folded: Folded, meant: Folded) -> list[Found]:
    """The phrases of banks in a segment; in a joined one slurs that were cut in two messages too ("f", "ag")."""
    found = policy.index.find(segment.text, folded, meant)
    cut = [one for one in policy.index.across(segment.text, segment.seams) if policy.masked(one.bank)] if segment.seams else []
    return sorted({*found, *cut}, key=lambda one: (one.start, one.end, one.bank, one.phrase)) if cut else found


def _in_known_words(context: Context) -> tuple[Scored, ...]:
    """The scores, without those of segments in a language that the policy does not speak: the model knows nothing of it."""
    facts = context.facts or (Facts(),) * len(context.scores)
    assert len(facts) == len(context.scores), "facts of every segment"
    return tuple(Scored(missing="language") if fact.language else scored for fact, scored in zip(facts, context.scores, strict=True))


def judge(message: Message, context: Context, policy: Policy) -> Verdict:
    """Ask every rule of the policy about a message."""
    reading = read(message, context, policy)
    findings: list[Finding] = []
    unjudged: list[Unjudged] = []
    for rule in policy.rules:
        if rule.status is Status.OFF:
            continue
        measure = evaluate(rule.when, reading)
        if measure.value:
            findings.append(_mitigated(_finding(rule, measure, reading, policy), reading))
        elif measure.value is None:
            unjudged.append(Unjudged(rule=rule.id, reason=measure.missing))
    return Verdict(
        message=message,
        segments=reading.segments,
        scores=context.scores,
        findings=_settled(findings, reading, policy),
        unjudged=tuple(unjudged),
        contacts=contacts_left(reading),
    )


def evaluate(condition: Condition, reading: Reading) -> Measure:
    """Three-valued logic of Kleene: all, any, not. Evidence is that of the conditions that hold."""
    match condition:
        case Test(signal=signal):
            return signal.measure(reading)
        case Not(condition=inner):
            measure = evaluate(inner, reading)
            return Measure(value=None if measure.value is None else not measure.value, missing=measure.missing)
        case All(conditions=parts):
            unknown = ""
            evidence: list[Evidence] = []
            for part in parts:
                measure = evaluate(part, reading)
                if measure.value is False:
                    return NO
                if measure.value is None:
                    unknown = unknown or measure.missing or "failure"
                evidence.extend(measure.evidence)
            return Measure(value=None, missing=unknown) if unknown else Measure(value=True, evidence=tuple(evidence))
        case Any(conditions=parts):
            measures = [evaluate(part, reading) for part in parts]
            true = [measure for measure in measures if measure.value]
            if true:
                return Measure(value=True, evidence=tuple(e for measure in true for e in measure.evidence))
            unknown = next((m.missing or "failure" for m in measures if m.value is None), "")
            return Measure(value=None, missing=unknown) if unknown else NO


def _mitigated(finding: Finding, reading: Reading) -> Finding:
    """An answer in kind counts one severity less; threats, slurs and private information never do."""
    provoked = provoked_by(reading) if finding.concern is Concern.NONE and finding.severity > Severity.MINOR and finding.names else ""
    if not provoked:
        return finding
    evidence = Evidence(signal=ANSWER_IN_KIND, messages=(provoked,))
    return replace(finding, severity=Severity(finding.severity - 1), evidence=(*finding.evidence, evidence))


def _settled(findings: Sequence[Finding], reading: Reading, policy: Policy) -> tuple[Finding, ...]:
    """Findings on contested subjects stay below enforce, unless a slur, a threat or a member aimed at is there too."""
    plain = any(finding.concern in (Concern.SLUR, Concern.THREAT) for finding in findings)
    if plain or AimedAt(at=Aim.MEMBER).measure(reading).value:
        return tuple(findings)
    return tuple(replace(f, status=min(f.status, Status.REVIEW)) if policy.rule(f.rule).contested else f for f in findings)


def _named(rule: Rule, evidence: Sequence[Evidence], reading: Reading, policy: Policy) -> tuple[str, ...]:
    """Which of a rule's characteristics a finding is about, by the words of their banks and the labels of the model."""
    roles = {one.role for one in evidence}
    shown = [n for n, segment in enumerate(reading.segments) if segment.role in roles]
    words = {found.bank for n in shown for found in reading.found[n]}
    return tuple(
        one.shown
        for one in policy.characteristics
        if one.name in rule.characteristics
        and (one.bank in words or (one.label and any(reading.scores[n].values.get(one.label, 0.0) >= ATTACKED_AT_LEAST for n in shown)))
    )


def _put_together(rule: Rule, reading: Reading) -> tuple[Evidence, ...]:
    """That what a rule found stands only where the fragments sent just before are read with the message; else nothing."""
    if not any(segment.role is Role.JOINED for segment in reading.segments) or not reading.joins:
        return ()
    alone = evaluate(rule.when, replace(reading, joins=False))
    return () if alone.value else (Evidence(signal=PUT_TOGETHER, role=Role.JOINED),)


def _finding(rule: Rule, measure: Measure, reading: Reading, policy: Policy) -> Finding:
    evidence = tuple(dict.fromkeys((*measure.evidence, *_put_together(rule, reading))))
    named = AimedAt(at=Aim.MEMBER).measure(reading)
    people = (*(p for e in evidence for p in e.people), *(p for e in named.evidence for p in e.people))
    return Finding(
        rule=rule.id,
        clauses=rule.clauses,
        severity=rule.severity,
        status=rule.status,
        concern=rule.concern,
        evidence=evidence,
        names=tuple(dict.fromkeys(people)),
        messages=tuple(dict.fromkeys(m for e in evidence for m in e.messages)),
        characteristics=_named(rule, evidence, reading, policy) if policy.characteristics else rule.characteristics,
    )
