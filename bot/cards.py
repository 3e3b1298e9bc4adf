"""The card of a case: what moderators read to decide it, and how it is kept as the case is.

Knows: all that is on record of a case. Must not know: why a case changes, how a platform shows a card.
Rules: a case has one card: it is posted once and edited from then on, and its thread hears what is new; a card always shows the
case as it is in its transaction.
"""

from collections.abc import Iterable
from dataclasses import replace

from bot.core.cases import APPEALED, parties_of
from bot.core.model import CALLS, CARDS, Action, ActionKind, CaseState, CaseView, Finding
from bot.core.naming import one_line, person, place
from bot.core.notices import (
    DONE,
    STATES,
    Sentences,
    because,
    card_head,
    cautions,
    characteristics,
    masked,
    quote,
    shown_words,
    span,
    to_do,
    told,
    unseen,
    when,
)
from bot.core.policy import Policy
from bot.parts import Parts
from bot.recusal import Recusal
from bot.store.records import ActionState, CaseDetail, Earlier, EarlierState, OutboxRow
from bot.store.store import Transaction

EARLIER_LINES_MAX = 10
CARD_MESSAGES_MAX = 5
"""A card shows the latest messages of a case; /case shows all."""


class Cards:
    """The cards of a community's cases."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._recusal = Recusal(parts)

    async def shown(
        self, transaction: Transaction, action: Action, case: CaseView, *, planned: Iterable[Action] = (), manual: Iterable[ActionKind] = ()
    ) -> Action:
        """The action, with the case's card as it is now; `planned` come into the record with it, and `manual` are done by hand."""
        detail = await transaction.case_detail(case.number)
        assert detail is not None, "a case that has a card is recorded"
        by_hand, now = frozenset(manual), transaction.now
        for one in planned:
            state = ActionState.MANUAL if one.kind in by_hand else ActionState.PENDING
            row = OutboxRow(action=one, state=state, attempts=0, committed_at=now, due_at=now)
            detail = replace(detail, actions=(*detail.actions, row))
        text = case_card(detail, self._parts.policy, self._parts.sentences)
        return replace(action, text=await self.headed(transaction, text, detail.case))

    async def update(self, transaction: Transaction, number: int, news: str) -> None:
        """Edit the case's card, where it has one, and say in its thread what is new. The case's latest step names the action."""
        detail = await transaction.case_detail(number)
        if detail is None or not any(row.action.kind in CALLS for row in detail.actions):
            return
        action = replace(plain_notice(self._parts.community, detail.case), kind=ActionKind.UPDATE, news=news)
        await transaction.add_actions([await self.shown(transaction, action, detail.case)])

    async def call_again(self, transaction: Transaction, number: int, news: str) -> None:
        """Bring a case before the moderators: its card edited, or posted where it never had one."""
        detail = await transaction.case_detail(number)
        assert detail is not None, "the case is recorded"
        called = any(row.action.kind in CALLS for row in detail.actions)
        kind = ActionKind.UPDATE if called else ActionKind.ESCALATE
        action = replace(plain_notice(self._parts.community, detail.case), kind=kind, news=news)
        await transaction.add_actions([await self.shown(transaction, action, detail.case)])

    async def headed(self, transaction: Transaction, text: str, case: CaseView) -> str:
        """A card, with whom to ask from outside under its first line where every moderator is part of the case."""
        parties = parties_of(case, await transaction.reporters_of_case(case.number))
        if not await self._recusal.nobody_else(transaction, case, parties):
            return text
        sentences, (head, _, rest) = self._parts.sentences, text.partition("\n")
        contact = self._parts.policy.outside_contact or sentences["card_no_contact"]
        return "\n".join([head, sentences["card_nobody_else"].format(contact=contact), rest])


def plain_notice(community: str, case: CaseView) -> Action:
    """A notice without words for the author of a case, at its latest step: to be filled in."""
    return Action(
        community=community,
        case=case.number,
        step=case.steps,
        kind=ActionKind.NOTIFY,
        platform=case.platform,
        server=case.server,
        room=case.room,
        target=case.author,
    )


def found(detail: CaseDetail, policy: Policy) -> list[Finding]:
    """The findings of a case that moderators read about, message by message."""
    steps = dict.fromkeys(one.step for one in detail.findings)
    return [each for step in steps for each in told([one.finding for one in detail.findings if one.step == step], policy)]


def case_card(detail: CaseDetail, policy: Policy, sentences: Sentences) -> str:
    """The whole card of a case as it is now: what a moderator needs to decide."""
    case, findings, everything = detail.case, found(detail, policy), [one.finding for one in detail.findings]
    urgent = any(row.action.kind is ActionKind.URGENT for row in detail.actions)
    lines = [card_head("card_urgent" if urgent else "card", case, findings, policy, sentences), *cautions(everything, policy, sentences)]
    for one in detail.messages[-CARD_MESSAGES_MAX:]:
        own = [each.finding for each in detail.findings if each.step == one.step]
        lines.append(sentences["card_text"].format(words=quote(shown_words(one.segments, own, policy) or unseen(one.message))))
    if findings:
        lines.append(sentences["card_because"].format(because="; ".join(dict.fromkeys(map(because, findings)))))
    lines += characteristics(everything, sentences)
    done = [in_words(row) for row in detail.actions if row.action.kind not in (*CARDS, ActionKind.NOTIFY)]
    lines.append(sentences["card_done"].format(done=", ".join(done) or sentences["card_nothing"]))
    if detail.late is not None:
        lines.append(sentences["card_late"].format(late=span(detail.late)))
    by_hand = [row.action.kind for row in detail.actions if row.state is ActionState.MANUAL]
    if by_hand:
        lines.append(sentences["card_manual"].format(kinds=to_do(by_hand)))
    lines += consent_lines(detail, sentences)
    lines += [sentences["card_report"].format(text=quote(one.text)) for one in detail.reports if one.text]
    if case.decided_by:
        fields = {"state": STATES[case.state], "by": person(case.decided_by), "reason": one_line(detail.reason)}
        lines.append(sentences["card_state_by"].format_map(fields).strip())
    else:
        lines.append(sentences["card_state"].format(state=STATES[case.state]))
    waiting = [one for one in detail.appeals if one.state in APPEALED]
    lines += [sentences["card_appealed"].format(text=quote(one.text)) for one in waiting]
    lines += earlier_lines(detail.earlier[-EARLIER_LINES_MAX:], policy, sentences)  # last: where a card is too long, its end is cut
    if waiting or case.state is CaseState.OPEN:
        lines.append(sentences["card_decide"].format(case=case.number))
    return "\n".join(lines)


_STANDS = {
    ActionState.PENDING: "not yet",
    ActionState.PERFORMING: "being done",
    ActionState.MAYBE_DONE: "perhaps: please look",
    ActionState.MANUAL: "by hand",
    ActionState.DROPPED: "no longer needed",
    ActionState.SIMULATED: "only on trial",
}


def in_words(row: OutboxRow) -> str:
    """An action and how it stands; what is performed is named alone."""
    stands = _STANDS.get(row.state, "")
    return f"{DONE[row.action.kind]}{f' ({stands})' if stands else ''}"


def consent_lines(detail: CaseDetail, sentences: Sentences) -> list[str]:
    """What the author, and whoever may be the owner of a private detail, said when they were asked."""
    asked = [(one, sentences[f"card_consent_{one.answer or 'waiting'}"]) for one in detail.consents]
    return [sentences[f"card_consent_{one.role}"].format(who=person(one.account), answer=answer) for one, answer in asked]


def earlier_lines(rows: Iterable[Earlier], policy: Policy, sentences: Sentences) -> list[str]:
    """The older messages that a finding rests on, one a line; slurs are masked, what is gone is said to be."""
    lines = []
    for row in rows:
        words = quote(masked(row.text, policy)) if row.state is EarlierState.READ else sentences[f"earlier_{row.state}"]
        lines.append(sentences["card_earlier"].format(when=when(row.sent_at), author=person(row.author), room=place(row.room), words=words))
    return lines
