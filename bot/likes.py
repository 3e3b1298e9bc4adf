"""Likes of hateful content: a private note first, a look at it a day later, and only then a finding.

Knows: which messages were found hateful, who reacted to them, who was told, when it is looked at again. Must not know: which rule
finds a like, how a platform shows reactions.
Rules: what stands under a message is asked of its platform and never guessed from events: they only say when to ask; where a platform
cannot say it, nothing happens; nobody is found who was not told before, and whoever took it back, or whose message is hidden, gone or
cleared meanwhile, hears no more of it; moderators and the author of the message are left alone; nothing here waits for a platform
inside a transaction.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

import structlog

from bot.casebook import Casebook
from bot.core.judge import judge, texts_to_score
from bot.core.model import ActionKind, CaseState, Context, Kind, Liked, Message, Status
from bot.core.naming import place
from bot.core.notices import span
from bot.core.scoring import ToScore
from bot.parts import Parts
from bot.ports import PlatformRefusedError, PlatformUnavailableError
from bot.store.records import ActionState, CaseDetail, Hateful, Like, LikeState
from bot.store.store import Transaction

log = structlog.get_logger()

LOOK_SECONDS_MAX = 60.0
"""A platform that has not said what stands under a message by then is asked again later."""
NOTES_MAX = 50
"""Notes written in one transaction, which everybody else waits for: the rest of a crowd is told in the next round."""
BY_A_PERSON = (CaseState.UPHELD, CaseState.CHANGED)
UNCLEAR = (ActionState.PENDING, ActionState.PERFORMING)
GONE = (ActionState.DONE, ActionState.SIMULATED)


@dataclass(frozen=True, slots=True)
class Unknown:
    """The platform does not answer just now."""


class Likes:
    """Likes of hateful content in one community."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def reacted(self, transaction: Transaction, message: Message) -> bool:
        """Somebody reacted; True if it is to be looked at: it supports a message that was found hateful."""
        if message.kind is not Kind.REACTED or self._parts.policy.liking is None or not self._parts.policy.supports(message.text):
            return False
        return await transaction.reactions_changed(message.platform, message.room, message.reply_to)

    async def changed(self, platform: str, room: str, message: str) -> bool:
        """Reactions under a message came or went, nobody asks which; True if it is to be looked at what stands there now."""
        if self._parts.policy.liking is None:
            return False
        async with self._parts.transaction() as transaction:
            return await transaction.reactions_changed(platform, room, message)

    async def look_after(self) -> bool:
        """Look under messages that were found hateful, and again where somebody was told a day ago; True if something follows."""
        liking = self._parts.policy.liking
        if liking is None:
            return False
        async with self._parts.transaction() as transaction:
            await transaction.forget_likes(transaction.now - self._parts.policy.strikes.window)
            waiting = await transaction.hateful_waiting()
            due = await transaction.likes_due(transaction.now - liking.after)
        acted = False
        for one in waiting:
            acted = await self._look(one) or acted
        for like in due:
            acted = await self._look_again(like) or acted
        return acted

    async def _standing(self, platform: str, room: str, message: str) -> Mapping[str, Message] | Unknown | None:
        """The supportive reactions that stand under a message now, one for each member; None where it is gone or nobody can look."""
        here = self._parts.platforms.get(platform)
        if here is None:
            return Unknown()
        if not here.capabilities.reads_reactions:
            return None
        try:
            async with asyncio.timeout(LOOK_SECONDS_MAX):
                found = await here.reactions(room, message, self._parts.policy.supports)
        except (PlatformUnavailableError, TimeoutError) as error:
            log.warning("reactions cannot be read now", platform=platform, room=room, reason=str(error) or type(error).__name__)
            return Unknown()
        except PlatformRefusedError as error:
            log.warning("reactions cannot be read", platform=platform, room=room, reason=str(error))
            return None
        return None if found is None else {one.author: one for one in reversed(found)}

    # The first look: who is to be told

    async def _look(self, one: Hateful) -> bool:
        """Tell whoever supports the message that nobody told yet; what was taken back ends. True if a note was written."""
        async with self._parts.transaction() as transaction:
            holds = self._holds(await transaction.case_detail(one.case), one.message)
        if holds is None:
            return False  # its hiding is under way: how that ends is known soon
        standing = await self._standing(one.platform, one.room, one.message) if holds else None
        if isinstance(standing, Unknown):
            return False
        async with self._parts.transaction() as transaction:
            holds = self._holds(await transaction.case_detail(one.case), one.message)
            known = {like.account: like for like in await transaction.likes_of(one.platform, one.room, one.message)}
            supports = standing if holds and standing else {}
            for like in known.values():
                if like.account not in supports:
                    await self._end(transaction, like)
            exempt = {account for _, account in await transaction.accounts_of(one.platform, one.author)}
            told = 0
            for account, reaction in supports.items():
                if told == NOTES_MAX:
                    return True
                if account not in exempt and account not in self._parts.moderators:
                    told += await self._tell(transaction, one, reaction, known.get(account))
            await transaction.looked_at(one)
            return told > 0

    def _holds(self, detail: CaseDetail | None, message: str) -> bool | None:
        """Whether the message still counts as hateful and stands in its room; None where its hiding is not yet performed.

        What only goes to moderators (by its rule, found late, or a moderator's own words) counts once one of them has upheld it.
        """
        if detail is None or self._parts.mode is not Status.ENFORCE or detail.case.state not in (CaseState.OPEN, *BY_A_PERSON):
            return False
        steps = {one.step for one in detail.messages if one.message.id == message}
        decided = detail.case.state in BY_A_PERSON
        by_itself = detail.late is None and detail.case.author not in self._parts.moderators
        found = [one.finding for one in detail.findings if one.step in steps and self._parts.policy.hateful(one.finding.rule)]
        if not any(decided or (by_itself and finding.status is Status.ENFORCE) for finding in found):
            return False
        hides = [row.state for row in detail.actions if row.action.kind is ActionKind.HIDE and row.action.message == message]
        if any(state in GONE for state in hides):
            return False
        return None if any(state in UNCLEAR for state in hides) else True

    async def _tell(self, transaction: Transaction, one: Hateful, reaction: Message, known: Like | None) -> bool:
        """Write the private note; True if written. Who was told within the time and put the reaction there again knows already."""
        liking = self._parts.policy.liking
        assert liking is not None, "nothing is looked at without"
        if known and known.state is not LikeState.ENDED:
            return False
        if known and known.told_at and transaction.now - known.told_at < liking.after:
            await transaction.put_like(replace(known, reaction=reaction.text, state=LikeState.NOTED))
            return False
        fields = {"room": place(one.room), "reaction": reaction.text, "after": span(liking.after)}
        text = self._parts.sentences["like_note"].format_map(fields)
        letter = await transaction.add_letter(
            text, platform=one.platform, server=one.server, room=one.room, target=reaction.author, message=one.message
        )
        like = Like(
            case=one.case,
            platform=one.platform,
            server=one.server,
            room=one.room,
            message=one.message,
            account=reaction.author,
            reaction=reaction.text,
            letter=letter,
            noted_at=transaction.now,
        )
        await transaction.put_like(like)
        await transaction.audit("like_noted", case=one.case, values=_noted(like))
        return True

    @staticmethod
    async def _end(transaction: Transaction, like: Like) -> None:
        if await transaction.end_like(like, LikeState.ENDED):
            await transaction.audit("like_ended", case=like.case, values=_noted(like))

    # The second look: what stands there still

    async def _look_again(self, like: Like) -> bool:
        """A day after the note: what stands there still is judged. True if something is to be performed."""
        standing = await self._standing(like.platform, like.room, like.message)
        if isinstance(standing, Unknown):
            return False
        reaction = standing.get(like.account) if standing else None
        scores = [await self._parts.scored(one) for one in self._to_score(reaction)] if reaction else []
        async with self._parts.transaction() as transaction:
            holds = self._holds(await transaction.case_detail(like.case), like.message)
            if holds is None:
                return False
            if reaction is None or not holds or like.account in self._parts.moderators:
                await self._end(transaction, like)
                return False
            since = transaction.now - self._parts.policy.strikes.window
            own = await transaction.accounts_of(like.platform, like.account)
            times = 1 + sum([await transaction.likes_found(*one, since) for one in own])
            if not await transaction.end_like(like, LikeState.FOUND):
                return False  # taken back, or looked at, while this waited
            context = Context(scores=tuple(scores), liked=Liked(message=like.message, case=like.case, times=times))
            message = replace(reaction, sent_at=transaction.now)
            verdict = judge(message, context, self._parts.policy)
            response = await Casebook(self._parts).answer(transaction, verdict, context, late=None)
            await transaction.audit("like_found", case=like.case, values=_noted(like))
            return response is not None and bool(response.actions)

    def _to_score(self, reaction: Message) -> tuple[ToScore, ...]:
        return texts_to_score(reaction, Context(), self._parts.policy)


def _noted(like: Like) -> dict[str, str]:
    """Whose reaction it is and under what, as the trail has it."""
    return {"account": like.account, "platform": like.platform, "message": like.message}
