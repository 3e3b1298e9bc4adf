"""A small policy for the tests of the core, and messages to judge by it. Nothing here is the shipped policy."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from bot.compiler.policy import compile_policy
from bot.core.model import Context, Message, Scored
from bot.core.policy import Policy

NOW = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)

POLICY = """
name: test-branch
title: How the test branch talks
version: "1"
languages: [en]
clauses:
  - {number: "1", title: Respect, summary: Leave people be., read_at: "https://example.org"}
  - {number: "2", title: Safety, summary: No threats., read_at: "https://example.org"}
severities:
  minor: {message: leave, member: nudge, moderators: none, strike: 0}
  medium: {message: leave, member: warn, moderators: escalate, strike: 1}
  serious: {message: hide, member: warn, moderators: escalate, strike: 2}
  grave: {message: hide, member: mute, moderators: urgent, strike: 3}
strikes: {half_life: 60d, window: 180d, lapse_after: 14d}
ladder:
  - {strikes: 1, answer: warn}
  - {strikes: 1.8, answer: mute, mute: 1h}
  - {strikes: 2.8, answer: mute, mute: 24h}
limits:
  nudge: {count: 100, per: 1h}
  warn: {count: 3, per: 1h}
  hide: {count: 100, per: 1h}
  mute: {count: 3, per: 1h}
  escalate: {count: 100, per: 1h}
office_holders: [chair]
appeal_hours: 72
retention: {cases: 104w, reports: 104w, contacts: 90d, unjudged: 30d, audit: 312w}
routes:
  - {name: Officers, text: Ask an officer.}
"""

BANKS = {
    "banks/clowns.yaml": "name: clowns\nkind: words\nmasked: no\nentries: [clown, waste of space]\n",
    "banks/objections.yaml": "name: objections\nkind: words\nmasked: no\nentries: [leave me alone, stop messaging me]\n",
    "banks/nasty.yaml": "name: nasty\nkind: words\nmasked: yes\nentries: [frobnitz]\n",
    "banks/sources.yaml": "name: sources\nkind: domains\nmasked: no\nentries: [{entry: bad.example.org, reason: r, evidence: e, proposed_by: alex, seconded_by: dana, review_by: 2027-03-31}]\n",
}


def rule(name: str, when: str, *, severity: str = "medium", status: str = "shadow", concern: str = "none", clause: str = "1") -> str:
    """The text of a rule whose examples say nothing: the examples are not what these tests are about."""
    return f"""
id: {name}
title: The rule {name}
clause: "{clause}"
status: {status}
severity: {severity}
concern: {concern}
why: The tests need it.
when: {when}
examples:
  violations: [{{say: one}}, {{say: two}}]
  allowed: [{{say: three}}, {{say: four}}]
"""


def policy(rules: Mapping[str, str]) -> Policy:
    """Compile the small policy with these rules (name -> text)."""
    return compile_policy({"policy.yaml": POLICY, **BANKS, **{f"rules/{name}.yaml": text for name, text in rules.items()}})


INSULT = rule("insult", "{all: [{score: {label: insult, at_least: 0.8}}, {aimed_at: person}]}", status="enforce")
THREAT = rule("threat", "{score: {label: threat, at_least: 0.8}}", severity="grave", status="enforce", concern="threat", clause="2")
CLOWNS = rule("clowns", "{words: clowns}", severity="minor", status="enforce")
REVIEWED = rule("reviewed", "{words: nasty}", severity="serious", status="review")


def message(text: str = "hello", *, author: str = "alex", number: int = 1, minutes: float = 0, **more: object) -> Message:
    """A message said so many minutes after NOW."""
    return Message(
        community="main",
        platform="test",
        room="room",
        id=str(number),
        author=author,
        text=text,
        sent_at=NOW + timedelta(minutes=minutes),
        **more,  # type: ignore[arg-type]
    )


def scored(**values: float) -> Context:
    """A context with one segment's scores."""
    return Context(scores=(Scored(values={"toxicity": 0.0, "insult": 0.0, "threat": 0.0, "identity_attack": 0.0, **values}),))
