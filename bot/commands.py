"""What members and moderators can ask for: data in, text out, the same on every platform.

Knows: the casebook, the record, who asks. Must not know: how a platform shows text or takes commands.
Rules: every answer goes to the one who asked, and to nobody else; who reported is never shown; a moderator who is part of a
case neither sees nor decides it; no answer promises what is not there.
"""

import re
import shlex
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.casebook import Casebook, Parts
from bot.core.cases import AppealState, Decision, NotAllowedError, parties_of, recused
from bot.core.model import CaseState, Severity, StrikeState
from bot.core.notices import because, quote, shown_words, span, when
from bot.core.respond import Ruling, strikes_weight
from bot.store.records import ActionState, CaseDetail, OutboxRow
from bot.store.store import Transaction

TEXT_CHARS_MAX = 2_000
"""Longest reason, report or appeal."""
HOURS = re.compile(r"[0-9]{1,4}h")
APPEAL_WITHIN = timedelta(days=180)
SHOWN_MAX = 20
"""Cases in one list: a screenful."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, and where."""

    account: str
    platform: str
    room: str = ""


Answer = Callable[["Desk", Asker, list[str]], Awaitable[str]]


class Desk:
    """Answers commands for one community."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.casebook = Casebook(parts)

    async def ask(self, line: str, asker: Asker) -> str:
        """Answer a command line like "/case 3". What is wrong with it is said in one line."""
        try:
            words = shlex.split(line.lstrip("/"))
        except ValueError:
            words = line.lstrip("/").split()
        name = words[0].lower() if words else "help"
        command = COMMANDS.get(name)
        if command is None or (command.moderators and asker.account not in self.parts.moderators):
            known = ", ".join(f"/{one}" for one, what in COMMANDS.items() if self._may(asker, what))
            return f"There is no command /{name} for you. You can use {known}."
        try:
            return await command.answer(self, asker, words[1:])
        except NotAllowedError as error:
            text = str(error)
            return text[:1].upper() + text[1:] + "."

    def _may(self, asker: Asker, command: "Command") -> bool:
        return not command.moderators or asker.account in self.parts.moderators

    async def help(self, asker: Asker, _: list[str]) -> str:
        """What can be asked."""
        shown = [(name, command) for name, command in COMMANDS.items() if self._may(asker, command)]
        width = max(len(command.usage) for _, command in shown)
        return "\n".join(f"{command.usage:<{width}}  {command.what}" for _, command in shown)

    async def code(self, asker: Asker, words: list[str]) -> str:
        """The code of conduct in plain words."""
        del asker
        clauses = [c for c in self.parts.policy.clauses if not words or c.number == words[0]]
        if not clauses:
            raise NotAllowedError(f"there is no clause {words[0]}")
        read_at = next((clause.read_at for clause in clauses if clause.read_at), "")
        lines = [f"{clause.number}. {clause.title}. {clause.summary}" for clause in clauses]
        return "\n".join([*lines, *([f"The full text: {read_at}"] if read_at else [])])

    async def report(self, asker: Asker, words: list[str]) -> str:
        """A member says that something is wrong."""
        text = " ".join(words)[:TEXT_CHARS_MAX]
        if not text:
            raise NotAllowedError("say what is wrong: /report and then what happened, with a name and a time if you can")
        async with self.parts.transaction() as transaction:
            number = await transaction.add_report(
                platform=asker.platform, room=asker.room, message="", author="", reporter=asker.account, text=text
            )
            await transaction.audit("reported", values={"report": number})
        routes = [f"{route.name}: {route.text}" for route in self.parts.policy.routes]
        return "\n".join([self.parts.sentences["report_received"].format(report=number), *routes])

    async def appeal(self, asker: Asker, words: list[str]) -> str:
        """A member asks again about their own case."""
        number = _number(words)
        async with self.parts.transaction() as transaction:
            case = await transaction.case(number)
            own = await transaction.accounts_of(asker.platform, asker.account)
            if case is None or (case.platform, case.author) not in own or case.notice_first_at is None:
                raise NotAllowedError(f"you have no case {number}")
            if transaction.now - case.opened_at > APPEAL_WITHIN:
                raise NotAllowedError(f"the time to appeal case {number} is over: it was {APPEAL_WITHIN.days} days")
            if case.state is CaseState.DISMISSED:
                raise NotAllowedError(f"case {number} is closed and nothing of it stays on your record")
            if any(one.state in (AppealState.OPEN, AppealState.SUSPENDED) for one in await transaction.appeals_of_case(number)):
                raise NotAllowedError(f"we have your appeal on case {number} already")
            hours = self.parts.policy.appeal_hours
            await transaction.add_appeal(
                number,
                platform=asker.platform,
                account=asker.account,
                text=" ".join(words[1:])[:TEXT_CHARS_MAX],
                answer_by=transaction.now + timedelta(hours=hours),
            )
            await transaction.audit("appealed", case=number)
        return self.parts.sentences["appeal_received"].format(case=number, hours=hours)

    async def standing(self, asker: Asker, _: list[str]) -> str:
        """A member's own cases and strikes."""
        async with self.parts.transaction() as transaction:
            cases = await transaction.cases_of(asker.platform, asker.account, SHOWN_MAX)
            since = transaction.now - self.parts.policy.strikes.window
            strikes = await transaction.strikes_of(asker.platform, asker.account, since=since)
            muted = await transaction.muted_until(asker.platform, asker.account)
        cases = tuple(case for case in cases if case.notice_first_at)
        if not cases:
            return "There is nothing on your record."
        counting = [s for s in strikes if s.state in (StrikeState.PROVISIONAL, StrikeState.UPHELD)]
        weight = strikes_weight(counting, self.parts.policy, self.parts.clock.now())
        lines = [f"Case {case.number}: {case.opened_at:%-d %B %Y} in {case.room}, {_plain(case.state)}." for case in cases]
        lines.append(f"Strikes that count now: {weight:.1f}. They fade with time.")
        return "\n".join([*lines, *([f"You are muted until {when(muted)}."] if muted else [])])

    async def cases(self, asker: Asker, _: list[str]) -> str:
        """Open cases, the gravest first; those that the moderator is part of are left out."""
        async with self.parts.transaction() as transaction:
            numbers = [case.number for case in await transaction.cases(CaseState.OPEN)]
            for state in (AppealState.OPEN, AppealState.SUSPENDED):
                numbers += [one.case for one in await transaction.appeals(state)]
            details = [await self._seen_by(transaction, number, asker) for number in dict.fromkeys(numbers)]
            reports = await transaction.reports()
            manual = await self._left_to_people(transaction, ActionState.MANUAL, asker)
            maybe = await self._left_to_people(transaction, ActionState.MAYBE_DONE, asker)
            failed = await transaction.unjudged(read_again=True)
            counts = await transaction.unjudged_counts(transaction.now - timedelta(days=7))
        open_cases = sorted((d for d in details if d), key=lambda d: (-d.case.severity, d.case.number))
        lines = [_line(detail) for detail in open_cases[:SHOWN_MAX]]
        if len(open_cases) > SHOWN_MAX:
            lines.append(f"… and {len(open_cases) - SHOWN_MAX} more.")
        shown = [one for one in reports if asker.account not in (one.reporter, one.author)][:SHOWN_MAX]
        lines += [f"Report {one.id} ({when(one.reported_at)}): {quote(one.text)}" for one in shown]
        lines += [_by_hand(row, "do it by hand") for row in manual] + [_by_hand(row, "look whether it is so") for row in maybe]
        lines += [f"Not judged, please read it: message {one.message} in {one.room} ({one.reason})" for one in failed[:SHOWN_MAX]]
        lines += [f"Not fully judged in the last 7 days because {reason.replace('_', ' ')}: {count}" for reason, count in counts.items()]
        return "\n".join(lines) or "No open cases, no reports, nothing to do by hand."

    async def _left_to_people(self, transaction: Transaction, state: ActionState, asker: Asker) -> list[OutboxRow]:
        """What people have to do, without the cases that the moderator is part of."""
        rows = await transaction.actions_in(state)
        return [row for row in rows if await self._seen_by(transaction, row.action.case, asker)][:SHOWN_MAX]

    async def case(self, asker: Asker, words: list[str]) -> str:
        """Everything about one case."""
        number = _number(words)
        async with self.parts.transaction() as transaction:
            detail = await self._seen_by(transaction, number, asker, must=True)
        assert detail is not None, "must raises"
        return _show(detail)

    async def _seen_by(self, transaction: Transaction, number: int, asker: Asker, *, must: bool = False) -> CaseDetail | None:
        """A case, unless the moderator is part of it."""
        detail = await transaction.case_detail(number)
        why = "there is no such case"
        if detail:
            why = recused(asker.account, parties_of(detail.case, [one.reporter for one in detail.reports]))
        if not why:
            return detail
        if must:
            raise NotAllowedError(f"you cannot see case {number}: {why}")
        return None

    async def uphold(self, asker: Asker, words: list[str]) -> str:
        """A moderator agrees with what was done."""
        return await self._decide(Decision.UPHOLD, asker, words)

    async def dismiss(self, asker: Asker, words: list[str]) -> str:
        """A moderator takes it back."""
        return await self._decide(Decision.DISMISS, asker, words)

    async def change(self, asker: Asker, words: list[str]) -> str:
        """A moderator changes the severity, and may mute for some hours."""
        number, rest = _number(words), words[1:]
        severity = next((Severity[word.upper()] for word in rest if word.upper() in Severity.__members__), None)
        hours = next((int(word[:-1]) for word in rest if HOURS.fullmatch(word)), None)
        if severity is None and hours is None:
            raise NotAllowedError(f"say to what: /change {number} minor, /change {number} medium 24h REASON")
        used = {str(severity), f"{hours}h"}
        reason = " ".join(word for word in rest if word.lower() not in used)[:TEXT_CHARS_MAX]
        mute = timedelta(hours=min(hours, 28 * 24)) if hours else None
        ruling = Ruling(decision=Decision.CHANGE, by=asker.account, reason=reason, severity=severity, mute=mute)
        return await self._carry_out(number, ruling)

    async def _decide(self, decision: Decision, asker: Asker, words: list[str]) -> str:
        reason = " ".join(words[1:])[:TEXT_CHARS_MAX]
        return await self._carry_out(_number(words), Ruling(decision=decision, by=asker.account, reason=reason))

    async def _carry_out(self, number: int, ruling: Ruling) -> str:
        response = await self.casebook.rule_on(number, ruling)
        done = ", ".join(str(action.kind) for action in response.actions)
        by_hand = f" By hand, because this chat cannot do it: {', '.join(map(str, response.manual))}." if response.manual else ""
        return f"Case {number} is {_plain(response.case.state)}." + (f" To be done: {done}." if done else "") + by_hand


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command: how it is written, what it does, whether only moderators may."""

    usage: str
    what: str
    answer: Answer
    moderators: bool = False


COMMANDS: Mapping[str, Command] = {
    "help": Command(usage="/help", what="what you can ask", answer=Desk.help),
    "code": Command(usage="/code [CLAUSE]", what="the code of conduct in plain words", answer=Desk.code),
    "report": Command(usage="/report WHAT", what="tell the moderators that something is wrong", answer=Desk.report),
    "appeal": Command(usage="/appeal CASE [WHY]", what="ask another moderator to look at your case again", answer=Desk.appeal),
    "mystanding": Command(usage="/mystanding", what="your cases and strikes", answer=Desk.standing),
    "cases": Command(usage="/cases", what="open cases, reports and things to do by hand", answer=Desk.cases, moderators=True),
    "case": Command(usage="/case CASE", what="everything about a case", answer=Desk.case, moderators=True),
    "uphold": Command(usage="/uphold CASE [REASON]", what="agree with what was done", answer=Desk.uphold, moderators=True),
    "change": Command(usage="/change CASE SEVERITY|HOURSh [REASON]", what="make it milder or graver", answer=Desk.change, moderators=True),
    "dismiss": Command(usage="/dismiss CASE [REASON]", what="take it all back", answer=Desk.dismiss, moderators=True),
}


def _number(words: list[str]) -> int:
    """The case's number. Raises NotAllowedError."""
    if not words or not words[0].isdecimal() or len(words[0]) > 9:  # noqa: PLR2004 - no branch has a billion cases
        raise NotAllowedError("say which case, by its number")
    return int(words[0])


def _plain(state: CaseState) -> str:
    return {
        CaseState.OPEN: "waiting for a moderator",
        CaseState.UPHELD: "upheld by a moderator",
        CaseState.CHANGED: "changed by a moderator",
        CaseState.DISMISSED: "dismissed: it does not count",
        CaseState.LAPSED: "lapsed as not decided: it does not count",
    }[state]


def _line(detail: CaseDetail) -> str:
    """A case in one line."""
    case = detail.case
    rules = ", ".join(dict.fromkeys(one.finding.rule for one in detail.findings))
    appeal = " · APPEAL" if any(one.state in (AppealState.OPEN, AppealState.SUSPENDED) for one in detail.appeals) else ""
    return f"Case {case.number} · {case.severity} · {case.author} in {case.room} · {rules}{appeal}"


def _by_hand(row: OutboxRow, what: str) -> str:
    return f"Case {row.action.case}: {row.action.kind} for {row.action.target}: {what} ({row.error or row.detail})"


def _show(detail: CaseDetail) -> str:
    """A case in full, as a moderator reads it."""
    case = detail.case
    lines = [_line(detail), f"State: {_plain(case.state)}" + (f", by {case.decided_by}: {detail.reason}" if case.decided_by else "")]
    for one in detail.messages:
        found = [each.finding for each in detail.findings if each.step == one.step]
        lines.append(f"{when(one.message.sent_at)} {one.message.author}: {quote(shown_words(one.segments, found))}")
        lines += [f"    {each.rule} (clause {', '.join(each.clauses)}): {because(each)}" for each in found]
    if detail.late is not None:
        lines.append(f"Found {span(detail.late)} late: no penalty.")
    lines += [f"Done: {row.action.kind}, {row.state}" + (f" ({row.error})" if row.error else "") for row in detail.actions]
    if not all(one.delivered_at for one in detail.notices):
        lines.append("The member is NOT NOTIFIED yet.")
    lines += [f"Appeal ({one.state}): {quote(one.text)}" for one in detail.appeals]
    lines += [f"Reported by a member: {quote(one.text)}" for one in detail.reports]
    lines += [f"{one.moderator} decided: {one.decision} {one.reason}".rstrip() for one in detail.reviews]
    return "\n".join(lines)
