"""Whether somebody agreed that their private detail stands in a room: the author is asked, and the owner can object.

Knows: who is asked, what follows from each answer. Must not know: what a private detail is, how a question is delivered.
Rules: the author's question is the rule's private note, the owner's a letter outside any case; nothing quotes the detail; the author's
answer only tells the moderators something, silence as much as a no; an objection of the owner hides the message at once, unless a
person has decided about it before; every answer is on record and in the audit trail.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from bot.cards import Cards
from bot.core.cases import NotAllowedError
from bot.core.model import Action, ActionKind, CaseState, CaseView, Context, Message, Status, Verdict
from bot.core.naming import person, place
from bot.core.notices import APPEAL_DAYS, gravest
from bot.core.respond import Response
from bot.parts import Parts
from bot.store.records import CaseDetail, Consent, ConsentAnswer, ConsentRole
from bot.store.store import Transaction

OWNERS_MAX = 3
"""Whoever is mentioned or named beside more than so many others is not told that the detail may be theirs."""
NOT_ASKED = "nobody asked you about case {case}"


class Consents:
    """Questions whether the owner of a private detail agreed, in one community."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def ask(self, transaction: Transaction, verdict: Verdict, context: Context, response: Response) -> bool:
        """Record that the author is asked, and write to who may be the owner; True if somebody is written to."""
        policy, message = self._parts.policy, verdict.message
        found = [finding for finding in verdict.findings if policy.asks_consent(finding.rule)]
        if not found or response.late is not None or response.shown < Status.REVIEW:
            return False
        if response.answer is ActionKind.NUDGE and policy.asks_consent(gravest(verdict.findings).rule):
            until = transaction.now + timedelta(hours=policy.consent_hours)
            asked = self._question(response.case, message, message.author, ConsentRole.AUTHOR, transaction)
            await transaction.ask_consent(replace(asked, answer_by=until))
        names = [*message.mentions, *context.people.values(), *(name for finding in found for name in finding.names)]
        owners = [one for one in dict.fromkeys(names) if one != message.author]
        for account in owners if len(owners) <= OWNERS_MAX else ():
            await transaction.ask_consent(self._question(response.case, message, account, ConsentRole.OWNER, transaction))
            await self._write(transaction, message, account, response.case.number)
        return 0 < len(owners) <= OWNERS_MAX

    @staticmethod
    def _question(case: CaseView, message: Message, account: str, role: ConsentRole, transaction: Transaction) -> Consent:
        return Consent(
            case=case.number,
            platform=message.platform,
            server=message.server,
            room=message.room,
            message=message.id,
            account=account,
            role=role,
            asked_at=transaction.now,
        )

    async def _write(self, transaction: Transaction, message: Message, account: str, case: int) -> None:
        fields = {"author": person(message.author), "room": place(message.room), "case": case}
        text = self._parts.sentences["consent_owner"].format_map(fields)
        await transaction.add_letter(
            text, platform=message.platform, server=message.server, room=message.room, target=account, message=message.id
        )

    async def answer(self, number: int, platform: str, account: str, *, agreed: bool) -> str:
        """Somebody who was asked answers; gives what they read. Raises NotAllowedError for who was not asked, or a closed case."""
        async with self._parts.transaction() as transaction:
            own = await transaction.accounts_of(platform, account)
            asked = next((one for one in await transaction.consents_of(number) if (one.platform, one.account) in own), None)
            detail = await transaction.case_detail(number)
            if asked is None or detail is None:
                raise NotAllowedError(NOT_ASKED.format(case=number))
            if detail.case.state is CaseState.DISMISSED and asked.role is ConsentRole.AUTHOR:
                raise NotAllowedError(f"case {number} is closed, and nothing of it stays on your record")
            said = ConsentAnswer.YES if agreed else ConsentAnswer.NO
            role = "_owner" if asked.role is ConsentRole.OWNER else ""
            decided = "_decided" if role and not agreed and detail.case.state is not CaseState.OPEN else ""
            if asked.answer is not said:
                hides = bool(role) and not agreed and not decided
                await self._note(transaction, detail, asked, said, actions=self._hiding(detail, asked) if hides else ())
            return self._parts.sentences[f"consent{role}_{said}{decided}"].format(case=number)

    async def _note(
        self, transaction: Transaction, detail: CaseDetail, asked: Consent, said: ConsentAnswer, *, actions: Iterable[Action] = ()
    ) -> None:
        """Write an answer down, with all that follows, and let the card say so; a no, or silence, calls the moderators."""
        number, actions = asked.case, tuple(actions)
        await transaction.answer_consent(number, asked.account, said, transaction.now)
        hidden = tuple(one.message for one in actions if one.kind is ActionKind.HIDE)
        case = replace(detail.case, steps=detail.case.steps + 1, hidden=(*detail.case.hidden, *hidden))
        await transaction.update_case(case)
        values = {"by": asked.account, "platform": asked.platform, "role": str(asked.role), "answer": str(said)}
        await transaction.audit("consent", case=number, step=case.steps, values=values)
        for action in actions:
            if action.kind is ActionKind.NOTIFY:
                await transaction.add_notice(number, case.steps, platform=action.platform, account=action.target, text=action.text)
        await transaction.add_actions(replace(action, step=case.steps) for action in actions)
        role = "_owner" if asked.role is ConsentRole.OWNER else ""
        news = self._parts.sentences[f"news_consent{role}_{said}"].format(case=number, who=person(asked.account))
        cards = Cards(self._parts)
        await (cards.update if said is ConsentAnswer.YES else cards.call_again)(transaction, number, news)

    def _hiding(self, detail: CaseDetail, asked: Consent) -> tuple[Action, ...]:
        """Hide the message and tell its author; nothing where it is hidden already."""
        case, sentences, policy = detail.case, self._parts.sentences, self._parts.policy
        if asked.message in case.hidden:
            return ()
        appeal = sentences["appeal"].format(case=case.number, days=APPEAL_DAYS, hours=policy.appeal_hours)
        text = "\n".join([sentences["consent_hidden"].format(room=place(asked.room)), appeal, sentences["about"]])
        hide = Action(
            community=self._parts.community,
            case=case.number,
            step=case.steps,
            kind=ActionKind.HIDE,
            platform=asked.platform,
            server=asked.server,
            room=asked.room,
            target=case.author,
            message=asked.message,
        )
        return (hide, replace(hide, kind=ActionKind.NOTIFY, message="", text=text))

    async def look_after(self) -> None:
        """Who did not answer in time: the moderators look at it."""
        async with self._parts.transaction() as transaction:
            for asked in await transaction.consents_due():
                detail = await transaction.case_detail(asked.case)
                assert detail is not None, "a question has a case"
                if detail.case.state is CaseState.OPEN:
                    await self._note(transaction, detail, asked, ConsentAnswer.NONE)
                else:
                    await transaction.answer_consent(asked.case, asked.account, ConsentAnswer.NONE, transaction.now)
