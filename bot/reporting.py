"""Reports about no message of ours: what a member tells the moderators in words.

Knows: reports on record, the sentences, who moderates. Must not know: queues, platforms, how anything is delivered.
Rules: a report reaches the moderators' channel at once, as a short notice in the transaction that records it; who reported is sealed
behind the report's number; a report about a moderator is shown there without its words, because that moderator reads the channel too;
a report does nothing by itself.
"""

from dataclasses import dataclass

from bot.casebook import Parts
from bot.core.model import Action, ActionKind
from bot.core.naming import person, place
from bot.core.notices import masked, quote
from bot.store.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a member reports: by which account, where, and about whom where they say so."""

    account: str
    platform: str
    room: str
    server: str
    text: str
    author: str = ""


class Reporting:
    """Takes reports for one community."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def receive(self, said: Said) -> str:
        """Record a report and tell the moderators; gives what the member reads."""
        async with self._parts.transaction() as transaction:
            number = await transaction.add_report(
                platform=said.platform, room=said.room, message="", author=said.author, reporter=said.account, text=said.text
            )
            await transaction.audit("reported", values={"report": number})
            await self._tell(transaction, said, await self._card(transaction, number, said))
        return received(self._parts, number)

    async def _card(self, transaction: Transaction, number: int, said: Said) -> str:
        """What the moderators' channel shows of a report."""
        sentences, policy = self._parts.sentences, self._parts.policy
        fields = {
            "report": number,
            "about": sentences["report_about"].format(account=person(said.author)) if said.author else "",
            "room": sentences["report_room"].format(room=place(said.room)) if said.room else "",
            "words": quote(masked(said.text, policy)),
            "routes": ", ".join(route.name for route in policy.routes),
        }
        if await self._about_moderator(transaction, said):
            return sentences["report_card_moderator"].format_map(fields)
        return sentences["report_card"].format_map(fields)

    async def _about_moderator(self, transaction: Transaction, said: Said) -> bool:
        own = await transaction.accounts_of(said.platform, said.author) if said.author else ()
        return any(account in self._parts.moderators for _, account in own)

    async def _tell(self, transaction: Transaction, said: Said, text: str) -> None:
        """Tell the moderators of the server where it was said."""
        action = Action(
            community=self._parts.community,
            case=0,
            step=await transaction.next_letter(),
            kind=ActionKind.TELL,
            platform=said.platform,
            server=said.server,
            text=text,
        )
        await transaction.add_actions([action])


def received(parts: Parts, number: int) -> str:
    """What a member reads who reported something: the report's number, and where else they can turn."""
    routes = [f"{route.name}: {route.text}" for route in parts.policy.routes]
    return "\n".join([parts.sentences["report_received"].format(report=number), *routes])
