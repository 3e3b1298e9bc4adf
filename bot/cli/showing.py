"""What the command line prints: pure functions from results to text.

Knows: verdicts, summaries, proofs. Must not know: where they come from.
Rules: plain text, one fact a line; the same words as everywhere.
"""

from collections.abc import Sequence
from typing import Any

from bot.core.judge import without_markup
from bot.core.model import Verdict
from bot.core.naming import one_line, plain
from bot.core.notices import because, unjudged_because
from bot.core.policy import Policy, Rule
from bot.core.scoring import ToScore
from bot.core.text import fold
from bot.examples import Proof, spoken
from bot.replay import Summary, finding_json
from bot.reporting import cases_named, kept_named
from bot.store.forgetting import Forgotten
from bot.store.records import Report

ATTACKED, TOLD_AT_LEAST = "attacked_", 0.05
"""Who is attacked is told from this score on: seven zeros on a line help nobody."""
SHOWN_AT_LEAST = 0.05
"""How likely one of several readings has to be to be shown."""


def summary_in_words(summary: Summary) -> str:
    """The summary of a replay, by rule."""
    share = 100 * summary.flagged / summary.messages
    first = (
        f"{summary.messages:,} messages, {summary.flagged:,} with a finding of a rule in review or enforce ({share:.2f} %), "
        f"{len(summary.cases):,} cases, {summary.unjudged:,} not fully judged, {summary.muted:,} said during a simulated mute"
    )
    lines = [first]
    for (rule, status), count in sorted(summary.findings.items(), key=lambda one: (-one[1], one[0])):
        lines.append(f"  {count:7,}  {rule} ({status})")
    if summary.actions:
        lines.append("actions: " + ", ".join(f"{count:,} {kind}" for kind, count in summary.actions.most_common()))
    return "\n".join(lines)


def readings_in_words(verdict: Verdict, texts: Sequence[ToScore]) -> str:
    """How each segment is read where that is not how it stands: what is meant, and what else may be, with how likely each is."""
    lines = []
    for segment, one in zip(verdict.segments, texts, strict=True):
        if one.otherwise or one.text != fold(without_markup(segment)).text:
            ways = [f"“{text}” ({share:.0%})" if one.otherwise else f"“{text}”" for text, share in one.shares() if share >= SHOWN_AT_LEAST]
            lines.append(f"{segment.role}, read as: " + " or ".join(ways))
    return "\n".join(lines)


def verdict_json(verdict: Verdict, texts: Sequence[ToScore]) -> dict[str, Any]:
    """A verdict for programs."""
    return {
        "findings": [finding_json(finding) for finding in verdict.findings],
        "unjudged": [{"rule": one.rule, "reason": one.reason} for one in verdict.unjudged],
        "segments": [
            {
                "role": str(segment.role),
                "read": [{"text": text, "share": round(share, 4)} for text, share in one.shares()],
                "scores": {label: round(value, 4) for label, value in scored.values.items()},
            }
            for segment, one, scored in zip(verdict.segments, texts, verdict.scores, strict=True)
        ],
    }


def verdict_in_words(verdict: Verdict, policy: Policy) -> str:
    """A verdict in words."""
    lines = []
    for finding in verdict.findings:
        rule = policy.rule(finding.rule)
        facts = f"{finding.rule}, clause {', '.join(finding.clauses)}, {finding.severity}, {finding.status}"
        lines.append(f"{rule.title} ({facts}): {plain(because(finding))}")
    lines += [f"Not judged by {one.rule}: {unjudged_because(one.reason)}" for one in verdict.unjudged]
    lines = lines or ["No rule finds anything."]
    for segment, scored in zip(verdict.segments, verdict.scores, strict=True):
        told = (
            f"{label} {value:.2f}" for label, value in scored.values.items() if not label.startswith(ATTACKED) or value >= TOLD_AT_LEAST
        )
        lines.append(f"{segment.role}: " + ", ".join(told))
    return "\n".join(lines)


def proof_in_words(policy: Policy, proof: Proof) -> str:
    """The false alarms of each rule, and the sum."""
    width = max(len(rule.id) for rule in policy.rules)
    lines = [f"{one.id:<{width}}  {one.status!s:<8} ordinary talk: {proof.alarms.get(one.id, 0)} of {proof.talk}" for one in policy.rules]
    return "\n".join([*lines, f"{proof.examples} examples, {proof.talk} messages of ordinary talk, {len(proof.failures)} wrong."])


def forgetting_in_words(request: Report, gone: Forgotten) -> str:
    """What goes, and what has to stay for now, where a member is forgotten."""
    others = f"{gone.rows:,} other record{'s' if gone.rows != 1 else ''}"
    what = " and ".join([*([cases_named(gone.cases)] if gone.cases else []), *([others] if gone.rows else [])]) or "nothing yet"
    kept = "" if gone.whole else f" Kept, because somebody waits for it: {kept_named(gone)}."
    return f"Request {request.id}, by {one_line(request.reporter)}: this deletes {what}.{kept}"


def rule_in_words(rule: Rule, policy: Policy) -> str:
    """What a rule does and why."""
    answers = policy.severities[rule.severity]
    hidden = "the message is hidden" if answers.hides else "the message is left"
    does = f"{hidden}, the member gets {answers.member or 'nothing'} or more by the ladder, moderators: {answers.moderators or 'nothing'}"
    lines = [
        f"{rule.title} ({rule.id})",
        f"  clause {', '.join(rule.clauses)}; {rule.status}; {rule.severity}: {does}",
        f"  {' '.join(rule.why.split())}",
        f"  when {spoken(rule.when)}",
    ]
    return "\n".join(lines)
