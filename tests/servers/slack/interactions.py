"""Interactions: commands, buttons, shortcuts, forms, and what the app may still do with them.

Knows: trigger ids of 3 s and one use, response addresses of 30 minutes and five uses, answers within the acknowledgement.
Must not know: who plays the member, tokens.
Rules: a trigger that is late, used or unknown has its own code; what an acknowledgement carries takes effect as Slack lets it.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from tests.servers.slack.blocks import block_problems, view_problems
from tests.servers.slack.delivery import COMMANDS, Delivery
from tests.servers.slack.errors import NotAllowedError, RefusedError
from tests.servers.slack.state import State
from tests.servers.slack.world import Channel, Json, Message, User, View

TRIGGER_LIVES = timedelta(seconds=3)
ADDRESS_LIVES = timedelta(minutes=30)
ADDRESS_USES = 5


async def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until something is so; raises TimeoutError with what was waited for."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not condition():
        if loop.time() >= end:
            message = f"not within {seconds} s: {what}"
            raise TimeoutError(message)
        await asyncio.sleep(0.005)


@dataclass(slots=True, kw_only=True, eq=False)
class Interaction:
    """What a member did with the app, and all that came of it."""

    kind: str
    name: str
    user: User
    trigger_id: str
    made_at: datetime
    channel: Channel | None = None
    source: Message | None = None
    view: View | None = None
    response_id: str = ""
    delivery: Delivery | None = None
    trigger_used: bool = False
    uses: int = 0
    messages: list[Message] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    """What a form was sent back for, by block_id."""
    problem: str = ""
    """What Slack shows when the app did not answer, or answered nonsense."""

    @property
    def is_acknowledged(self) -> bool:
        """Whether the app took it within three seconds."""
        return self.delivery is not None and self.delivery.acknowledged and self.delivery.done.is_set()

    @property
    def text(self) -> str:
        """All words that the member was answered with: messages and opened views."""
        return "\n".join([*(one.words for one in self.messages), *(one.words for one in self.views)])

    @property
    def opened(self) -> View:
        """The last view that was opened or updated."""
        assert self.views, "no view was opened"
        return self.views[-1]

    async def acknowledged(self, seconds: float = 5.0) -> "Interaction":
        """Wait for the acknowledgement."""
        delivery = self.delivery
        assert delivery is not None, "it was sent"
        await until(delivery.done.is_set, seconds, f"an acknowledgement of {self.name}")
        if not delivery.acknowledged:
            message = f"{self.name} was not acknowledged: {[one.failure for one in delivery.attempts]}"
            raise TimeoutError(message)
        await asyncio.sleep(0)
        return self

    async def answer(self, seconds: float = 5.0) -> "Interaction":
        """Wait until there is something to see."""
        await until(lambda: bool(self.messages or self.views or self.errors or self.problem), seconds, f"an answer to {self.name}")
        return self


class Interactions:
    """All interactions of one server."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.all: list[Interaction] = []
        self.response_base = ""
        self.commands: set[str] | None = None
        """The slash commands that the manifest names; None lets every one through."""
        self.shortcuts: Mapping[str, str] | None = None
        """The shortcuts of the manifest, callback id → message or global; None lets every one through."""
        self.is_switched_on = True
        """Whether the app takes buttons, shortcuts and forms at all."""
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, one: Interaction, kind: str, payload: Json) -> Interaction:
        """Send an interaction to the app."""
        if kind != COMMANDS and not self.is_switched_on:
            raise NotAllowedError("the app has interactivity switched off")
        self.all.append(one)
        assert self.state.deliveries is not None, "the server wires it"
        one.delivery = self.state.deliveries.interaction(kind, payload)
        task = asyncio.get_running_loop().create_task(self._finish(one, one.delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return one

    async def stop(self) -> None:
        """End what is still waiting."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _finish(self, one: Interaction, delivery: Delivery) -> None:
        await delivery.done.wait()
        if not delivery.acknowledged:
            one.problem = "operation_timeout"
            return
        answer = delivery.answer
        if isinstance(answer, str) and answer:
            answer = {"text": answer}
        if not isinstance(answer, dict) or not answer:
            if one.kind == "view_submission" and one.view is not None:
                self.close(one.view)
            return
        if delivery.kind == COMMANDS:
            wrong = block_problems(answer["blocks"]) if answer.get("blocks") else []
            one.problem = "; ".join(wrong)
            if not wrong:
                self.say(one, answer)
        elif one.kind == "view_submission":
            self._respond_to_form(one, answer)

    # Triggers

    def exchange(self, trigger_id: str) -> Interaction:
        """Use a trigger; raises invalid_, expired_ or exchanged_trigger_id."""
        found = next((one for one in self.all if one.trigger_id == trigger_id), None)
        if found is None:
            raise RefusedError("invalid_trigger_id")
        if found.trigger_used:
            raise RefusedError("exchanged_trigger_id")
        if self.state.clock.now() - found.made_at > TRIGGER_LIVES:
            raise RefusedError("expired_trigger_id")
        found.trigger_used = True
        return found

    # Views

    def open_views(self, user: User) -> list[View]:
        """The modals that somebody sees, the top one last."""
        return [one for one in self.state.world.views.values() if one.user is user and one.is_open and one.body["type"] == "modal"]

    def close(self, view: View) -> None:
        """Close a view; the one under it shows again."""
        view.is_open = False

    def _respond_to_form(self, one: Interaction, answer: Json) -> None:
        action, view = answer.get("response_action"), one.view
        body: Json = answer.get("view") or {}
        assert view is not None, "a form was sent"
        if action in {"update", "push"} and view_problems(body):
            one.problem = "; ".join(view_problems(body))
            return
        if action == "errors" and isinstance(answer.get("errors"), dict):
            known = {block["block_id"] for block in view.blocks if block["type"] == "input"}
            if not answer["errors"] or set(answer["errors"]) - known:
                one.problem = f"errors for blocks that are no inputs: {sorted(set(answer['errors']) - known)}"
                return
            one.errors = answer["errors"]
        elif action == "update":
            self.replace(view, body)
            one.views.append(view)
        elif action == "push":
            one.views.append(self.state.new_view(one.user, body, root=view.root_id, previous=view.id))
        elif action == "clear":
            for each in self.open_views(one.user):
                self.close(each)
        else:
            one.problem = f"an answer that means nothing: {sorted(answer)}"

    def replace(self, view: View, body: Json) -> None:
        """Give a view a new content and hash."""
        fresh = self.state.new_view(view.user, body)
        del self.state.world.views[fresh.id]
        view.body, view.hash = fresh.body, fresh.hash

    # Response addresses

    def address(self, one: Interaction) -> str:
        """Make the interaction's response_url."""
        one.response_id = uuid4().hex
        return f"{self.response_base}/{one.response_id}"

    def respond(self, response_id: str, body: Json) -> None:
        """Take what the app sends to a response_url; raises RefusedError with used_url or expired_url."""
        one = next((each for each in self.all if each.response_id == response_id), None)
        if one is None or one.uses >= ADDRESS_USES:
            raise RefusedError("used_url")
        if self.state.clock.now() - one.made_at > ADDRESS_LIVES:
            raise RefusedError("expired_url")
        if body.get("blocks") and block_problems(body["blocks"]):
            raise RefusedError("invalid_blocks")
        one.uses += 1
        self.say(one, body)

    def say(self, one: Interaction, body: Json) -> None:
        """Show an answer: to the member alone, or in the channel; or replace or delete what was pressed on."""
        source = one.source
        if body.get("delete_original") and source is not None:
            self._remove(source)
            return
        parts = {"blocks": body.get("blocks") or [], "attachments": body.get("attachments") or []}
        if body.get("replace_original") and source is not None:
            self._change(source, body.get("text", ""), parts)
            one.messages.append(source)
            return
        if not body.get("text") and not any(parts.values()):
            one.problem = "no_text"
            return
        assert one.channel is not None, "there is a place to answer in"
        made = self.state.make(one.channel, self.state.bot, body.get("text", ""), thread_ts=body.get("thread_ts", ""), parts=parts)
        if body.get("response_type") == "in_channel":
            self.state.post(made)
        else:
            made.ephemeral_to = one.user.id
            self.state.world.ephemerals.append(made)
        one.messages.append(made)

    def _remove(self, message: Message) -> None:
        if message.ephemeral_to:
            message.deleted = True
        else:
            self.state.delete(message)

    def _change(self, message: Message, text: str, parts: Json) -> None:
        if message.ephemeral_to:
            message.text, message.parts = text, {key: value for key, value in parts.items() if value}
        else:
            self.state.edit(message, text=text, parts=parts)
