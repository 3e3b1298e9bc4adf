"""What a policy does about each clause of its code: a table, made from the rules.

Knows: clauses, rules, severities, what Steward does besides rules. Must not know: what a rule measures, who is judged.
Rules: the README holds the table between two marks, and a test compares; a clause that nothing serves says so.
"""

from collections.abc import Iterator

from bot.core.model import ActionKind, Status
from bot.core.policy import Policy, Rule

BEGIN, END = "<!-- coverage:begin -->", "<!-- coverage:end -->"
BESIDES = {
    "1": "ordinary talk that no rule may find; a policy that finds any of it is not enforced",
    "4": "cards for moderators, cases, decisions and appeals on record",
    "10": "quoting and speaking against abuse is never a finding; a notice says a better way to put it",
    "11": "/report; every route of policy.yaml",
    "12": "anybody may report; who reported is sealed, and the number of reports is no evidence",
}
"""What Steward does for a clause without a rule, in words; the clauses are those of the code that ships with it."""
PRINCIPLES = "The nine principles of the code speak of the party's own channels: no rule, they are not about members' messages."
_MEMBER = {None: "nothing", ActionKind.NUDGE: "a friendly word", ActionKind.WARN: "a warning", ActionKind.MUTE: "a mute"}
_MODERATORS = {None: "no card", ActionKind.ESCALATE: "a card", ActionKind.URGENT: "an urgent card"}


def coverage(policy: Policy) -> str:
    """One line for each clause and rule: what is looked for, and what follows."""
    lines = ["| clause | rule | what Steward does |", "|---|---|---|"]
    for clause in policy.clauses:
        served = [rule for rule in policy.rules if clause.number in rule.clauses and rule.status is not Status.OFF]
        rows = [*((f"{rule.title} (`{rule.id}`)", does(rule, policy)) for rule in served), *_besides(policy, clause.number)]
        for number, (what, follows) in enumerate(rows or [("no rule", "nothing")]):
            lines.append(f"| {f'{clause.number} {clause.title}' if not number else ''} | {what} | {follows} |")
    return "\n".join([*lines, "", PRINCIPLES]) + "\n"


def _besides(policy: Policy, clause: str) -> Iterator[tuple[str, str]]:
    if clause in BESIDES and policy.clauses[0].number == "1":
        yield "besides rules", BESIDES[clause]


def does(rule: Rule, policy: Policy) -> str:
    """What follows from a finding of a rule, in a few words."""
    answers = policy.severities[rule.severity]
    if rule.status is Status.SHADOW:
        return "recorded, nobody is told"
    if rule.status is Status.REVIEW:
        call = _MODERATORS[answers.moderators or ActionKind.ESCALATE]
        return f"{call}, nothing by itself"
    if rule.note:
        return "a private note, a quiet card" if rule.shown_quietly else "a private note"
    parts = ["hidden"] if answers.hides else []
    parts += [_MEMBER[answers.member]] if answers.member else []
    parts += [_MODERATORS[answers.moderators]] if answers.moderators else []
    contested = "; a card alone unless a slur, a threat or a member aimed at is there" if rule.contested else ""
    return ", ".join(parts) + contested


def placed(readme: str, policy: Policy) -> str:
    """The README with the table between its marks."""
    before, rest = readme.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    return f"{before}{BEGIN}\n\n{coverage(policy)}\n{END}{after}"
