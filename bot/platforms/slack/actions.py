"""Actions, performed on Slack.

Knows: Slack's calls for hiding, telling and cards, what stands on record of an action. Must not know: why something is done.
Rules: only what was probed is claimed; what a token may not do is for people, with a link to the message and what to press; what is
sent carries a key, and whoever tries again looks for it first; "already so" is done; a member who is not muted is not told so.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.communities import Community
from bot.core.model import CALLS, Action, ActionKind
from bot.core.notices import Sentences
from bot.platforms.slack.asking import SlackCodeError, asked
from bot.platforms.slack.blocks import Post, card, notice, sections, task
from bot.platforms.slack.letters import Letters
from bot.platforms.slack.mutes import Mutes, Step
from bot.platforms.slack.people import People
from bot.platforms.slack.reach import Reach
from bot.platforms.slack.rooms import Rooms
from bot.platforms.slack.showing import shown
from bot.platforms.slack.translate import NAME, is_ts
from bot.ports import Capabilities, Performed, PlatformRefusedError, PlatformUnavailableError, Repeat

log = structlog.get_logger()

SENT = (
    ActionKind.NUDGE,
    ActionKind.WARN,
    ActionKind.NOTIFY,
    ActionKind.ESCALATE,
    ActionKind.URGENT,
    ActionKind.UPDATE,
    ActionKind.TELL,
)
"""What is sent: looked for before it is sent again."""
SAID_WITHIN = timedelta(hours=1)
"""For how long what was said outside of cases is looked for before it is said again."""
ASKED_UNTIL = "You are asked not to post until "
STILL = "You can still appeal and report: write to me in a direct message."
OVER = "The time in which you were asked not to post is over. You can write again."
FREE = "You can post again."
REMOVES = "Until then each new message of yours is removed."
MAY_GO, NOT_HIDDEN = " may go against clause ", "A moderator was asked to remove the message. You can delete it yourself."
OUT = "You were taken out of the channel until then, and will be invited back."


def capabilities(reach: Reach | None) -> Capabilities:
    """What can be done with these tokens; before they were probed, everything: it waits until it is known."""
    repeats = dict.fromkeys(SENT, Repeat.LOOK_FIRST) | {ActionKind.UNMUTE: Repeat.IDEMPOTENT}
    if reach is None or reach.deletes:
        repeats[ActionKind.HIDE] = Repeat.IDEMPOTENT
    if reach is None or reach.deletes or reach.kicks:
        repeats[ActionKind.MUTE] = Repeat.IDEMPOTENT
    return Capabilities(repeats=repeats, reads_reactions=True)


def honest(text: str, sentences: Sentences, step: Step, *, is_mute: bool) -> str:
    """A notice that calls nothing hidden or muted that is not: the core's sentences, put as what is so here.

    `is_mute`: it tells of a mute that begins; then it is also said what happens meanwhile.
    """
    if step is Step.DELETES:
        return f"{text}\n{REMOVES}" if is_mute else text
    was_hidden = sentences["hide"].partition("{room}")[2].partition("{clause}")[0]
    if was_hidden in text:
        text = f"{text.replace(was_hidden, MAY_GO)}\n{NOT_HIDDEN}"
    text = text.replace(sentences["also_hidden"], NOT_HIDDEN)
    hidden, called = (sentences[name].partition("{room}")[2] for name in ("target_hidden", "target_called"))
    text = text.replace(hidden, called)
    for name in ("mute", "changed_mute"):
        text = text.replace(sentences[name].partition("{until}")[0], ASKED_UNTIL)
    for name, instead in (("muted_can", STILL), ("mute_over", OVER), ("undone_unmute", FREE)):
        text = text.replace(sentences[name], instead)
    return f"{text}\n{OUT}" if is_mute and step is Step.TAKES_OUT else text


class Actions:
    """Performs one action after the other, of one workspace."""

    def __init__(
        self,
        *,
        reach: Callable[[], Reach],
        client: Callable[[], AsyncWebClient],
        community: Callable[[], Community],
        rooms: Rooms,
        people: People,
        letters: Letters,
        mutes: Mutes,
    ) -> None:
        """`client` gives the client that asks once."""
        self._reach, self._client, self._community = reach, client, community
        self._rooms, self._people, self._letters, self._mutes = rooms, people, letters, mutes
        self._tasks: set[str] = set()

    async def perform(self, action: Action) -> Performed:
        """Do it. Raises PlatformUnavailableError or PlatformRefusedError; what is refused is put into the case's thread as a task."""
        try:
            return await self._perform(action)
        except PlatformRefusedError as error:
            await self._leave_task(action, str(error))
            raise

    async def _perform(self, action: Action) -> Performed:
        match action.kind:
            case ActionKind.HIDE:
                return await self._hide(action)
            case ActionKind.MUTE:
                return await self._mutes.begin(action)
            case ActionKind.UNMUTE:
                return await self._mutes.end(action)
            case ActionKind.NUDGE | ActionKind.WARN | ActionKind.NOTIFY:
                return await self._tell(action)
            case ActionKind.ESCALATE | ActionKind.URGENT | ActionKind.UPDATE:
                return await self._card(action)
            case ActionKind.TELL:
                await self.tell_moderators(action.server, action.text, action.key)
                return Performed()
            case _:
                raise PlatformRefusedError("Slack cannot do it")

    async def tell_moderators(self, server: str, text: str, key: str) -> None:
        """Say something in the moderators' channel. Raises as `perform`."""
        words = shown(text)
        since = datetime.now(UTC) - SAID_WITHIN
        await self._letters.post(self._cards_go_to(server), Post(text=words, blocks=sections(words)), key, since=since)

    # Hiding

    async def _hide(self, action: Action) -> Performed:
        if not is_ts(action.message):
            raise PlatformRefusedError("only who reacted or owns the name, or an admin, can take this away")
        gone = not await self._mutes.delete(action.room, action.message)
        return Performed(reference=action.message, detail="it was gone already" if gone else "")

    # Telling a member

    async def _tell(self, action: Action) -> Performed:
        text = honest(
            action.text,
            self._community().parts.sentences,
            await self._mutes.step(action.room),
            is_mute=action.until is not None,
        )
        about = "" if action.case else await self._permalink(action.room, action.message)
        channel, ts = await self._letters.direct(
            action.target, notice(replace(action, text=text), permalink=about), action.key, since=await self._looked_since(action)
        )
        return Performed(reference=f"{channel}/{ts}", detail="direct message")

    async def _looked_since(self, action: Action) -> datetime | None:
        """Since when an action may have been performed already; None where this is the first try."""
        row = await self._community().row_of(action.key)
        return row.committed_at if row and row.attempts > 1 else None

    # Cards

    async def _card(self, action: Action) -> Performed:
        """Post a case's card, or edit it where it stands and say in its thread what is new; then what is left to people."""
        if action.card:
            await self._edit_card(action)
            return Performed(reference=action.card)
        if action.kind not in CALLS:
            return Performed(detail="the case has no card")
        channel = self._cards_go_to(action.server)
        look = card(action, group=self._people.group, permalink=await self._permalink_of(action))
        ts = await self._letters.post(channel, look, action.key, since=await self._looked_since(action))
        await self._leave_tasks(action, channel, ts)
        return Performed(reference=f"{channel}/{ts}")

    async def _edit_card(self, action: Action) -> None:
        channel, _, ts = action.card.partition("/")
        look = card(action, group=self._people.group, permalink=await self._permalink_of(action))
        try:
            with asked("message_not_found"):
                await self._client().chat_update(channel=channel, ts=ts, text=look["text"], blocks=look["blocks"])
        except SlackCodeError:
            return  # it was deleted by hand
        if action.news:
            calls = f"<!subteam^{self._people.group}> " if self._people.group else "<!channel> "
            words = (calls if action.kind is ActionKind.URGENT else "") + shown(action.news)
            since = await self._looked_since(action)
            await self._letters.post(channel, Post(text=words, blocks=sections(words)), f"{action.key}/news", thread=ts, since=since)
        await self._leave_tasks(action, channel, ts)

    def _cards_go_to(self, server: str) -> str:
        channel = self._rooms.escalation_channel(server)
        if not channel:
            raise PlatformRefusedError(
                "no channel for cards is named, or Steward is not in it: name one with /steward setup, and invite Steward there"
            )
        return channel

    # What is left to people

    async def _leave_tasks(self, action: Action, channel: str, ts: str) -> None:
        """Put what only people can do into the case's thread: what, where, what to press, and a button. Best effort: /cases has it too."""
        detail = await self._community().detail_of(action.case)
        for row in detail.actions if detail else ():
            if row.state == "manual" and row.action.platform == NAME:
                await self._put_task(row.action, row.error, channel, ts, row.committed_at)

    async def _leave_task(self, action: Action, why: str) -> None:
        """The same for one that was refused just now, where the case has a card."""
        detail = await self._community().detail_of(action.case)
        cards = [row.reference for row in detail.actions if row.action.kind in CALLS and "/" in row.reference] if detail else []
        if cards:
            channel, _, ts = cards[0].partition("/")
            await self._put_task(action, why, channel, ts, datetime.now(UTC))

    async def _put_task(self, action: Action, why: str, channel: str, ts: str, since: datetime) -> None:
        if action.key in self._tasks:
            return
        try:
            post = task(action, permalink=await self._permalink(action.room, action.message), why=why)
            await self._letters.post(channel, post, f"{action.key}/task", thread=ts, since=since)
            self._tasks.add(action.key)
        except (PlatformUnavailableError, PlatformRefusedError) as error:
            log.warning("a task for people was not posted", action=action.key, reason=str(error))

    async def _permalink_of(self, action: Action) -> str:
        """Where the latest message of a case stands."""
        detail = await self._community().detail_of(action.case)
        messages = [one.message for one in detail.messages if one.message.platform == NAME] if detail else []
        return await self._permalink(messages[-1].room, messages[-1].id) if messages else ""

    async def _permalink(self, room: str, message: str) -> str:
        """The address of a message; "" where it is gone."""
        if not is_ts(message):
            return ""
        try:
            with asked():
                return str((await self._client().chat_getPermalink(channel=room, message_ts=message))["permalink"])
        except (PlatformUnavailableError, PlatformRefusedError):
            return ""
