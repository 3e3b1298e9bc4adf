"""What Steward sends on Slack: messages to members and into channels, each once.

Knows: posting, direct messages, keys in a message's metadata. Must not know: actions, cases, what is written.
Rules: Slack cannot be told that a message is the same as one before, so each carries a key in its metadata, and whoever sends again
looks for it first; nothing that is sent unfolds links.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.platforms.slack.asking import GONE_CODES, SlackCodeError, asked
from bot.platforms.slack.blocks import Post
from bot.platforms.slack.rooms import ts_of
from bot.platforms.slack.showing import USER
from bot.ports import PlatformRefusedError

EVENT_TYPE = "steward_action"
KEY_CHARS = 32
LOOK_PAGE = 200
CLOCKS_APART = timedelta(minutes=1)
"""How much earlier than here Slack's clock may say that something was sent."""


def key_of(key: str) -> str:
    """What is written into a message's metadata: the same for the same key, and nothing that names a case."""
    return hashlib.sha256(key.encode()).hexdigest()[:KEY_CHARS]


class Letters:
    """Sends, each key once as far as can be seen."""

    def __init__(self, client: Callable[[], AsyncWebClient]) -> None:
        """`client` gives the client that asks once: what may have been done is looked for, not done again."""
        self._client = client
        self._direct: dict[str, str] = {}

    async def post(self, channel: str, post: Post, key: str, *, thread: str = "", since: datetime | None = None) -> str:
        """Post; gives the id. `since`: it may stand there already, from then on: look first. Raises as `asked`."""
        if since is not None:
            found = await self._find(channel, thread, key_of(key), ts_of(since - CLOCKS_APART))
            if found:
                return found
        with asked():
            answer = await self._client().chat_postMessage(
                channel=channel,
                thread_ts=thread or None,
                text=post["text"],
                blocks=post["blocks"],
                metadata={"event_type": EVENT_TYPE, "event_payload": {"key": key_of(key)}},
                unfurl_links=False,
                unfurl_media=False,
            )
        return str(answer["ts"])

    async def direct(self, account: str, post: Post, key: str, *, since: datetime | None = None) -> tuple[str, str]:
        """Write to a member; gives channel and id. Raises as `asked`."""
        channel = await self.channel_with(account)
        return channel, await self.post(channel, post, key, since=since)

    async def channel_with(self, account: str) -> str:
        """The direct messages with a member, opened where they are not. Raises as `asked`."""
        if not USER.fullmatch(account):
            raise PlatformRefusedError(f"{account} is no account on Slack")
        if account not in self._direct:
            with asked():
                answer = await self._client().conversations_open(users=account)
            self._direct[account] = str((answer["channel"] or {})["id"])
        return self._direct[account]

    async def _find(self, channel: str, thread: str, key: str, oldest: str) -> str:
        """The id of the message with this key; "" where there is none. Raises as `asked`."""
        cursor = ""
        while True:
            try:
                with asked(*GONE_CODES):
                    answer = await self._page(channel, thread, oldest, cursor or None)
            except SlackCodeError:
                return ""
            for one in answer["messages"] or []:
                metadata = one.get("metadata") or {}
                if metadata.get("event_type") == EVENT_TYPE and (metadata.get("event_payload") or {}).get("key") == key:
                    return str(one["ts"])
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return ""

    async def _page(self, channel: str, thread: str, oldest: str, cursor: str | None) -> AsyncSlackResponse:
        """Messages with all their metadata, of a thread or of a channel itself."""
        client = self._client()
        if thread:
            return await client.conversations_replies(
                channel=channel, ts=thread, oldest=oldest, limit=LOOK_PAGE, include_all_metadata=True, cursor=cursor
            )
        return await client.conversations_history(channel=channel, oldest=oldest, limit=LOOK_PAGE, include_all_metadata=True, cursor=cursor)
