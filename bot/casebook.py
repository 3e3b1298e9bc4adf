"""Cases between the core and the record: read the circumstances, let the core decide, write down all that follows.

Knows: which rows an answer or a decision reads and leaves behind. Must not know: queues, platforms' libraries, how a rule
measures, how an action is performed, how a card reads, who is recused.
Rules: everything of one answer stands in one transaction with its message: case, findings, strike, sanction, notice, actions,
audit; a message that is in a case already has no second answer.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bot.cards import Cards, plain_notice
from bot.core.cases import APPEALED, AppealState, Decision, NotAllowedError, ReportState, changes_nothing, harder, overruled
from bot.core.judge import segments_of
from bot.core.model import (
    CALLS,
    MINUTE,
    TOLD,
    Action,
    ActionKind,
    CaseState,
    CaseView,
    Context,
    Message,
    StrikeState,
    Verdict,
)
from bot.core.naming import one_line, person
from bot.core.notices import because, card, decision_notice, notice, told, when
from bot.core.respond import Circumstances, Response, Ruling, decide, respond
from bot.core.signals.disruption import NEW_WITHIN
from bot.parts import Parts
from bot.ports import PlatformRefusedError, PlatformUnavailableError
from bot.recusal import Recusal
from bot.store.records import ActionState, Appeal, Earlier, NoticeState, OutboxRow, SanctionState
from bot.store.store import Transaction

log = structlog.get_logger()
APPEAL_WITHIN = timedelta(days=180)
APPEAL_CHARS_MAX = 2_000
"""Longest appeal, with all that was added."""
READ_EARLIER_WITHIN = timedelta(days=1)
"""So long after the latest finding of its case a platform is asked for the words of an earlier message."""
SWEEP_EVERY = timedelta(hours=1)
"""How often what is older than the policy keeps it is deleted: a promise of days needs no more."""


class Casebook:
    """Answers to verdicts, and decisions of people, written down."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._cards, self._recusal = Cards(parts), Recusal(parts)
        self._looked_at: datetime | None = None
        self._swept_at: datetime | None = None

    async def answer(self, transaction: Transaction, verdict: Verdict, context: Context, *, late: timedelta | None) -> Response | None:
        """Record what a verdict means. None where the same message was answered before."""
        message = verdict.message
        if await transaction.known_identities([message.identity]):
            return None
        circumstances = await self._circumstances(transaction, message, late)
        response = respond(verdict, circumstances, self._parts.policy, self._parts.clock.now())
        if response is None:
            return None
        if response.opens:
            number = await transaction.next_case_number()
            response = _numbered(response, number)
            await transaction.add_case(
                response.case, mode=self._parts.mode, hashes=self._parts.hashes, late=late, collects=response.collects
            )
            await transaction.save_policy_source(self._parts.policy.digest, json.dumps(dict(self._parts.policy_source)))
        else:
            await transaction.update_case(response.case)
        await self._leave(transaction, verdict, context, response)
        return response

    async def _circumstances(self, transaction: Transaction, message: Message, late: timedelta | None) -> Circumstances:
        policy, platform = self._parts.policy, self._parts.platforms.get(message.platform)
        since = message.sent_at - policy.episode_gap
        episode = await transaction.open_episode(message.platform, message.author, message.room, message.thread, since)
        used: dict[ActionKind, int] = {}
        for kind, limit in policy.limits.items():
            used[kind] = await transaction.count_actions(kind, transaction.now - limit.per)
        strikes = await transaction.strikes_of(
            message.platform,
            message.author,
            since=message.sent_at - policy.strikes.window,
        )
        its_own = episode.number if episode else 0
        return Circumstances(
            mode=self._parts.mode,
            number=0,
            episode=episode,
            collecting=await transaction.collecting_case(message.platform, message.author),
            strikes=tuple(strike for strike in strikes if strike.case != its_own),
            struck=next((strike for strike in strikes if strike.case == its_own), None),
            muted_until=await transaction.muted_until(message.platform, message.author),
            moderator=message.author in self._parts.moderators,
            late=late,
            used=used,
            capabilities=frozenset(platform.capabilities.repeats) if platform else frozenset(ActionKind),
        )

    async def _leave(self, transaction: Transaction, verdict: Verdict, context: Context, response: Response) -> None:
        """Everything besides the case's own row."""
        message, case, step = verdict.message, response.case, response.case.steps
        note = "" if response.late is None else f"found {response.late.total_seconds():.0f} s late"
        await transaction.add_case_message(
            case.number, step, message, context=context, segments=verdict.segments, scores=verdict.scores, note=note
        )
        await transaction.add_findings(case.number, step, verdict.findings)
        if any(self._parts.policy.hateful(finding.rule) for finding in verdict.findings):
            await transaction.add_hateful(case.number, [message])
        if response.strike:
            await transaction.put_strike(response.strike, platform=message.platform, author=message.author)
        if response.answer is ActionKind.MUTE and case.muted_until:
            await transaction.put_sanction(case, ActionKind.MUTE, case.muted_until)
        actions = [await self._with_text(transaction, action, verdict, response) for action in response.actions]
        for action in actions:
            if action.kind in TOLD:
                await transaction.add_notice(case.number, step, platform=action.platform, account=action.target, text=action.text)
        values = {"author": message.author, "message": message.id, "rules": [finding.rule for finding in verdict.findings]}
        kind = "opened" if response.opens else "added"
        await transaction.audit(kind, case=case.number, step=step, values=values)
        await transaction.add_actions(actions)

        await transaction.add_earlier(_earlier(verdict, context, case))

    async def read_earlier(self) -> None:
        """Read the words of older messages that findings rest on from their platforms, outside any transaction.

        What nobody waits for any more when they have been read (its author was forgotten meanwhile) stays as it is.
        """
        async with self._parts.transaction() as transaction:
            waiting = await transaction.earlier_waiting()
        read: list[tuple[Earlier, str | None]] = []
        for row in waiting:
            platform = self._parts.platforms.get(row.platform)
            try:
                message = await platform.read(row.room, row.message) if platform else None
            except (PlatformUnavailableError, PlatformRefusedError):
                platform = message = None
            if platform or await self._given_up(row):
                read.append((row, message.text if message else None))
        if not read:
            return
        async with self._parts.transaction() as transaction:
            noted = [row.case for row, text in read if await transaction.earlier_read(row, text)]
            for number in dict.fromkeys(noted):
                case = await transaction.case(number)
                assert case is not None, "an earlier message belongs to a case"
                await transaction.update_case(replace(case, steps=case.steps + 1))
                await self._cards.update(transaction, number, self._parts.sentences["news_earlier"].format(case=number))

    async def _given_up(self, row: Earlier) -> bool:
        """Say whether an earlier message could not be read for so long that its words count as no longer available."""
        async with self._parts.transaction() as transaction:
            case = await transaction.case(row.case)
        return case is None or self._parts.clock.now() - case.last_at > READ_EARLIER_WITHIN

    async def _with_text(self, transaction: Transaction, action: Action, verdict: Verdict, response: Response) -> Action:
        parts = self._parts
        if action.kind in TOLD:
            return replace(action, text=notice(response, verdict, parts.policy, parts.sentences, room=verdict.message.room))
        if action.kind not in CALLS:
            return action
        if response.opens:
            text = card(response, verdict, parts.policy, parts.sentences)
            return replace(action, text=await self._cards.headed(transaction, text, response.case))
        reasons = "; ".join(dict.fromkeys(map(because, told(response.findings, parts.policy))))
        news = parts.sentences["news_added"].format(case=response.case.number, because=reasons)
        calling = replace(action, news=news)
        return await self._cards.shown(transaction, calling, response.case, planned=response.actions, manual=response.manual)

    async def report(self, report: int, message: Message, reporter: str, text: str) -> int:
        """Put a report about a message into the message's case, or open one for it; gives the case's number.

        A report does nothing by itself: moderators see a card. Further reports of the same message change no count.
        """
        parts = self._parts
        async with parts.transaction() as transaction:
            number = await transaction.case_of_message(message.platform, message.room, message.id)
            case = await transaction.case(number) if number else None
            if case is None:
                since = message.sent_at - parts.policy.episode_gap
                case = await transaction.open_episode(message.platform, message.author, message.room, message.thread, since)
                case = await self._reported(transaction, case, message)
            await transaction.update_report(report, ReportState.IN_CASE, case=case.number)
            values = {"report": report, "by": reporter, "platform": message.platform, "text": text}
            await transaction.audit("report_in_case", case=case.number, step=case.steps, values=values)
            detail = await transaction.case_detail(case.number)
            assert detail is not None, "it was just recorded"
            called = any(row.action.kind in CALLS for row in detail.actions)
            if called:
                case = replace(case, steps=case.steps + 1)
                await transaction.update_case(case)
            kind = ActionKind.UPDATE if called else ActionKind.ESCALATE
            news = parts.sentences["news_reported"].format(case=case.number)
            action = replace(plain_notice(parts.community, case), kind=kind, news=news)
            await transaction.add_actions([await self._cards.shown(transaction, action, case)])
            return case.number

    async def _reported(self, transaction: Transaction, case: CaseView | None, message: Message) -> CaseView:
        """A case that holds a message somebody reported: the author's open one in that thread, or a new one.

        A new one is opened now, however old the message: from now run the times to decide it and to appeal.
        """
        if case:
            case = replace(case, steps=case.steps + 1, last_at=max(case.last_at, message.sent_at))
            await transaction.update_case(case)
        else:
            case = CaseView(
                number=await transaction.next_case_number(),
                author=message.author,
                platform=message.platform,
                server=message.server,
                room=message.room,
                thread=message.thread,
                opened_at=transaction.now,
                last_at=message.sent_at,
                steps=1,
            )
            await transaction.add_case(case, mode=self._parts.mode, hashes=self._parts.hashes)
            await transaction.save_policy_source(self._parts.policy.digest, json.dumps(dict(self._parts.policy_source)))
            await transaction.audit("opened", case=case.number, step=1, values={"author": message.author, "message": message.id})
        segments = segments_of(message, Context())
        await transaction.add_case_message(
            case.number, case.steps, message, context=Context(), segments=segments, note="reported by a member"
        )
        return case

    async def appeal(self, number: int, platform: str, account: str, text: str) -> str:
        """Record an appeal and tell the moderators; words to an appeal that waits are added to it. Gives the sentence that answers it."""
        parts, hours = self._parts, self._parts.policy.appeal_hours
        async with parts.transaction() as transaction:
            case = await transaction.case(number)
            own = await transaction.accounts_of(platform, account)
            if case is None or (case.platform, case.author) not in own or case.notice_first_at is None:
                raise NotAllowedError(f"you have no case {number}")
            if transaction.now - case.opened_at > APPEAL_WITHIN:
                raise NotAllowedError(f"the time to appeal case {number} is over: it was {APPEAL_WITHIN.days} days")
            if case.state is CaseState.DISMISSED:
                raise NotAllowedError(f"case {number} is closed and nothing of it stays on your record")
            appeals = await transaction.appeals_of_case(number)
            waiting = next((one for one in appeals if one.state in APPEALED), None)
            if waiting:
                await self._add_to_appeal(transaction, waiting, case, text)
                return "appeal_added"
            if await self._answered_last(transaction, number, appeals) and not await self._recusal.somebody_left(transaction, case):
                raise NotAllowedError(f"your appeal on case {number} was answered, and every moderator who may look at it has done so")
            answer_by = transaction.now + timedelta(hours=hours)
            await transaction.add_appeal(number, platform=platform, account=account, text=text, answer_by=answer_by)
            await transaction.audit("appealed", case=number)
            await transaction.update_case(replace(case, steps=case.steps + 1))
            may = await self._recusal.somebody_may(transaction, case)
            news = "news_appealed_nobody" if not may else "news_appealed" if case.decided_by else "news_appealed_first"
            contact = parts.policy.outside_contact or parts.sentences["outside_unknown"]
            await self._cards.call_again(transaction, number, parts.sentences[news].format(case=number, hours=hours, contact=contact))
            return "appeal_received_nobody" if not may else "appeal_received" if case.decided_by else "appeal_received_first"

    async def _answered_last(self, transaction: Transaction, number: int, appeals: Iterable[Appeal]) -> bool:
        """Whether the latest decision on a case answered an appeal: against a later one the member may appeal like against a first."""
        answered = [one.decided_at for one in appeals if one.state in (AppealState.ACCEPTED, AppealState.REJECTED) and one.decided_at]
        detail = await transaction.case_detail(number)
        assert detail is not None, "it was just looked up"
        return bool(answered) and all(one.decided_at <= max(answered) for one in detail.reviews)

    async def _add_to_appeal(self, transaction: Transaction, appeal: Appeal, case: CaseView, text: str) -> None:
        """Add words to an appeal that waits; the card shows them, and its thread hears of the first. Raises NotAllowedError for none."""
        if not text.strip() or text in appeal.text.split("\n"):
            again = "" if appeal.text else f": to say why, type /appeal {case.number} and your reason"
            raise NotAllowedError(f"we have your appeal on case {case.number} already{again}")
        words = f"{appeal.text}\n{text}".strip()
        if len(words) > APPEAL_CHARS_MAX:
            raise NotAllowedError(f"your appeal on case {case.number} is as long as it can be: it stays as it was")
        await transaction.add_to_appeal(appeal.id, words)
        await transaction.audit("appeal_added", case=case.number)
        await transaction.update_case(replace(case, steps=case.steps + 1))
        news = "" if appeal.text else self._parts.sentences["news_appeal_added"].format(case=case.number)
        await self._cards.update(transaction, case.number, news)

    async def rule_on(self, number: int, ruling: Ruling) -> Response:
        """Record a moderator's decision; it answers the open appeals of the case too.

        Raises NotAllowedError: unknown case, recused moderator (who decided a case cannot decide its appeal), state that forbids it.
        """
        async with self._parts.transaction() as transaction:
            detail = await transaction.case_detail(number)
            if detail is None:
                raise NotAllowedError(f"there is no case {number}: /cases lists the open ones")
            appeals = [one for one in detail.appeals if one.state in APPEALED]
            await self._recusal.check(transaction, detail.case, ruling.by, appeal=bool(appeals))
            findings = [one.finding for one in detail.findings]
            circumstances = await self._circumstances(transaction, detail.messages[-1].message, None)
            left = [row.action for row in detail.actions if row.state is ActionState.MANUAL]
            stand = {one.message for one in left if one.kind is ActionKind.HIDE}  # nobody hid them: there is nothing to show again
            before = replace(detail.case, hidden=tuple(one for one in detail.case.hidden if one not in stand))
            response = decide(self._parts.community, before, ruling, circumstances, self._parts.policy, self._parts.clock.now())
            case = response.case
            _must_be_fair(before, case, self._parts.clock.now(), appealed=bool(appeals))
            for task in left:
                if overruled(task, case):
                    await transaction.mark(task.key, ActionState.DROPPED, detail="decided otherwise before it was done by hand")
            await transaction.update_case(case, decision=str(ruling.decision), reason=ruling.reason)
            await transaction.add_review(
                number, case.steps, moderator=ruling.by, decision=ruling.decision, severity=case.severity, reason=ruling.reason
            )
            if response.strike and (detail.strike or response.strike.state is StrikeState.UPHELD):
                await transaction.put_strike(response.strike, platform=case.platform, author=case.author)
            if ActionKind.UNMUTE in response.undone:
                await transaction.end_sanction(number, ActionKind.MUTE, SanctionState.LIFTED)
            elif response.answer is ActionKind.MUTE and case.muted_until:
                await transaction.put_sanction(case, ActionKind.MUTE, case.muted_until)
            answer = AppealState.REJECTED if ruling.decision is Decision.UPHOLD else AppealState.ACCEPTED
            for one in appeals:
                await transaction.update_appeal(one.id, answer, by=ruling.by, reason=ruling.reason)
            await transaction.add_hateful(number, detail.found_by(self._parts.policy.hateful))
            values = {"by": ruling.by, "decision": str(ruling.decision), "reason": ruling.reason}
            await transaction.audit("decided", case=number, step=case.steps, values=values)
            last = bool(appeals) and not await self._recusal.somebody_left(transaction, case)
            text = decision_notice(
                response,
                ruling,
                findings,
                self._parts.policy,
                self._parts.sentences,
                answers_appeal=bool(appeals),
                last=last,
            )
            actions = [replace(one, text=text) if one.kind in TOLD else one for one in response.actions]
            for action in actions:
                if action.kind in TOLD:
                    await transaction.add_notice(number, action.step, platform=action.platform, account=action.target, text=text)
            await transaction.add_actions(actions)
            changed = f" from {response.was} to {case.severity}" if response.was is not case.severity else ""
            changed += f", muted until {when(case.muted_until)}" if response.answer is ActionKind.MUTE and case.muted_until else ""
            news = {"by": person(ruling.by), "decision": f"{ruling.decision}{changed}", "reason": one_line(ruling.reason)}
            await self._cards.update(transaction, number, self._parts.sentences["news_decided"].format_map(news).strip())
            return response

    async def done_by_hand(self, number: int, rows: Collection[OutboxRow], by: str) -> None:
        """A person did what the chat could not do: it is on record, and the card says so. What somebody else noted before stays."""
        async with self._parts.transaction() as transaction:
            noted = [one.action for one in rows if await transaction.mark(one.action.key, ActionState.DONE, detail=f"by hand, by {by}")]
            case = await transaction.case(number)
            if not noted or case is None:
                return
            for action in noted:
                if action.kind in TOLD:
                    await transaction.notice_delivered(number, action.step, action.target, NoticeState.BY_PERSON)
            await transaction.update_case(replace(case, steps=case.steps + 1))
            news = {"by": person(by), "kinds": ", ".join(str(one.kind) for one in noted)}
            await self._cards.update(transaction, number, self._parts.sentences["news_by_hand"].format_map(news))

    async def look_after_if_due(self) -> None:
        """The same in a replay, whose clock moves with the messages: once a minute of its time is enough."""
        now = self._parts.clock.now()
        if self._looked_at is None or now - self._looked_at >= MINUTE:
            self._looked_at = now
            await self.look_after()

    async def look_after(self) -> None:
        """What time alone brings: mutes end, undecided cases lapse, appeals that nobody answered suspend the penalty."""
        now = self._parts.clock.now()
        self._parts.names.stale = True  # another process may have erased somebody
        await self.read_earlier()
        if self._swept_at is None or now - self._swept_at >= SWEEP_EVERY:
            await self._sweep(now)
            self._swept_at = now
        async with self._parts.transaction() as transaction:
            for sanction in await transaction.ended_sanctions():
                await transaction.end_sanction(sanction.case, ActionKind(sanction.kind), SanctionState.ENDED)
                longer = await transaction.muted_until(sanction.platform, sanction.author)
                case = await transaction.case(sanction.case)
                if case and not longer:
                    await self._tell(transaction, case, "mute_over", ActionKind.UNMUTE)
            before = transaction.now - self._parts.policy.strikes.lapse_after
            for case in await transaction.cases(CaseState.OPEN, opened_before=before):
                await self._lapse(transaction, case)
            for appeal in await transaction.appeals(AppealState.OPEN):
                if appeal.answer_by and appeal.answer_by <= transaction.now:
                    await self._suspend(transaction, appeal)
            for appeal in await transaction.appeals(AppealState.SUSPENDED):
                case = await transaction.case(appeal.case)
                if appeal.answer_by and appeal.answer_by <= before and case:
                    await transaction.update_appeal(appeal.id, AppealState.LAPSED)
                    await self._lapse(transaction, case)
                    await self._tell(transaction, case, "appeal_lapsed")

    async def _sweep(self, now: datetime) -> None:
        """Delete what has been kept for as long as the policy says; where something went its bytes leave the files too."""
        keep = self._parts.policy.retention
        async with self._parts.transaction() as transaction:
            await transaction.forget_contacts(now - keep.contacts)
            await transaction.forget_newcomers(now - NEW_WITHIN)
            cases = await transaction.forget_cases(now - keep.cases)
            others = await transaction.forget_reports(now - keep.reports)
            others += await transaction.forget_unjudged(now - keep.unjudged)
            others += await transaction.forget_audit_values(now - keep.audit)
        if cases or others:
            log.info("old records deleted", community=self._parts.community, cases=len(cases), others=others)
            await self._parts.store.checkpoint()

    async def _suspend(self, transaction: Transaction, appeal: Appeal) -> None:
        """Nobody looked in time: the mute is lifted, the strike stops counting, the member is told."""
        case = await transaction.case(appeal.case)
        assert case is not None, "an appeal has a case"
        await transaction.update_appeal(appeal.id, AppealState.SUSPENDED)
        await transaction.audit("suspended", case=case.number)
        await self._set_strike(transaction, case.number, StrikeState.LAPSED)
        muted = await transaction.end_sanction(case.number, ActionKind.MUTE, SanctionState.LIFTED)
        await self._tell(transaction, case, "appeal_suspended", *([ActionKind.UNMUTE] if muted else []))
        await self._cards.update(transaction, case.number, self._parts.sentences["news_suspended"].format(case=case.number))

    async def _lapse(self, transaction: Transaction, case: CaseView) -> None:
        """Nobody decided: neither the case nor its strike counts against the member."""
        case = replace(case, state=CaseState.LAPSED if case.state is CaseState.OPEN else case.state, steps=case.steps + 1)
        await transaction.update_case(case)
        await self._set_strike(transaction, case.number, StrikeState.LAPSED)
        await transaction.audit("lapsed", case=case.number, step=case.steps)
        await self._cards.update(transaction, case.number, self._parts.sentences["news_lapsed"].format(case=case.number))

    async def _set_strike(self, transaction: Transaction, number: int, state: StrikeState) -> None:
        detail = await transaction.case_detail(number)
        if detail and detail.strike:
            await transaction.put_strike(replace(detail.strike, state=state), platform=detail.case.platform, author=detail.case.author)

    async def _tell(self, transaction: Transaction, case: CaseView, sentence: str, *undo: ActionKind) -> None:
        """One step more in a case: tell the member, and undo what is named."""
        case = await transaction.case(case.number) or case
        case = replace(case, steps=case.steps + 1, muted_until=None if ActionKind.UNMUTE in undo else case.muted_until)
        await transaction.update_case(case)
        text = self._parts.sentences[sentence].format(case=case.number)
        plain = replace(plain_notice(self._parts.community, case), text=text)
        await transaction.add_notice(case.number, case.steps, platform=case.platform, account=case.author, text=text)
        await transaction.add_actions([*(replace(plain, kind=kind, text="") for kind in undo), plain])


def _must_be_fair(before: CaseView, after: CaseView, now: datetime, *, appealed: bool) -> None:
    """Raise NotAllowedError where a decision changes nothing (no member is told the same twice), or is harder than what was appealed."""
    if appealed and harder(before, after, now):
        why = "an appeal never makes it harder: uphold, soften or dismiss it. What has to be graver is a decision after that"
        raise NotAllowedError(f"the member appeals case {before.number}, and {why}")
    if not appealed and changes_nothing(before, after):
        why = f"{before.state.value} already, by {person(before.decided_by)}: nothing would change, so nobody is told again"
        raise NotAllowedError(f"case {before.number} is {why}")


def _earlier(verdict: Verdict, context: Context, case: CaseView) -> list[Earlier]:
    """The older messages that a verdict's findings rest on, where they can be read."""
    where = {row.message: (row.room, row.author, row.sent_at) for row in context.contacts}
    where |= {row.id: (verdict.message.room, row.author, row.sent_at) for row in context.recent}
    wanted = dict.fromkeys(message for finding in verdict.findings for message in finding.messages if message in where)
    platform = verdict.message.platform
    rows = [(message, *where[message]) for message in wanted]
    return [
        Earlier(case=case.number, step=case.steps, platform=platform, room=room, message=message, author=author, sent_at=sent_at)
        for message, room, author, sent_at in rows
    ]


def _numbered(response: Response, number: int) -> Response:
    """The response with the number that its new case has."""
    return replace(
        response,
        case=replace(response.case, number=number),
        strike=replace(response.strike, case=number) if response.strike else None,
        actions=tuple(replace(action, case=number) for action in response.actions),
    )
