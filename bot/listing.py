"""What waits for moderators, as a list that is read page by page.

Knows: open cases, appeals, reports and what is left to people, on record. Must not know: platforms, how a command is typed.
Rules: appeals first, because their time runs, then the gravest, then the newest; a moderator never sees a line about what they are part
of; who reported is never shown; whatever does not fit is counted, and the next page shows it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from bot.cards import found
from bot.core.cases import APPEALED, AppealState, NotAllowedError, parties_of
from bot.core.model import ActionKind, CaseState, CaseView
from bot.core.naming import person, place
from bot.core.notices import quote, shown_words, span, to_do, unjudged_because, unseen, when
from bot.core.policy import Policy
from bot.parts import Parts
from bot.recusal import Recusal
from bot.reporting import line as report_line
from bot.reporting import part_of
from bot.store.records import ActionState, CaseDetail, OutboxRow
from bot.store.store import Transaction

PAGE_LENGTH = 20
"""Cases, reports and so on of one page, each: a screenful."""
WAITING_MAX = 1_000
"""Open cases, appeals and reports that are looked at: no branch has more."""
WORDS_CHARS_MAX = 60
"""A line shows so much of what was said: enough to know the case again."""
T = TypeVar("T")
NOTHING = "No open cases, no reports, nothing to do by hand."


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads: a moderator by this account and all that are linked to it."""

    account: str
    own: tuple[tuple[str, str], ...]


class Listing:
    """Lists what waits in one community."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def page(self, platform: str, account: str, number: int) -> str:
        """One page of everything that waits, from 1. Raises NotAllowedError where there is nothing on it."""
        async with self._parts.transaction() as transaction:
            reader = Reader(account=account, own=await transaction.accounts_of(platform, account))
            cases = [case for case in await _waiting(transaction) if await self._may_see(transaction, reader, case)]
            reports = [one for one in await transaction.reports_waiting(WAITING_MAX) if not part_of(one, reader.own)]
            by_hand = await self._left_to_people(transaction, reader)
            failed = await transaction.unjudged(read_again=True)
            counts = await transaction.unjudged_counts(transaction.now - timedelta(days=7))
            shown = [await transaction.case_detail(case.number) for case in _of_page(cases, number)]
        now, policy = self._parts.clock.now(), self._parts.policy
        lines = [self.line(detail) for detail in shown if detail] + _more(cases, number, "")
        lines += [report_line(one, policy, now) for one in _of_page(reports, number)] + _more(reports, number, " reports")
        lines += [*_of_page(by_hand, number), *_more(by_hand, number, " to do by hand")]
        unread = [
            f"Not judged, please read it: message {one.message} in {place(one.room)}: {unjudged_because(one.reason)}" for one in failed
        ]
        lines += [*_of_page(unread, number), *_more(unread, number, " not judged")]
        if number == 1:
            lines += [f"Not fully judged in the last 7 days because {unjudged_because(reason)}: {n}" for reason, n in counts.items()]
        if number > 1 and not lines:
            raise NotAllowedError(f"there is no page {number}")
        return "\n".join(lines) or NOTHING

    def line(self, detail: CaseDetail) -> str:
        """A case in one line: how grave, who, where, which rules, how long an appeal has left, how old, what was done, some words."""
        case, now = detail.case, self._parts.clock.now()
        gravest = max(detail.messages, key=lambda message: (_severity(detail, message.step), message.step))
        of_it = [one.finding for one in detail.findings if one.step == gravest.step]
        words = shown_words(gravest.segments, of_it, self._parts.policy) or unseen(gravest.message)
        words = words if len(words) <= WORDS_CHARS_MAX else f"{words[:WORDS_CHARS_MAX]}…"
        parts = [
            head(detail, self._parts.policy),
            *self._appeal(detail),
            f"{span(now - case.opened_at)} old",
            *self._done(detail),
            quote(words),
        ]
        return " · ".join(parts)

    def _appeal(self, detail: CaseDetail) -> list[str]:
        """How long an appeal has left."""
        waiting = [one for one in detail.appeals if one.state in APPEALED]
        if not waiting:
            return []
        if waiting[-1].state is AppealState.SUSPENDED or waiting[-1].answer_by is None:
            return ["APPEAL, too late: the penalty is lifted"]
        return [f"APPEAL, {span(waiting[-1].answer_by - self._parts.clock.now())} left"]

    def _done(self, detail: CaseDetail) -> list[str]:
        """What was done already, as far as it was performed."""
        done = {row.action.kind: row.state for row in detail.actions}
        was = {kind for kind, state in done.items() if state in (ActionState.DONE, ActionState.SIMULATED)}
        named = {ActionKind.NUDGE: "nudged", ActionKind.WARN: "warned", ActionKind.HIDE: "hidden"}
        said = [word for kind, word in named.items() if kind in was and not (kind is ActionKind.HIDE and ActionKind.UNHIDE in was)]
        until = detail.case.muted_until
        if until and until > self._parts.clock.now():
            said.append(f"{'muted' if ActionKind.MUTE in was else 'asked not to post'} until {when(until)}")
        return [", ".join(said)] if said else []

    async def _may_see(self, transaction: Transaction, reader: Reader, case: CaseView) -> bool:
        parties = parties_of(case, await transaction.reporters_of_case(case.number))
        return not await Recusal(self._parts).why(transaction, case, [account for _, account in reader.own], parties)

    async def _left_to_people(self, transaction: Transaction, reader: Reader) -> list[str]:
        """What people have to do, or to look at, without the cases and letters that the moderator is part of."""
        lines = []
        for state, what in ((ActionState.MANUAL, "do it by hand"), (ActionState.MAYBE_DONE, "look whether it is so")):
            for row in await transaction.actions_in(state):
                action = row.action
                case = await transaction.case(action.case) if action.case else None
                if case and await self._may_see(transaction, reader, case):
                    wanted = f"{to_do([action.kind])}: {what} ({row.error or row.detail})"
                    lines.append(f"Case {action.case} · {person(action.target)}: {wanted}")
                if not action.case and reader.account != action.target and person(reader.account) not in action.text:
                    lines.append(await _letter_line(transaction, row, what))
        return lines


async def _waiting(transaction: Transaction) -> list[CaseView]:
    """All cases that wait: those with an appeal, the first to be answered first, then the gravest, then the newest."""
    appeals = [one for state in APPEALED for one in await transaction.appeals(state, WAITING_MAX)]
    numbers = dict.fromkeys(
        one.case for one in sorted(appeals, key=lambda one: (one.state is AppealState.SUSPENDED, one.answer_by or one.appealed_at))
    )
    appealed = [case for number in numbers if (case := await transaction.case(number))]
    return [*appealed, *(case for case in await transaction.gravest_cases(CaseState.OPEN, WAITING_MAX) if case.number not in numbers)]


async def _letter_line(transaction: Transaction, row: OutboxRow, what: str) -> str:
    """A letter outside any case that did not arrive; the answer to a report without the name of who reported."""
    report = await transaction.report_answered_by(row.action.key)
    if report:
        return f"The answer to report {report.id} did not arrive. There is nothing to do: who reported can read it with /mydata."
    return f"For {person(row.action.target)}: {what} ({row.error or row.detail}): {quote(row.action.text)}"


def _severity(detail: CaseDetail, step: int) -> int:
    """How grave a message of a case is; 0 where nothing was found in it, only reported."""
    return max((one.finding.severity for one in detail.findings if one.step == step), default=0)


def head(detail: CaseDetail, policy: Policy) -> str:
    """How a line about a case begins."""
    case = detail.case
    return f"Case {case.number} · {case.severity} · {person(case.author)} in {place(case.room)} · {rules(detail, policy)}"


def rules(detail: CaseDetail, policy: Policy) -> str:
    """Which rules found something."""
    return ", ".join(dict.fromkeys(finding.rule for finding in found(detail, policy))) or "reported by a member"


def _of_page(items: Sequence[T], number: int) -> Sequence[T]:
    return items[(number - 1) * PAGE_LENGTH : number * PAGE_LENGTH]


def _more(items: Sequence[object], number: int, what: str) -> list[str]:
    """How many are on later pages."""
    left = len(items) - number * PAGE_LENGTH
    return [f"… and {left} more{what}: /cases {number + 1}"] if left > 0 and _of_page(items, number) else []
