"""Cases as moderators review them: what they may read, what they decide, what they did by hand.

Knows: cases on record, who is part of one, under all of their accounts. Must not know: how a command is typed, how a platform shows text.
Rules: a moderator who is part of a case, by whichever account, neither sees nor decides it; who reported is never shown; what was left
to people is looked at again where a platform can, before it counts as done.
"""

from bot.cards import consent_lines, earlier_lines, in_words
from bot.casebook import Casebook
from bot.core.cases import AppealState, Decision, NotAllowedError, parties_of
from bot.core.model import ActionKind, CaseState
from bot.core.naming import one_line, person
from bot.core.notices import STATES, Sentences, because, change_in_words, quote, shown_words, span, to_do, unseen, when
from bot.core.policy import Policy
from bot.core.respond import Ruling
from bot.linking import Account
from bot.listing import WAITING_MAX, head, rules
from bot.parts import Parts
from bot.ports import PlatformRefusedError, PlatformUnavailableError
from bot.recusal import Recusal
from bot.store.records import ActionState, CaseDetail, OutboxRow, Review
from bot.store.store import Transaction

SHOWN_MAX = 20
"""Cases in one list: a screenful."""


class Reviewing:
    """Reviews of cases in one community. Whether somebody is a moderator is asked before."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._casebook, self._recusal = Casebook(parts), Recusal(parts)

    async def open_cases(self, by: Account) -> list[tuple[int, str]]:
        """The open cases that a moderator may decide, the newest first, with a few words on each."""
        async with self._parts.transaction() as transaction:
            cases = sorted(await transaction.gravest_cases(CaseState.OPEN, WAITING_MAX), key=lambda case: -case.number)
            seen = [await self.seen(transaction, case.number, by) for case in cases[:SHOWN_MAX]]
        return [
            (one.case.number, f"Case {one.case.number} · {one.case.severity} · {rules(one, self._parts.policy)}") for one in seen if one
        ]

    async def show(self, number: int, by: Account) -> str:
        """Everything about one case. Raises NotAllowedError where there is none, or the moderator is part of it."""
        async with self._parts.transaction() as transaction:
            detail = await self._must_see(transaction, number, by)
        return _shown(detail, self._parts.policy, self._parts.sentences)

    async def seen(self, transaction: Transaction, number: int, by: Account) -> CaseDetail | None:
        """A case; None where there is none, or the moderator is part of it."""
        detail, _ = await self._look(transaction, number, by)
        return detail

    async def _must_see(self, transaction: Transaction, number: int, by: Account) -> CaseDetail:
        detail, why = await self._look(transaction, number, by)
        if detail is None:
            raise NotAllowedError(f"you cannot see case {number}: {why}")
        return detail

    async def _look(self, transaction: Transaction, number: int, by: Account) -> tuple[CaseDetail | None, str]:
        """A case, or why the moderator does not see it."""
        detail = await transaction.case_detail(number)
        if detail is None:
            return None, "there is no such case"
        parties = parties_of(detail.case, [one.reporter for one in detail.reports])
        own = await transaction.accounts_of(*by)
        why = await self._recusal.why(transaction, detail.case, [account for _, account in own], parties)
        return (None, why) if why else (detail, "")

    async def decide(self, number: int, ruling: Ruling, platform: str) -> str:
        """Carry out a moderator's decision, made on a platform; gives what the moderator reads. Raises NotAllowedError."""
        await self._by_no_other_account(number, (platform, ruling.by))
        response = await self._casebook.rule_on(number, ruling)
        said = f"Case {number} is {STATES[response.case.state]}."
        if ruling.decision is Decision.CHANGE:
            said = " ".join([said, *change_in_words(response, self._parts.policy, self._parts.sentences)])
        if (other := response.instead_of) is not None:
            fields = {"by": person(other.decided_by), "state": STATES[other.state]}
            said += " " + self._parts.sentences["decision_instead_of"].format_map(fields)
        by_itself = [action.kind for action in response.actions if action.kind not in response.manual]
        if by_itself:
            said += f" Steward does the rest now: {to_do(by_itself)}."
        if response.manual:
            said += " " + self._parts.sentences["card_manual"].format(kinds=to_do(response.manual))
        return said

    async def _by_no_other_account(self, number: int, by: Account) -> None:
        """Who is part of a case by one account does not decide it by another."""
        async with self._parts.transaction() as transaction:
            own = await transaction.accounts_of(*by)
            detail = await transaction.case_detail(number) if len(own) > 1 else None
            if detail is None:
                return
            parties = parties_of(detail.case, [one.reporter for one in detail.reports], [one.moderator for one in detail.reviews])
            appeal = any(one.state in (AppealState.OPEN, AppealState.SUSPENDED) for one in detail.appeals)
            accounts = [account for _, account in own]
            why = await self._recusal.why(transaction, detail.case, accounts, parties, appeal=appeal)
        if why:
            raise NotAllowedError(f"you cannot decide case {number}: {why}")

    async def done_by_hand(self, number: int, by: Account) -> str:
        """A moderator did what was left to people in a case: Steward looks again where it can, and says whether it is so."""
        async with self._parts.transaction() as transaction:
            detail = await self._must_see(transaction, number, by)
        waiting = [row for row in detail.actions if row.state in (ActionState.MANUAL, ActionState.MAYBE_DONE)]
        if not waiting:
            raise NotAllowedError(f"there is nothing to do by hand in case {number}")
        seen = [(row, await self._is_so(row)) for row in waiting]
        _, account = by
        await self._casebook.done_by_hand(number, [row for row, is_so in seen if is_so is not False], account)
        said = {
            True: "I looked: it is so.",
            False: "I looked: the message still stands. Delete it, then press again.",
            None: "I cannot see that from here, so it is on record that you did it.",
        }
        return "\n".join(f"Case {number}, {row.action.kind}: {said[is_so]}" for row, is_so in seen)

    async def _is_so(self, row: OutboxRow) -> bool | None:
        """Whether a message is gone that was to be hidden; None where nobody can look."""
        platform = self._parts.platforms.get(row.action.platform)
        if row.action.kind is not ActionKind.HIDE or platform is None:
            return None
        try:
            return await platform.read(row.action.room, row.action.message) is None
        except (PlatformRefusedError, PlatformUnavailableError):
            return None


def case_line(detail: CaseDetail, policy: Policy) -> str:
    """A case in one line."""
    appeal = " · APPEAL" if any(one.state in (AppealState.OPEN, AppealState.SUSPENDED) for one in detail.appeals) else ""
    return f"{head(detail, policy)}{appeal}"


def _shown(detail: CaseDetail, policy: Policy, sentences: Sentences) -> str:
    """A case in full, as a moderator reads it."""
    case = detail.case
    why = f": {one_line(detail.reason)}" if detail.reason else ""
    by = f", by {person(case.decided_by)}{why}" if case.decided_by else ""
    lines = [case_line(detail, policy), f"State: {STATES[case.state]}{by}"]
    for one in detail.messages:
        found = [each.finding for each in detail.findings if each.step == one.step]
        said = quote(shown_words(one.segments, found, policy) or unseen(one.message))
        lines.append(f"{when(one.message.sent_at)} {person(one.message.author)}: {said}")
        lines += [f"    {each.rule} (clause {', '.join(each.clauses)}): {because(each)}" for each in found]
    lines += earlier_lines(detail.earlier, policy, sentences)
    lines += consent_lines(detail, sentences)
    if detail.late is not None:
        lines.append(f"Found {span(detail.late)} late: no penalty.")
    done = [row for row in detail.actions if row.action.kind is not ActionKind.UPDATE]
    lines += [f"Done: {in_words(row)}{f': {row.error}' if row.error else ''}" for row in done]
    if not all(one.delivered_at for one in detail.notices):
        lines.append("The member is NOT NOTIFIED yet.")
    lines += [f"Appeal ({one.state}): {_apart(one.text)}" for one in detail.appeals]
    lines += [f"Reported by a member: {_apart(one.text)}" for one in detail.reports]
    decided = sentences["news_decided"]
    lines += [
        decided.format(by=person(one.moderator), decision=_decision(one), reason=one_line(one.reason)).rstrip() for one in detail.reviews
    ]
    return "\n".join(lines)


def _decision(review: Review) -> str:
    """What a moderator decided, with what a change made of the case."""
    return f"{review.decision} to {review.severity}" if review.decision is Decision.CHANGE else str(review.decision)


def _apart(text: str) -> str:
    """What somebody wrote in several goes, each in quotation marks."""
    return " · ".join(map(quote, text.split("\n")))
