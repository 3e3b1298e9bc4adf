"""The real libraries with a few listeners: what our Slack is tried with.

Knows: slack-bolt and slack_sdk. Must not know: Steward, the server's inside.
Rules: it judges nothing, it writes down what it was told; importing this needs slack-bolt.
"""

import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.servers.slack.server import SlackServer
from tests.servers.slack.world import Json

QUIET = logging.getLogger("probe.slack")
QUIET.setLevel(logging.CRITICAL)
PING_SECONDS = 0.2


def plain(text: str) -> Json:
    """Plain text."""
    return {"type": "plain_text", "text": text}


def button(label: str, action_id: str) -> Json:
    """A button."""
    return {"type": "button", "text": plain(label), "action_id": action_id, "value": action_id}


CARD: list[Json] = [
    {"type": "section", "block_id": "head", "text": {"type": "mrkdwn", "text": "Case 7"}},
    {"type": "actions", "block_id": "decide", "elements": [button("Uphold", "uphold"), button("Appeal", "appeal")]},
]
WHY = {"type": "plain_text_input", "action_id": "why", "multiline": True, "max_length": 200}
FORM: Json = {
    "type": "modal", "callback_id": "appeal_form", "title": plain("Appeal"), "submit": plain("Send"), "notify_on_close": True,
    "blocks": [{"type": "input", "block_id": "reason", "label": plain("Why"), "element": WHY}],
}  # fmt: skip


class Probe:
    """A bolt app, which writes down what it was told."""

    def __init__(self, slack: SlackServer, **more: Any) -> None:
        self.client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, logger=QUIET, timeout=5)
        options = {"client": self.client, "signing_secret": slack.signing_secret, "logger": QUIET, **more}
        self.app = AsyncApp(**options)
        self.heard: list[tuple[str, Json]] = []
        self.retries: list[str] = []
        self.handler: AsyncSocketModeHandler | None = None
        add_ears(self)
        add_answers(self)
        add_form(self)

    def of(self, kind: str) -> list[Json]:
        """Give the bodies of one kind, oldest first."""
        return [body for name, body in self.heard if name == kind]

    @property
    def texts(self) -> list[str]:
        """The texts of the new messages."""
        return [one["text"] for one in self.of("message") if one.get("subtype") in {None, "thread_broadcast", "file_share"}]


def add_ears(probe: Probe) -> None:
    """Enter what the probe writes down."""
    app = probe.app

    @app.event("message")
    async def message(event: Any, body: Any, request: Any) -> None:
        probe.heard.append(("message", event))
        probe.heard.append(("body", body))
        probe.retries.extend(request.headers.get("x-slack-retry-num", ["none"]))

    @app.event("reaction_added")
    async def reaction(event: Any) -> None:
        probe.heard.append(("reaction_added", event))

    @app.event("member_joined_channel")
    async def joined(event: Any) -> None:
        probe.heard.append(("member_joined_channel", event))

    @app.event("app_home_opened")
    async def home(event: Any, client: Any) -> None:
        probe.heard.append(("app_home_opened", event))
        if event["tab"] == "home":
            await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": CARD})


def add_answers(probe: Probe) -> None:
    """Enter what the probe answers: commands, shortcuts, buttons."""
    app = probe.app

    @app.command("/report")
    async def report(ack: Any, command: Any, respond: Any) -> None:
        await ack(f"noted: {command['text']}")
        await respond(text="in the channel", response_type="in_channel")

    @app.command("/appeal")
    async def appeal_command(ack: Any, body: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.shortcut("report_message")
    async def report_message(ack: Any, shortcut: Any, respond: Any) -> None:
        await ack()
        await respond(f"reported: {shortcut['message']['text']}")

    @app.shortcut("report_something")
    async def report_something(ack: Any, shortcut: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=shortcut["trigger_id"], view=FORM)

    @app.action("uphold")
    async def uphold(ack: Any, body: Any, respond: Any) -> None:
        await ack()
        probe.heard.append(("action", body))
        await respond(text="upheld", replace_original=True)

    @app.action("appeal")
    async def appeal(ack: Any, body: Any, client: Any) -> None:
        await ack()
        probe.heard.append(("action", body))
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)


def add_form(probe: Probe) -> None:
    """Enter what becomes of the probe's form."""
    app = probe.app

    @app.view("appeal_form")
    async def submitted(ack: Any, view: Any, body: Any, client: Any) -> None:
        text = view["state"]["values"]["reason"]["why"]["value"]
        if text == "no":
            await ack(response_action="errors", errors={"reason": "say more"})
            return
        if text == "update":
            await ack(response_action="update", view={**FORM, "title": plain("Again")})
            return
        if text == "push":
            await ack(response_action="push", view={**FORM, "title": plain("On top")})
            return
        await ack()
        probe.heard.append(("view", view))
        await client.chat_postMessage(channel=body["user"]["id"], text=f"heard: {text}")

    @app.view_closed("appeal_form")
    async def closed(ack: Any, body: Any) -> None:
        await ack()
        probe.heard.append(("closed", body))


@contextlib.asynccontextmanager
async def running(
    slack: SlackServer, *, ping_seconds: float = PING_SECONDS, handler: Any = AsyncSocketModeHandler, **more: Any
) -> AsyncIterator[Probe]:
    """Connect the real client by Socket Mode."""
    probe = Probe(slack, **more)
    probe.handler = made = handler(probe.app, slack.app_token, ping_interval=ping_seconds)
    try:
        await made.connect_async()
        await slack.connected()
        yield probe
    finally:
        await made.close_async()


@contextlib.asynccontextmanager
async def listening(slack: SlackServer, **more: Any) -> AsyncIterator[Probe]:
    """Let the real app listen for signed requests, and tell the server where."""
    probe = Probe(slack, **more)

    async def events(request: web.Request) -> web.StreamResponse:
        return await to_aiohttp_response(await probe.app.async_dispatch(await to_bolt_request(request)))

    site = web.Application()
    site.router.add_post("/slack/events", events)
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    tcp: Any = web.TCPSite(runner, "127.0.0.1", 0)
    await tcp.start()
    try:
        port = tcp._server.sockets[0].getsockname()[1]
        assert await slack.use_http(f"http://127.0.0.1:{port}/slack/events"), "the app answers the challenge"
        yield probe
    finally:
        await runner.cleanup()
