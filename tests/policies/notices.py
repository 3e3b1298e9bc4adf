"""The texts that members read of the shipped policy, made by the real core with realistic values in them.

Knows: how notices, decisions and letters are made. Must not know: what a test wants to know of them, how they are delivered.
Rules: every rule with every severity and every clause, a rule in review as well, because a branch may enforce it; people and rooms
stand by their names; each text is whole, as its reader gets it.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.core.cases import Decision
from bot.core.judge import ANSWER_IN_KIND
from bot.core.model import CaseView, Evidence, Finding, Message, Role, Segment, Severity, Status, Verdict, Words
from bot.core.naming import person, place, rendered
from bot.core.notices import APPEAL_DAYS, decision_notice, notice, when
from bot.core.policy import Rule
from bot.core.respond import Circumstances, Response, Ruling, decide, respond
from bot.folders import load_policy, load_sentences

POLICY, SENTENCES = load_policy("labour-social-media"), load_sentences()
NOW = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
SAID = "you are a pathetic liar"
ROOM = "general"
DECISIONS = {
    "upheld": Ruling(decision=Decision.UPHOLD, by="robin", reason="This was about Dana and not about the vote."),
    "upheld without a reason": Ruling(decision=Decision.UPHOLD, by="robin"),
    "changed to a mute": Ruling(decision=Decision.CHANGE, by="robin", severity=Severity.GRAVE, mute=timedelta(hours=24)),
    "changed to less": Ruling(decision=Decision.CHANGE, by="robin", severity=Severity.MINOR, reason="It was said in anger."),
    "dismissed": Ruling(decision=Decision.DISMISS, by="robin", reason="You quoted somebody else."),
}


def read(text: str) -> str:
    """A text as a member sees it: people and rooms by their names."""
    return rendered(text, person="@{}".format, place="#{}".format)


def found(rule: Rule, severity: Severity, *, in_full: bool) -> Finding:
    """What the rule finds; `in_full` with all that a notice can say beside it."""
    evidence = (Evidence(signal="words", words=(Words(text="liar", start=19, end=23),)),)
    answer = (Evidence(signal=ANSWER_IN_KIND),) if in_full else ()
    shown = ("race (racism)", "sexual orientation (homophobia)") if in_full else ()
    return Finding(
        rule=rule.id,
        clauses=rule.clauses,
        severity=severity,
        status=Status.ENFORCE,
        concern=rule.concern,
        evidence=(*evidence, *answer),
        characteristics=shown,
    )


def answered(finding: Finding) -> tuple[Response, Verdict]:
    """What the program does about it."""
    message = Message(community="main", platform="test", room=ROOM, id="1", author="sam", text=SAID, sent_at=NOW)
    verdict = Verdict(message=message, segments=(Segment(role=Role.SAID, text=SAID, start=0),), findings=(finding,))
    response = respond(verdict, Circumstances(mode=Status.ENFORCE, number=12), POLICY, NOW)
    assert response is not None, "there is a finding"
    return response, verdict


def notices() -> Iterator[tuple[str, str]]:
    """Every notice of the program, for each rule and each severity, short and in full; and one for each clause."""
    for rule in POLICY.rules:
        for severity in Severity:
            for in_full in (False, True):
                response, verdict = answered(found(rule, severity, in_full=in_full))
                name = f"{rule.id}, {severity}{', in full' if in_full else ''}"
                yield name, read(notice(response, verdict, POLICY, SENTENCES, room=ROOM))
    plain = next(rule for rule in POLICY.rules if not rule.note and not rule.better)
    for clause in POLICY.clauses:
        response, verdict = answered(found(replace(plain, clauses=(clause.number,)), Severity.GRAVE, in_full=False))
        yield f"clause {clause.number}", read(notice(response, verdict, POLICY, SENTENCES, room=ROOM))
        yield f"clause {clause.number}, only hidden", read(notice(replace(response, answer=None), verdict, POLICY, SENTENCES, room=ROOM))


def decisions() -> Iterator[tuple[str, str]]:
    """What members read after a person decided, for each rule, and where a report has no finding."""
    for rule in [*POLICY.rules, None]:
        findings = (found(rule, Severity.GRAVE, in_full=False),) if rule else ()
        case = CaseView(number=12, author="sam", room=ROOM, thread="", opened_at=NOW, last_at=NOW)
        for finding in findings:
            case = answered(finding)[0].case
        case = replace(case, notice_first_at=NOW)
        for name, ruling in DECISIONS.items():
            response = decide("main", case, ruling, Circumstances(mode=Status.ENFORCE, number=13), POLICY, NOW)
            yield f"{rule.id if rule else 'a report'} {name}", read(decision_notice(response, ruling, findings, POLICY, SENTENCES))
            for last, what in ((False, "the answer to an appeal"), (True, "the last word on an appeal")):
                notice = decision_notice(response, ruling, findings, POLICY, SENTENCES, answers_appeal=True, last=last)
                yield f"{rule.id if rule else 'a report'} {name}, {what}", read(notice)


def routes() -> list[str]:
    """Where else members can turn, as letters and answers tell them."""
    return [f"{route.name}: {route.text}" for route in POLICY.routes]


def letters() -> Iterator[tuple[str, str]]:
    """What members are told outside of notices and decisions, each as a whole."""
    fields = {
        "author": person("sam"),
        "room": place(ROOM),
        "other": person("sam"),
        "requester": person("dana"),
        "until": when(NOW + timedelta(days=90)),
        "case": 12,
        "report": 7,
        "hours": POLICY.appeal_hours,
        "days": APPEAL_DAYS,
        "state": f"told on {when(NOW)}",
        "most": 5,
        "answer": "We have talked to them.",
    }
    alone = (
        "mute_over appeal_received appeal_received_first appeal_why appeal_suspended appeal_lapsed no_contact_ask no_contact_told no_contact_told_office no_contact_asked "
        "no_contact_quiet no_contact_renewed no_contact_ended no_contact_line no_contact_none "
        "no_contact_held appeal_added report_added report_answered report_full"
    )
    for name in alone.split():
        yield name, read(SENTENCES[name].format_map(fields))
    office = (SENTENCES["no_contact_asked"], SENTENCES["no_contact_asked_office"])
    yield "no_contact_asked of an officer", read(" ".join(office).format_map(fields))
    for name in ("target_hidden", "target_called"):
        yield name, read("\n".join([SENTENCES[name].format_map(fields), SENTENCES["target_can"], *routes()]))
    yield "appeal_received_nobody", "\n".join([SENTENCES["appeal_received_nobody"].format_map(fields), *routes()])
    yield "report_received", "\n".join([SENTENCES["report_received"].format_map(fields), *routes()])


def policy_texts() -> Iterator[tuple[str, str]]:
    """What the policy itself says to members, each by itself."""
    for clause in POLICY.clauses:
        yield f"clause {clause.number}", f"{clause.title}. {clause.summary}"
    yield from ((f"route {route.name}", text) for route, text in zip(POLICY.routes, routes(), strict=True))
    for rule in POLICY.rules:
        yield from ((f"{rule.id}, {part}", text) for part, text in (("better", rule.better), ("note", rule.note)) if text)
