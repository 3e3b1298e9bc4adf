"""Slack as Steward's platform: one app in one workspace.

Knows: the parts of this folder, and how they hang together. Must not know: how any of them works, rules, the record.
Rules: who Steward is and what its tokens may do is asked before anything else, until there is an answer; what arrives while nobody
watched is read back after each gap; until then its rooms are behind; the tokens are in nothing that is logged or shown.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import aiohttp
import structlog
from pydantic import SecretStr
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from bot.communities import GAP_MIN, Communities, Community
from bot.core.model import Action, Image, Message
from bot.core.notices import span, when
from bot.platforms.slack.actions import Actions, capabilities
from bot.platforms.slack.arrivals import Arrivals
from bot.platforms.slack.asking import TOKEN_CODES, code_of
from bot.platforms.slack.client import NOT_TAKEN, Door, DurableSocket, NoSocketError, SlackSetupError, make_app, web_client
from bot.platforms.slack.commands import attach, heard
from bot.platforms.slack.files import fetch
from bot.platforms.slack.letters import Letters
from bot.platforms.slack.mutes import Mutes
from bot.platforms.slack.people import People
from bot.platforms.slack.reach import Reach, probe
from bot.platforms.slack.reception import Reception
from bot.platforms.slack.rooms import Rooms, ts_of
from bot.platforms.slack.translate import NAME, Place
from bot.ports import Accept, Capabilities, Performed, PlatformRefusedError, PlatformUnavailableError

log = structlog.get_logger()

PAUSE_SECONDS_MIN, PAUSE_SECONDS_MAX = 1.0, 60.0
LOOK = "where this goes on, run `steward doctor`"
"""What helps whoever reads the log."""
REFRESH_SECONDS = 600.0
"""How often names, moderators and channels are read anew: Slack tells of some of their changes only."""
AGAIN_SECONDS = 5.0
"""After this long catching up is tried again, where it failed for another reason than that Slack is away."""
HTTP_HOST, HTTP_PORT = "0.0.0.0", 3000  # noqa: S104 - whoever chooses signed HTTP has Slack send to this machine


class Slack:
    """The platform. Satisfies bot.ports.Platform."""

    name = NAME

    def __init__(
        self,
        communities: Communities,
        *,
        bot_token: SecretStr,
        app_token: SecretStr | None = None,
        signing_secret: SecretStr | None = None,
        admin_token: SecretStr | None = None,
        api_url: str = "",
        host: str = HTTP_HOST,
        port: int = HTTP_PORT,
        **options: Any,
    ) -> None:
        """`api_url`: another server than Slack's. With `app_token` Socket Mode, else signed HTTP. `options`: of the socket's times."""
        self._communities, self._api_url = communities, api_url
        self._bot_token, self._app_token, self._signing_secret = bot_token, app_token, signing_secret
        self._host, self._port, self._options = host, port, options
        self._reading = web_client(bot_token.get_secret_value(), api_url)
        self._doing = web_client(bot_token.get_secret_value(), api_url, asks_again=False)
        self._admin = web_client(admin_token.get_secret_value(), api_url, asks_again=False) if admin_token else None
        self._known: Reach | None = None
        self._here: Community | None = None
        self._reception: Reception | None = None
        self._answers: set[asyncio.Task[None]] = set()
        self._gap = asyncio.Event()
        self._sessions = 0
        self._last_alive: datetime | None = None
        self._away: tuple[datetime, datetime] | None = None
        self.opened_port = 0
        """Where signed HTTP is taken, once it is."""
        self._rooms = Rooms(lambda: self._reading, communities, self._place)
        self._people = People(lambda: self._reading, communities)
        letters = Letters(lambda: self._doing)
        self._mutes = Mutes(
            reach=self._reach,
            bot=lambda: self._doing,
            admin=lambda: self._admin,
            rooms=self._rooms,
            letters=letters,
            community=self._community,
        )
        self._actions = Actions(
            reach=self._reach,
            client=lambda: self._doing,
            community=self._community,
            rooms=self._rooms,
            people=self._people,
            letters=letters,
            mutes=self._mutes,
        )
        self._arrivals = Arrivals(community=self._community, place=self._place, rooms=self._rooms, people=self._people, mutes=self._mutes)

    # What is known

    @property
    def capabilities(self) -> Capabilities:
        """What can be done with these tokens."""
        return capabilities(self._known)

    @property
    def reach(self) -> Reach | None:
        """What the tokens may do; None before it was asked."""
        return self._known

    def _reach(self) -> Reach:
        if self._known is None:
            raise PlatformUnavailableError("not connected to Slack")
        return self._known

    def _community(self) -> Community:
        if self._here is None:
            raise PlatformUnavailableError("not connected to Slack")
        return self._here

    def _place(self) -> Place:
        return Place(community=self._community().name, server=self._reach().team)

    # Listening

    async def listen(self, accept: Accept | None = None) -> None:
        """Keep the connection and have every message judged by the workspace's community, until cancelled.

        Raises SlackSetupError where only the operator can mend it. `accept` is not used.
        """
        del accept
        async with aiohttp.ClientSession() as session:
            for client in filter(None, (self._reading, self._doing, self._admin)):
                client.session = session
            try:
                await self._listen()
            finally:
                for client in filter(None, (self._reading, self._doing, self._admin)):
                    client.session = None

    async def _listen(self) -> None:
        self._known = await self._probed()
        self._here = await self._communities.of(NAME, self._known.team, name=self._known.team_name)
        log.info("workspace", workspace=self._known.team, ladder=list(self._known.words))
        app = make_app(self._known, self._bot_token.get_secret_value(), self._api_url, self._secret())
        self._reception = attach(app, self._reading, self._communities, after_setup=self._set_up)
        await self._refresh()
        recalled = await self._arrivals.inbox.recall()
        if recalled:
            log.info("events of before are worked on", number=recalled)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._arrivals.inbox.run(), name="events from Slack")
                tasks.create_task(self._mutes.run(), name="mutes on Slack")
                tasks.create_task(self._catch_up_all(), name="catching up on Slack")
                tasks.create_task(self._refresh_all(), name="who and what is on Slack")
                tasks.create_task(self._keep_connected(app), name="connection to Slack")
        except ExceptionGroup as group:
            known = group.subgroup(SlackSetupError)
            raise (known.exceptions[0] if known else group) from None
        finally:
            for task in self._answers:
                task.cancel()
            await asyncio.gather(*self._answers, return_exceptions=True)
            await self._arrivals.close()

    def _secret(self) -> str:
        return self._signing_secret.get_secret_value() if self._signing_secret and not self._app_token else ""

    async def _probed(self) -> Reach:
        """Ask until there is an answer. Raises SlackSetupError where the token is wrong."""
        pause = PAUSE_SECONDS_MIN
        while True:
            try:
                return await probe(self._reading, self._admin)
            except SlackApiError as error:
                if code_of(error) in TOKEN_CODES:
                    raise SlackSetupError(f"{NOT_TAKEN} ({code_of(error)})") from None
                reason = code_of(error) or type(error).__name__
            except (PlatformUnavailableError, aiohttp.ClientError, OSError) as error:
                reason = type(error).__name__
            hint = {"hint": LOOK} if pause == PAUSE_SECONDS_MIN else {}  # once: the pause grows with each further try
            log.warning("Slack does not say who Steward is", reason=reason, again_in_seconds=pause, **hint)
            await asyncio.sleep(pause)
            pause = min(pause * 2, PAUSE_SECONDS_MAX)

    async def _keep_connected(self, app: AsyncApp) -> None:
        """One connection after the other, a new one after each end. Raises SlackSetupError."""
        if self._app_token is None:
            if self._signing_secret is None:
                raise SlackSetupError("set STEWARD_SLACK_APP_TOKEN (Socket Mode), or STEWARD_SLACK_SIGNING_SECRET (signed HTTP)")
            await Door(app, self._secret(), keep=self._keep).run(self._host, self._port, self._opened)
            return
        pause = PAUSE_SECONDS_MIN
        while True:
            sessions = self._sessions
            socket = DurableSocket(
                app,
                self._app_token.get_secret_value(),
                api_url=self._api_url,
                keep=self._keep,
                connected=self._new_session,
                alive=self._is_alive,
                **self._options,
            )
            try:
                await socket.run()
            except NoSocketError:
                log.warning("the connection to Slack is made anew")
            pause = PAUSE_SECONDS_MIN if self._sessions > sessions else min(pause * 2, PAUSE_SECONDS_MAX)
            await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311 - so that many do not come back at once; no secret

    def _opened(self, port: int) -> None:
        self.opened_port = port
        self._new_session()

    def _is_alive(self) -> None:
        self._last_alive = datetime.now(UTC)

    def _new_session(self) -> None:
        """A new socket is open: what was said while there was none is to be read back, so all rooms are behind until then."""
        now = datetime.now(UTC)
        self._sessions += 1
        if self._sessions > 1:
            self._community().service.fresh_session(NAME)
            if self._last_alive is not None:
                self._away = (self._away[0] if self._away else self._last_alive, now)
        self._last_alive = now
        self._gap.set()

    # What arrives

    async def _keep(self, payload: Mapping[str, Any]) -> None:
        """Before an event is acknowledged. Raises where it cannot be recorded."""
        await self._arrivals.inbox.keep(payload)
        event = payload.get("event")
        if self._reception is not None and isinstance(event, Mapping) and _is_for_bot(event):
            self._answer(heard(self._reception, event, self._reach().team))

    def _answer(self, work: Awaitable[bool]) -> None:
        """Work on what is for the bot itself, beside all else."""

        async def answer() -> None:
            try:
                await work
            except Exception as error:  # noqa: BLE001 - one answer that fails never stops the others; its text may quote somebody
                log.error("an answer failed", error=type(error).__name__)

        task = asyncio.create_task(answer())
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    # After a gap, and from time to time

    async def _catch_up_all(self) -> None:
        """After the start and after each gap: read what was said meanwhile, then offer what waited for it. What fails is tried again."""
        is_first = True
        while True:
            await self._gap.wait()
            self._gap.clear()
            if not await self._caught_up():
                await asyncio.sleep(AGAIN_SECONDS)
                self._gap.set()
                continue
            await self._say_gap(is_first=is_first)
            is_first = False

    async def _caught_up(self) -> bool:
        """Read what was said meanwhile; False where something is still behind."""
        try:
            await self._see_rooms()
            count = await self._community().service.catch_up(self, late=True)
        except (PlatformUnavailableError, PlatformRefusedError) as error:
            log.warning("not caught up yet", reason=str(error), again_in_seconds=AGAIN_SECONDS)
            return False
        except Exception as error:  # noqa: BLE001 - the record cannot be read now, or something that nobody can read
            log.error("catching up failed", error=type(error).__name__, again_in_seconds=AGAIN_SECONDS)
            return False
        log.info("caught up", workspace=self._reach().team, messages=count)
        self._arrivals.inbox.offer_again()
        return True

    async def _say_gap(self, *, is_first: bool) -> None:
        """Tell the moderators for how long nobody watched."""
        server, community = self._reach().team, self._community()
        if is_first:
            await self._communities.say_gap(NAME, server)
        away, self._away = self._away, None
        if away is None or away[1] - away[0] < GAP_MIN:
            return
        since, until = away
        text = community.parts.sentences["blind_window"].format(since=when(since), length=span(until - since))
        try:
            await self.tell_moderators(server, text, f"{community.name}/gap/{since:%Y%m%dT%H%M%S}")
        except (PlatformUnavailableError, PlatformRefusedError) as error:
            log.warning("the moderators were not told of the time away", platform=NAME, reason=str(error))

    async def _refresh_all(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            await self._refresh()

    async def _refresh(self) -> None:
        """Read channels, names and moderators anew; what cannot be read stays as it was."""
        try:
            await self._rooms.refresh()
            await self._see_rooms()
        except (PlatformUnavailableError, PlatformRefusedError) as error:
            log.warning("the channels cannot be read", reason=str(error))
        except Exception as error:  # noqa: BLE001 - the record cannot be written now: next time
            log.error("the channels were not noted", error=type(error).__name__)
        try:
            await self._people.refresh(self._reach().team)
        except (KeyError, TypeError, ValueError, AttributeError) as error:  # an answer that nobody expects: as it was before
            log.error("the members of the workspace cannot be read", error=type(error).__name__)

    async def _see_rooms(self) -> None:
        """Note the channels of which nothing is on record: they are read from now on, once there is a connection."""
        if self._sessions:
            now = ts_of(datetime.now(UTC))
            await self._community().service.see(NAME, dict.fromkeys(self._rooms.ids(), (now, now)))

    async def _set_up(self, server: str) -> None:
        """Somebody changed how the workspace is run."""
        if self._known is not None and server == self._known.team:
            await self._refresh()

    # What the platform is asked

    async def history(self, room: str, after: str) -> AsyncIterator[Sequence[Message]]:
        """The messages of a room after an id, oldest first, in pages. Raises PlatformUnavailableError.

        What a member said while muted is removed on the way, before it counts as read: else a stop in between would leave it there.
        """
        async for page in self._rooms.history(room, after):
            people = [one for one in page if not self._people.is_program(one.author)]
            removed = [self._removed(message) for message in people]
            await asyncio.gather(*removed)
            yield people

    async def _removed(self, message: Message) -> None:
        """Remove what a member said while muted, or have tried to; nothing else is touched."""
        tried = asyncio.Event()

        async def then() -> None:
            tried.set()

        if await self._mutes.takes(message, then):
            await tried.wait()

    async def read(self, room: str, message_id: str) -> Message | None:
        """One message as it is now; None where it is gone. Raises PlatformUnavailableError."""
        return await self._rooms.read(room, message_id)

    async def image(self, message: Message, image: Image) -> bytes:
        """The bytes of an image. Raises PlatformUnavailableError or PlatformRefusedError."""
        del message
        return await fetch(self._reading, image.link)

    async def reactions(self, room: str, message_id: str, wanted: Callable[[str], bool]) -> Sequence[Message] | None:
        """The members' reactions under a message as they stand now. Raises PlatformUnavailableError or PlatformRefusedError."""
        found = await self._rooms.reactions(room, message_id, wanted)
        return None if found is None else [one for one in found if not self._people.is_program(one.author)]

    async def perform(self, action: Action) -> Performed:
        """Do it. Raises PlatformUnavailableError or PlatformRefusedError."""
        return await self._actions.perform(action)

    async def tell_moderators(self, server: str, text: str, key: str) -> None:
        """Say something in the moderators' channel of the workspace. Raises PlatformUnavailableError or PlatformRefusedError."""
        await self._actions.tell_moderators(server, text, key)


def _is_for_bot(event: Mapping[str, Any]) -> bool:
    """Whether an event is for the bot itself: somebody opened its Home, or wrote to it."""
    return event.get("type") == "app_home_opened" or (event.get("type") == "message" and event.get("channel_type") == "im")
