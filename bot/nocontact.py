"""No-contact requests: a member says that contact from another member is unwelcome.

Knows: requests on record, who made them, who holds office. Must not know: platforms, how a command is typed, how a letter is delivered.
Rules: the other is told once, by a letter outside any case that is committed with the request; one that is kept as evidence alone tells
nobody; a request never carries words to somebody who was attacked by whoever makes it; only who made a request renews or ends it.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from bot.core.cases import NotAllowedError
from bot.core.model import REQUEST_HOLDS, Action, ActionKind, CaseState, CaseView, Status
from bot.core.naming import person
from bot.core.notices import when
from bot.parts import Parts
from bot.store.store import Transaction

REQUESTS_MAX = 5
"""No-contact requests of one member at a time: more would be a way to clear a room."""
ASK_AGAIN_AFTER = timedelta(days=1)
"""Whoever ends a request can make it again so much later: each one sends a notice."""
TOLD_ALREADY = "they were told on {told}. It holds until {until}. To let it hold for longer, type /nocontact renew and the name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwanted:
    """Whose contact a member does not want: by which account they say so, where, and whose."""

    account: str
    platform: str
    room: str
    server: str
    other: str


class NoContacts:
    """Takes no-contact requests for one community."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def ask(self, unwanted: Unwanted, *, quietly: bool = False) -> str:
        """Record a request and tell the other member; gives what the member reads. `quietly`: kept as evidence, and nobody is told.

        Raises NotAllowedError where it was made already, or is not theirs to make now.
        """
        if unwanted.other in ("", unwanted.account):
            raise NotAllowedError("say whose contact you do not want")
        parts = self._parts
        async with parts.transaction() as transaction:
            until = transaction.now + REQUEST_HOLDS
            mine = {one.other: one for one in await transaction.no_contacts_of(unwanted.platform, unwanted.account)}
            there = mine.pop(unwanted.other, None)
            if there and there.told_at:
                raise NotAllowedError(TOLD_ALREADY.format(told=when(there.told_at), until=when(there.until)))
            if len(mine) >= REQUESTS_MAX:
                raise NotAllowedError(f"you have {REQUESTS_MAX} such requests already: end one with /nocontact end and a name")
            ended = await transaction.no_contact_ended(unwanted.platform, requester=unwanted.account, other=unwanted.other)
            if ended and transaction.now - ended < ASK_AGAIN_AFTER:
                raise NotAllowedError("you ended such a request today. You can make it again tomorrow. You can /report at any time")
            held = not quietly and await self._not_passed_on(transaction, unwanted)
            quietly = quietly or held
            fields = {"requester": person(unwanted.account), "other": person(unwanted.other), "until": when(until)}
            office = "_office" if self._holds_office(unwanted) else ""
            letter = ""
            if not quietly:
                action = self._letter(unwanted, parts.sentences[f"no_contact_told{office}"].format_map(fields))
                action = replace(action, step=await transaction.next_letter())
                letter = action.key
                await transaction.add_actions([action])
            await transaction.ask_no_contact(
                unwanted.platform, requester=unwanted.account, other=unwanted.other, until=until, letter=letter
            )
            await transaction.audit("no_contact", values={**_who(unwanted), "quietly": quietly})
        answer = parts.sentences["no_contact_held" if held else "no_contact_quiet" if quietly else "no_contact_asked"].format_map(fields)
        return answer if quietly or not office else f"{answer} {parts.sentences['no_contact_asked_office']}"

    async def _not_passed_on(self, transaction: Transaction, unwanted: Unwanted) -> bool:
        """Whether a request goes on record and no further: from somebody muted, or with a case, open or upheld, against that person.

        Else a mute, or a finding, could be answered with one more message to the one who was attacked. A case that nobody was told of
        in shadow mode does not count: it would be given away.
        """
        own = await transaction.accounts_of(unwanted.platform, unwanted.account)
        others = {one for _, one in await transaction.accounts_of(unwanted.platform, unwanted.other)}
        if (await transaction.mute_of(own))[0]:
            return True
        for one in own:
            for case in await transaction.cases_of(*one):
                known = case.notice_first_at or self._parts.mode is Status.ENFORCE
                if (
                    known
                    and case.state in (CaseState.OPEN, CaseState.UPHELD, CaseState.CHANGED)
                    and await _against(transaction, case, others)
                ):
                    return True
        return False

    def _holds_office(self, unwanted: Unwanted) -> bool:
        named = {unwanted.account, f"{unwanted.platform}/{unwanted.account}"}
        return not named.isdisjoint(self._parts.policy.office_holders) or unwanted.account in self._parts.moderators

    def _letter(self, unwanted: Unwanted, text: str) -> Action:
        """A notice outside any case; its step is still to come."""
        return Action(
            community=self._parts.community,
            case=0,
            step=0,
            kind=ActionKind.NOTIFY,
            platform=unwanted.platform,
            server=unwanted.server,
            room=unwanted.room,
            target=unwanted.other,
            text=text,
        )

    async def in_force(self, platform: str, account: str) -> str:
        """The requests in force that a member made, as they read them."""
        async with self._parts.transaction() as transaction:
            mine = await transaction.no_contacts_of(platform, account)
        line = self._parts.sentences["no_contact_line"]
        shown = [(one, f"told on {when(one.told_at)}" if one.told_at else "not told") for one in mine]
        lines = [line.format(other=person(one.other), until=when(one.until), state=state) for one, state in shown]
        return "\n".join(lines) or self._parts.sentences["no_contact_none"]

    async def renew(self, unwanted: Unwanted) -> str:
        """Let a request hold for another 90 days from now. Raises NotAllowedError where there is none."""
        async with self._parts.transaction() as transaction:
            until = transaction.now + REQUEST_HOLDS
            if not await transaction.renew_no_contact(unwanted.platform, requester=unwanted.account, other=unwanted.other, until=until):
                raise NotAllowedError("you have no such request: make it with /nocontact and the name")
            await transaction.audit("no_contact_renewed", values=_who(unwanted))
        return self._parts.sentences["no_contact_renewed"].format(other=person(unwanted.other), until=when(until))

    async def end(self, unwanted: Unwanted) -> str:
        """End a request. Raises NotAllowedError where there is none."""
        async with self._parts.transaction() as transaction:
            if not await transaction.end_no_contact(unwanted.platform, requester=unwanted.account, other=unwanted.other):
                raise NotAllowedError("you have no such request")
            await transaction.audit("no_contact_ended", values=_who(unwanted))
        return self._parts.sentences["no_contact_ended"].format(other=person(unwanted.other))


def _who(unwanted: Unwanted) -> dict[str, object]:
    """Who wants no contact from whom, as the trail has it."""
    return {"requester": unwanted.account, "other": unwanted.other, "platform": unwanted.platform}


async def _against(transaction: Transaction, case: CaseView, accounts: set[str]) -> bool:
    """Whether a case is about what was said to, or of, one of these accounts."""
    if not accounts.isdisjoint(case.names):
        return True
    detail = await transaction.case_detail(case.number)
    return detail is not None and any(not accounts.isdisjoint(one.message.addressed) for one in detail.messages)
