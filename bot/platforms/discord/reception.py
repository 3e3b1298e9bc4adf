"""Where commands, buttons and forms come in on Discord: whose community it is, who asks, and one private answer in time.

Knows: interactions and their deadlines, communities, which servers a person shares with us. Must not know: what a command does.
Rules: acknowledge first, work after; one interaction is worked on once; every answer is private; what is not allowed is said in one
plain line, and whatever else goes wrong leaves a line in the log without a word that anybody wrote.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from io import BytesIO
from typing import TypeVar
from weakref import WeakKeyDictionary, ref

import aiohttp
import discord
import structlog

from bot.commands import Asker
from bot.communities import Communities, Community
from bot.core.cases import NotAllowedError
from bot.core.model import Message
from bot.platforms.discord.showing import pages, shown
from bot.platforms.discord.translate import NAME, Json, Place, message_of

log = structlog.get_logger()

WENT_WRONG = "Something went wrong here. It is written down; please try again."
ALREADY_ACKNOWLEDGED, UNKNOWN_INTERACTION = 40060, 10062
LIBRARY_RETRY_SECONDS = 0.9
"""The library asks again a second after a server's error: an acknowledgement that took longer was tried more than once."""
SEEN_MAX, EVIDENCE_MAX, SHARED_MAX = 1_000, 200, 1_000
"""Interactions remembered against duplicates, reported messages kept until their form comes back, people whose servers are known."""
SHARED_SECONDS = 60.0
"""For how long it is taken as known which servers somebody is on."""
PAGES_MAX = 5
"""Messages in one answer; a longer one is a file."""
CONNECTION_ERRORS = (OSError, aiohttp.ClientError, TimeoutError)

Interaction = discord.Interaction[discord.Client]
Person = discord.User | discord.Member


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who asks, on which server, of which community."""

    server: str
    community: Community
    asker: Asker


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer: a text with marks, and a file or something to press where needed."""

    text: str
    file_name: str = ""
    file: bytes = b""
    view: discord.ui.View | None = None


Work = Callable[[], Awaitable[Reply | str]]


K = TypeVar("K")
V = TypeVar("V")


async def nothing(server: str) -> None:
    """After a server was set up, for who needs to do nothing."""
    del server


class Reception:
    """One bot's desk on Discord."""

    def __init__(
        self,
        client: discord.Client,
        communities: Communities,
        *,
        after_setup: Callable[[str], Awaitable[None]] = nothing,
    ) -> None:
        """`after_setup` is called with the server whenever somebody changed how it is run."""
        self.client, self.communities, self.after_setup = client, communities, after_setup
        self._seen: dict[int, None] = {}
        self._evidence: dict[tuple[int, str], Json] = {}
        self._shared: dict[int, tuple[float, list[discord.Guild]]] = {}
        _RECEPTIONS[client] = ref(self)

    # Whose community it is

    async def visit(self, interaction: Interaction, server: str = "") -> Visit:
        """Who asks of which community; outside a server of ours it is the one they share with us, or the one they name.

        Raises NotAllowedError where that is none or more than one.
        """
        guild = self.own_guild(interaction)
        room = str(interaction.channel_id or "") if guild else ""
        guild = guild or await self._named(interaction.user, server)
        community = await self.communities.of(NAME, str(guild.id), name=guild.name)
        asker = Asker(account=str(interaction.user.id), platform=NAME, room=room, server=str(guild.id))
        return Visit(server=str(guild.id), community=community, asker=asker)

    def own_guild(self, interaction: Interaction) -> discord.Guild | None:
        """The server of ours in which something was used; None in direct messages, and on servers that we do not look after."""
        return self.client.get_guild(interaction.guild_id) if interaction.guild_id else None

    async def _named(self, who: Person, server: str) -> discord.Guild:
        if server:
            found = [one for one in self.client.guilds if server in (str(one.id), one.name)]
            if len(found) != 1:
                raise NotAllowedError("I do not look after a server of that name: choose one from the list")
            return found[0]
        shared = await self.shared_with(who)
        if not shared:
            raise NotAllowedError("you are on no server that I look after. If you left it, name it in the option `server`")
        if len(shared) > 1:
            raise NotAllowedError("you are on more than one server that I look after: choose one in the option `server`")
        return shared[0]

    async def shared_with(self, who: Person) -> list[discord.Guild]:
        """The servers that somebody shares with us."""
        now = asyncio.get_running_loop().time()
        known = self._shared.get(who.id)
        if known is None or now - known[0] > SHARED_SECONDS:
            guilds = list(self.client.guilds)
            are = await asyncio.gather(*(_is_member(guild, who.id) for guild in guilds))
            known = (now, [guild for guild, is_member in zip(guilds, are, strict=True) if is_member])
            _remember(self._shared, who.id, known, SHARED_MAX)
        return known[1]

    # Messages that are reported

    def keep_evidence(self, interaction: Interaction, payload: Json) -> None:
        """Keep a message as it is when somebody begins to report it: it may be gone when they have written why."""
        _remember(self._evidence, (interaction.user.id, str(payload["id"])), payload, EVIDENCE_MAX)

    async def reported(self, interaction: Interaction, visit: Visit, room: str, message_id: str) -> Message:
        """The message that somebody reports. Raises NotAllowedError where it is gone, or is no member's."""
        channel = self.client.get_channel(int(room))
        is_here = isinstance(channel, (discord.abc.GuildChannel, discord.Thread)) and str(channel.guild.id) == visit.server
        payload = self._evidence.get((interaction.user.id, message_id))
        if payload is None and is_here:
            payload = await self._read(room, message_id)
        place = Place(community=visit.community.name, server=visit.server, thread=room if isinstance(channel, discord.Thread) else "")
        message = message_of(payload, place) if payload else None
        if message is None:
            raise NotAllowedError("I cannot read that message: it is gone, or no member wrote it. Use /report and say what happened")
        return message

    async def _read(self, room: str, message_id: str) -> Json | None:
        """After a restart only, and only on the server whose moderators will see it: the message as it is now."""
        try:
            return await self.client.http.get_message(int(room), int(message_id))
        except (discord.NotFound, discord.Forbidden):
            return None

    # One private answer

    async def answer(self, interaction: Interaction, work: Work) -> None:
        """Acknowledge, do the work, and answer privately."""
        if interaction.id in self._seen:
            return
        _remember(self._seen, interaction.id, None, SEEN_MAX)
        if not await self._acknowledged(interaction):
            return
        try:
            reply = await work()
        except NotAllowedError as error:
            reply = sentence(error)
        except Exception as error:  # noqa: BLE001 - whatever it was, who asked gets an answer
            note(interaction, error, "a command failed")
            reply = WENT_WRONG
        await self._say(interaction, Reply(text=reply) if isinstance(reply, str) else reply)

    async def _acknowledged(self, interaction: Interaction) -> bool:
        """Take the interaction; False where it is too late, or somebody else took it."""
        begun = asyncio.get_running_loop().time()
        for is_last in (False, True):
            try:
                await interaction.response.defer(ephemeral=True, thinking=True)
            except discord.HTTPException as error:
                took = asyncio.get_running_loop().time() - begun
                if error.code == ALREADY_ACKNOWLEDGED and (is_last or took > LIBRARY_RETRY_SECONDS):
                    return True
                log.warning("an interaction was not taken", interaction=interaction.id, code=error.code, status=error.status)
                return False
            except CONNECTION_ERRORS as error:
                if is_last:
                    note(interaction, error, "an interaction was not taken")
            else:
                return True
        return False

    async def _say(self, interaction: Interaction, reply: Reply) -> None:
        """Put the answer where "thinking" stands; more of it, if there is, into messages of its own."""
        texts = pages(shown(reply.text))
        files = [(reply.file_name, reply.file)] if reply.file_name else []
        if len(texts) > PAGES_MAX:
            files.append(("answer.txt", "\n".join(texts).encode()))
            texts = [f"{texts[0].rpartition(chr(10))[0]}\nThe rest is in the file."]
        for is_last in (False, True):
            try:
                await self._send(interaction, texts, files, reply.view)
            except CONNECTION_ERRORS as error:
                if is_last:
                    note(interaction, error, "an answer was lost")
            except discord.HTTPException as error:
                note(interaction, error, "an answer was lost")
                return
            else:
                return

    async def _send(self, interaction: Interaction, texts: list[str], files: list[tuple[str, bytes]], view: discord.ui.View | None) -> None:
        none = discord.AllowedMentions.none()
        attached = [discord.File(BytesIO(data), filename=name) for name, data in files]
        await interaction.edit_original_response(content=texts[0], attachments=attached, view=view, allowed_mentions=none)
        while len(texts) > 1:
            await interaction.followup.send(texts[1], ephemeral=True, allowed_mentions=none)
            del texts[1]

    async def open(self, interaction: Interaction, form: discord.ui.Modal) -> None:
        """Open a form."""
        if interaction.id in self._seen:
            return
        _remember(self._seen, interaction.id, None, SEEN_MAX)
        try:
            await interaction.response.send_modal(form)
        except (discord.HTTPException, *CONNECTION_ERRORS) as error:
            note(interaction, error, "a form was not opened")


_RECEPTIONS: "WeakKeyDictionary[discord.Client, ref[Reception]]" = WeakKeyDictionary()
"""Buttons are made by the library from what Discord sends, so they find their desk through the client, whose commands hold it."""


def reception_of(interaction: Interaction) -> Reception:
    """The desk of the client that received this."""
    reception = _RECEPTIONS[interaction.client]()
    assert reception is not None, "a client keeps its commands, and they keep the desk"
    return reception


def sentence(error: NotAllowedError) -> str:
    """What is not allowed, as a sentence."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '?', '!')) else '.'}"


async def _is_member(guild: discord.Guild, account: int) -> bool:
    if guild.get_member(account) is not None:
        return True
    try:
        await guild.fetch_member(account)
    except discord.NotFound:
        return False
    return True


def _remember(known: dict[K, V], key: K, value: V, most: int) -> None:
    """Keep something; the oldest is forgotten past the limit."""
    known[key] = value
    while len(known) > most:
        del known[next(iter(known))]


def note(interaction: Interaction, error: BaseException, what: str) -> None:
    """Leave a line in the log: what kind of error and where, never its text, which may quote somebody."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    code = getattr(error, "code", 0)
    log.error(what, interaction=interaction.id, kind=str(interaction.type.name), error=type(error).__name__, code=code, where=where)
