"""What people are told outside any case: help for those who were attacked, a question, a word to the moderators.

Knows: verdicts, responses, contact rows, the sentences. Must not know: queues, platforms, how anything is delivered.
Rules: a letter is an action of no case, committed with what it answers and performed by the outbox; it is on nobody's record;
where the community is in shadow mode nobody is told anything.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.cards import earlier_lines
from bot.casebook import READ_EARLIER_WITHIN
from bot.core.model import ActionKind, Contact, Context, Message, Status, Verdict
from bot.core.naming import person, place
from bot.core.notices import when
from bot.core.respond import DAY_CONCERNS, Response
from bot.core.signals.relations import WEEKS_WITHIN, pile_on
from bot.parts import Parts
from bot.ports import Platform, PlatformRefusedError, PlatformUnavailableError
from bot.store.records import Earlier, EarlierState
from bot.store.store import Transaction
from bot.store.values import decode_all, encode

HELPED_MAX = 5
"""Whoever is meant beside more than so many others reads of it in the room."""
ASK_AGAIN_AFTER = timedelta(days=7)
SUPPORT_AGAIN_AFTER = timedelta(days=7)
SUPPORT_LINES_MAX = 20
"""A support card's time line holds the latest so many messages."""
SUPPORT_WORDS_MAX = 4
"""Messages whose words stand in one letter: more would be cut on Discord."""


class Letters:
    """Writes letters for one community."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def _write(
        self, transaction: Transaction, message: Message, text: str, *, account: str = "", kind: ActionKind = ActionKind.NOTIFY
    ) -> str:
        """Tell somebody something outside any case: a member privately, or (`tell`) the moderators; gives the action's key.

        `message` says where: its platform, server and room.
        """
        return await transaction.add_letter(
            text, platform=message.platform, kind=kind, server=message.server, room=message.room, target=account
        )

    async def help_targets(self, transaction: Transaction, verdict: Verdict, response: Response) -> bool:
        """At a threat, a slur or private information: whom it was aimed at is told at once what was done; True if so."""
        if response.shown < Status.REVIEW or response.late is not None:
            return False
        message = verdict.message
        asked = self._parts.policy.asks_consent  # whose consent is asked for is written to in other words (consent.py)
        grave = [finding for finding in verdict.findings if finding.concern in DAY_CONCERNS and not asked(finding.rule)]
        names = dict.fromkeys(name for finding in grave for name in finding.names if name != message.author)
        done = "hidden" if any(action.kind is ActionKind.HIDE for action in response.actions) else "called"
        routes = [f"{route.name}: {route.text}" for route in self._parts.policy.routes]
        fields = {"author": person(message.author), "room": place(message.room)}
        text = "\n".join([self._parts.sentences[f"target_{done}"].format_map(fields), self._parts.sentences["target_can"], *routes])
        for name in list(names)[:HELPED_MAX]:
            await self._write(transaction, message, text, account=name)
        return bool(names)

    async def ask_to_confirm(self, transaction: Transaction, verdict: Verdict, context: Context) -> bool:
        """Somebody told a member to stop contacting them: ask them privately whether that is a no-contact request; True if asked.

        Not again within a week, nor where they made the request already.
        """
        message, since = verdict.message, verdict.message.sent_at - ASK_AGAIN_AFTER
        told = [row.target for row in verdict.contacts if row.objects and row.target in message.addressed]
        if len(told) != 1 or self._parts.mode is not Status.ENFORCE:
            return False
        (other,) = told
        asked = any(
            row.objects and row.author == message.author and row.target == other and row.sent_at >= since for row in context.contacts
        )
        known = any(one.other == other for one in await transaction.no_contacts_of(message.platform, message.author))
        if asked or known:
            return False
        text = self._parts.sentences["no_contact_ask"].format(other=person(other))
        await self._write(transaction, message, text, account=message.author)
        return True

    async def support(self, transaction: Transaction, message: Message, target: str) -> bool:
        """Many are hostile to one person: the moderators get a card about that person with a time line; True if they do.

        Nothing goes on anybody's record for joining. At most one card a week about the same person.
        """
        now, sentences = transaction.now, self._parts.sentences
        rows = pile_on(await transaction.hostile_to(message.platform, target, now - WEEKS_WITHIN), now)
        if not rows or self._parts.mode is not Status.ENFORCE:
            return False
        shown = rows[-SUPPORT_LINES_MAX:]
        waiting = json.dumps([message.server, message.room, [encode(row) for row in shown]])
        if not await transaction.support_due(message.platform, target, now - SUPPORT_AGAIN_AFTER, waiting=waiting):
            return False
        members = len({row.author for row in rows})
        head = sentences["support"].format(target=person(target), members=members, messages=len(rows), since=when(rows[0].sent_at))
        lines = [f"{when(row.sent_at)} · {person(row.author)} · {place(row.room)}" for row in shown]
        text = "\n".join([head, *lines, sentences["support_can"]])
        await self._write(transaction, message, text, kind=ActionKind.TELL)
        values = {"target": target, "platform": message.platform, "members": members, "messages": [row.message for row in rows]}
        await transaction.audit("support", values=values)
        return True

    async def read_support(self) -> None:
        """Tell the moderators the words of the messages that a support card counts, read from their platform outside any transaction.

        What is gone is said to be. A platform that does not give them is asked again for a day.
        """
        async with self._parts.transaction() as transaction:
            waiting, now = await transaction.support_waiting(), transaction.now
        for name, target, told_at, stored in waiting:
            server, room, contacts = json.loads(stored)
            rows = await _read(self._parts.platforms.get(name), name, decode_all(Contact, contacts))
            if any(row.state is EarlierState.WAITING for row in rows):
                if now - told_at <= READ_EARLIER_WITHIN:
                    continue
                rows = [replace(row, state=EarlierState.GONE) if row.state is EarlierState.WAITING else row for row in rows]
            where = Message(
                community=self._parts.community, platform=name, server=server, room=room, id="", author="", text="", sent_at=now
            )
            async with self._parts.transaction() as transaction:
                for start in range(0, len(rows), SUPPORT_WORDS_MAX):
                    lines = earlier_lines(rows[start : start + SUPPORT_WORDS_MAX], self._parts.policy, self._parts.sentences)
                    head = self._parts.sentences["support_words"].format(target=person(target))
                    await self._write(transaction, where, "\n".join([head, *lines]), kind=ActionKind.TELL)
                await transaction.support_followed(name, target)


async def _read(platform: Platform | None, name: str, contacts: Sequence[Contact]) -> list[Earlier]:
    """The messages of contact rows with their words, as far as the platform gives them now."""
    rows = [Earlier(case=0, step=0, platform=name, room=c.room, message=c.message, author=c.author, sent_at=c.sent_at) for c in contacts]
    read: list[Earlier] = []
    for row in rows:
        try:
            message = await platform.read(row.room, row.message) if platform else None
        except (PlatformRefusedError, PlatformUnavailableError):
            read.append(row)
            continue
        state = EarlierState.WAITING if platform is None else EarlierState.READ if message else EarlierState.GONE
        read.append(replace(row, text=message.text if message else "", state=state))
    return read
