"""Where commands, buttons and forms come in on Slack: whose community it is, who asks, and one private answer.

Knows: interactions and their deadlines, response addresses, communities. Must not know: what a command does.
Rules: acknowledge first, work after; one interaction is worked on once; every answer is private: beside what was used, else as a direct
message; what is not allowed is said in one plain line, and whatever else goes wrong leaves a line in the log without a word that
anybody wrote, and without an address that answers.
"""

import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.commands import Asker
from bot.communities import Communities, Community
from bot.core.cases import NotAllowedError
from bot.core.model import Message
from bot.platforms.slack.asking import code_of
from bot.platforms.slack.blocks import MESSAGE_BLOCKS_MAX, Block, section
from bot.platforms.slack.client import patient, quiet
from bot.platforms.slack.forms import answer_view
from bot.platforms.slack.showing import cut, pages, shown
from bot.platforms.slack.translate import NAME, Place, message_of
from bot.ports import PlatformRefusedError, PlatformUnavailableError

log = structlog.get_logger()

Json = Mapping[str, Any]
WENT_WRONG = "Something went wrong here. It is written down; please try again."
DIRECT = "D"
"""How the ids of direct messages begin."""
SEEN_MAX, EVIDENCE_MAX = 1_000, 200
"""Interactions remembered against duplicates, reported messages kept until their form comes back."""
PAGE_SECTIONS = 4
"""Sections of one answer: Slack refuses messages whose blocks are too long together, above some 13,000 characters."""
PAGES_MAX = 5
"""Answers to one interaction: its address takes no more."""
CODE_CHARS_MAX = 3_000
"""Characters of a file in one message."""
FALLBACK_CHARS_MAX = 3_500
MORE = "… there is more. Decide some of it first, then ask again."
ERRORS = (SlackClientError, aiohttp.ClientError, OSError)  # TimeoutError is an OSError


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who asks, in which workspace, of which community."""

    server: str
    community: Community
    asker: Asker


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer: a text with marks, something to press, a file's text that goes into a direct message."""

    text: str
    blocks: Sequence[Block] = ()
    file: str = ""


Work = Callable[[], Awaitable[Reply | str]]
K = TypeVar("K")
V = TypeVar("V")


async def nothing(server: str) -> None:
    """After a workspace was set up, for who needs to do nothing."""
    del server


class Reception:
    """One app's desk on Slack."""

    def __init__(
        self, client: AsyncWebClient, communities: Communities, *, after_setup: Callable[[str], Awaitable[None]] = nothing
    ) -> None:
        """`client` has the bot's token; `after_setup` is called with the workspace whenever somebody changed how it is run."""
        self.client, self.communities, self.after_setup = client, communities, after_setup
        self._seen: dict[str, None] = {}
        self._evidence: dict[tuple[str, str], Json] = {}

    # Who asks

    async def visit(self, body: Json) -> Visit:
        """Who asks of which community."""
        server = server_of(body)
        room = str(body.get("channel_id") or (body.get("channel") or {}).get("id") or "")
        room = "" if room.startswith(DIRECT) else room  # a direct message is no room of the workspace: it says who writes, nothing else
        return await self.visit_of(server, person_of(body), room)

    async def visit_of(self, server: str, account: str, room: str = "") -> Visit:
        """The same, from its parts."""
        community = await self.communities.of(NAME, server)
        asker = Asker(account=account, platform=NAME, room=room, server=server)
        return Visit(server=server, community=community, asker=asker)

    def is_first(self, body: Json) -> bool:
        """Whether an interaction is new: Slack may deliver one twice."""
        key = str(body.get("trigger_id") or "")
        if not key:
            return True
        if key in self._seen:
            return False
        _remember(self._seen, key, None, SEEN_MAX)
        return True

    async def may_manage(self, account: str) -> bool:
        """Whether somebody administrates the workspace. Raises what Slack's client raises."""
        user = (await self.client.users_info(user=account))["user"] or {}
        return bool(user.get("is_admin") or user.get("is_owner"))

    # Messages that are reported

    def keep_evidence(self, channel: str, payload: Json) -> None:
        """Keep a message as it is when somebody begins to report it: it may be gone when they have written why."""
        _remember(self._evidence, (channel, str(payload.get("ts", ""))), payload, EVIDENCE_MAX)

    async def reported(self, visit: Visit, channel: str, ts: str) -> Message:
        """The message that somebody reports. Raises NotAllowedError where it is gone, or no member wrote it."""
        payload = self._evidence.get((channel, ts))
        place = Place(community=visit.community.name, server=visit.server)
        message = message_of(payload, place, room=channel) if payload else await self._read(channel, ts)
        if message is None:
            raise NotAllowedError("I cannot read that message: it is gone, or no member wrote it. Use /report and say what happened")
        return message

    async def _read(self, channel: str, ts: str) -> Message | None:
        """After a restart only: the message as it is now."""
        try:
            return await self.communities.platforms[NAME].read(channel, ts)
        except (PlatformUnavailableError, PlatformRefusedError):
            return None

    # One private answer

    async def answer(self, body: Json, work: Work, *, url: str = "") -> None:
        """Do the work of what was acknowledged, and answer privately: at the response address, else as a direct message."""
        await self._say(body, await self._worked(body, work), url or str(body.get("response_url") or ""))

    async def answer_in_form(self, body: Json, title: str, work: Work) -> None:
        """The same, in a form that opens: for what is pressed on the Home tab, which has no response address."""
        reply = await self._worked(body, work)
        if not await self.open(body, answer_view(title, shown(reply.text), *reply.blocks)) or reply.file:
            await self._say(body, reply, "")

    async def _worked(self, body: Json, work: Work) -> Reply:
        try:
            reply = await work()
        except NotAllowedError as error:
            reply = sentence(error)
        except Exception as error:  # noqa: BLE001 - whatever it was, who asked gets an answer
            note(body, error, "a command failed")
            reply = WENT_WRONG
        return Reply(text=reply) if isinstance(reply, str) else reply

    async def open(self, body: Json, view: Block) -> bool:
        """Open a form, within three seconds of what was pressed; False where Slack does not take it."""
        try:
            await self.client.views_open(trigger_id=str(body["trigger_id"]), view=view)
        except ERRORS as error:
            if isinstance(error, SlackApiError) and code_of(error) == "exchanged_trigger_id":
                return True  # it was opened, and the answer to that was lost
            note(body, error, "a form was not opened")
            return False
        return True

    async def _say(self, body: Json, reply: Reply, url: str) -> None:
        texts = pages(shown(reply.text))
        posts = [texts[start : start + PAGE_SECTIONS] for start in range(0, len(texts), PAGE_SECTIONS)]
        if len(posts) > PAGES_MAX:
            posts = [*posts[: PAGES_MAX - 1], [*posts[PAGES_MAX - 1][: PAGE_SECTIONS - 1], MORE]]
        try:
            for number, page in enumerate(posts):
                is_last = number == len(posts) - 1
                blocks = [*map(section, page), *(reply.blocks if is_last else ())]
                await self._deliver(body, cut("\n".join(page), FALLBACK_CHARS_MAX), blocks, url)
            if reply.file:
                await self._send_file(person_of(body), reply.file)
        except ERRORS as error:
            note(body, error, "an answer was lost")

    async def _deliver(self, body: Json, text: str, blocks: list[Block], url: str) -> None:
        """One answer at the response address; where that takes none, and where there is none, as a direct message."""
        assert len(blocks) <= MESSAGE_BLOCKS_MAX, "Slack's limit"
        if url and await self._respond(body, url, text, blocks):
            return
        await self.write(person_of(body), text, blocks)

    async def _respond(self, body: Json, url: str, text: str, blocks: list[Block]) -> bool:
        webhook = AsyncWebhookClient(url, logger=quiet(), retry_handlers=patient())
        try:
            answer = await webhook.send(text=text, blocks=blocks, response_type="ephemeral", replace_original=False)
        except ERRORS as error:
            note(body, error, "a response address did not answer")
            return False
        return answer.status_code == 200  # noqa: PLR2004 - taken

    async def write(self, account: str, text: str, blocks: Sequence[Block]) -> None:
        """Write to somebody directly. Raises what Slack's client raises."""
        await self._post(await self._direct(account), text, blocks)

    async def _direct(self, account: str) -> str:
        """The direct messages with somebody."""
        opened = await self.client.conversations_open(users=account)
        return str((opened["channel"] or {})["id"])

    async def _post(self, channel: str, text: str, blocks: Sequence[Block]) -> None:
        await self.client.chat_postMessage(channel=channel, text=text, blocks=list(blocks), unfurl_links=False, unfurl_media=False)

    async def _send_file(self, account: str, file: str) -> None:
        """A file's text, exactly, in as many messages as it needs: Slack lets an app write files only with a right more."""
        parts = [file[start : start + CODE_CHARS_MAX] for start in range(0, len(file), CODE_CHARS_MAX)]
        channel = await self._direct(account)
        for number, part in enumerate(parts, 1):
            code = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": part}]}
            await self._post(channel, f"Your data, part {number} of {len(parts)}", [{"type": "rich_text", "elements": [code]}])


def server_of(body: Json) -> str:
    """The workspace of an interaction."""
    return str(body.get("team_id") or (body.get("team") or {}).get("id") or "")


def person_of(body: Json) -> str:
    """Who did it."""
    user = body.get("user")
    return str(body.get("user_id") or (user.get("id") if isinstance(user, Mapping) else user) or "")


def sentence(error: NotAllowedError) -> str:
    """What is not allowed, as a sentence."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '?', '!')) else '.'}"


def _remember(known: dict[K, V], key: K, value: V, most: int) -> None:
    """Keep something; the oldest is forgotten past the limit."""
    known[key] = value
    while len(known) > most:
        del known[next(iter(known))]


def note(body: Json, error: BaseException, what: str) -> None:
    """A line in the log: what kind of error and where, never its text, which may quote somebody or hold an address."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    code = code_of(error) if isinstance(error, SlackApiError) else ""
    log.error(what, kind=str(body.get("type") or body.get("command") or ""), error=type(error).__name__, code=code, where=where)
