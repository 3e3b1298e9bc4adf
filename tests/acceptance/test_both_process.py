"""The bot as one process on a Discord and a Slack that both misbehave, killed with -9 again and again.

Knows: what goes wrong on Slack, what is to be seen there in the end. Must not know: how anything is found, judged, performed.
Rules: nothing is lost, nothing is done twice; what Slack does not let be done is for people, and they are told; either service may be
away while the other goes on.
"""

import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

pytest.importorskip("slack_bolt", reason="slack-bolt is not installed")

from bot.platforms.slack.letters import EVENT_TYPE, key_of
from tests.acceptance.quarrels import (
    CALLS,
    KILLS,
    MEMBERS,
    QUIET_MEMBERS,
    ROOMS,
    TOLD,
    UNHEARD_MAX,
    Bot,
    Branch,
    DiscordBranch,
    Evening,
    must_be_whole,
    until,
)
from tests.servers.discord import DiscordServer
from tests.servers.faults import EVERY
from tests.servers.slack import Channel, Interaction, Member, Message, NotAllowedError, SlackServer

PACE, ACK_SECONDS = 0.05, 2.0
"""Slack's waits for a redelivery, 1 and 5 minutes, take 3 and 15 s here."""
IN_THREADS = 0.35
LAST = 60
"""Messages at the end without a new trouble: the last ones take effect meanwhile."""


class SlackBranch(Branch):
    """A branch's Slack workspace: public channels, a private one, threads. `admin`: Steward has an owner's own token too."""

    platform = "slack"
    server: SlackServer

    def __init__(self, server: SlackServer, chance: random.Random, *, admin: bool) -> None:
        super().__init__(chance)
        self.server, self.admin = server, admin
        self.place = server.world.team_id
        self.members: list[Member] = [server.add_member(f"member{number}") for number in range(MEMBERS)]
        self.quiet = [server.add_member(f"quiet{number}") for number in range(QUIET_MEMBERS)]
        self.everybody = (*self.members, *self.quiet)
        self.rooms = [server.general, *(server.add_channel(f"room-{number}", *self.everybody) for number in range(2, ROOMS))]
        self.rooms.append(server.add_channel("committee", *self.everybody, private=True))
        self.officers = server.add_channel("officers", private=True)
        self.threads: list[Message] = []
        self.cases: Interaction | None = None
        self.settings = {
            "STEWARD_SLACK_BOT_TOKEN": server.bot_token,
            "STEWARD_SLACK_APP_TOKEN": server.app_token,
            "STEWARD_SLACK_API_URL": server.api_url,
        }
        self.secrets = (server.bot_token, server.app_token, "ticket=")
        if admin:
            self.settings["STEWARD_SLACK_ADMIN_TOKEN"] = server.add_admin_token()
            self.secrets = (*self.secrets, self.settings["STEWARD_SLACK_ADMIN_TOKEN"])
        server.expected += ["usergroups"]  # the moderators' role is Discord's: here owners and admins moderate
        self.troubles = (
            server.drop_socket,
            lambda: server.limit_next("*", seconds=1),
            lambda: server.limit_next("chat.postMessage", seconds=1),
            lambda: server.fail_next("*", chance.choice((500, 503))),
            lambda: server.fail_next("chat.postMessage", ConnectionResetError, performed=True),
            lambda: server.fail_next("chat.postMessage", 500, performed=True),
            lambda: server.duplicate_next(3),
            lambda: server.lose_acks(2),
            lambda: server.ask_to_reconnect("refresh_requested"),
            self._issue_a_dead_ticket,
            self._refuse_the_next_handshake,
            self._deliver_something_old_again,
            self._send_nonsense,
        )

    # What goes wrong

    def _issue_a_dead_ticket(self) -> None:
        self.server.issue_dead_tickets(1)
        self.server.drop_socket()

    def _refuse_the_next_handshake(self) -> None:
        self.server.refuse_handshakes(1)
        self.server.drop_socket()

    def _deliver_something_old_again(self) -> None:
        """Once as what it was, and once under another event_id."""
        before = self.chance.choice([one for one in self.server.deliveries.all if one.event_id])
        self.server.deliveries.again(before)
        self.server.send_event(before.payload["event"])

    def _send_nonsense(self) -> None:
        self.server.send_raw("{not json")
        channel = self.server.general.id
        self.server.send_event({"type": "message", "channel": channel, "channel_type": "channel", "user": "U1", "text": "no id"})

    # What is said

    def say(self, *, breach: bool, text: str = "", quiet: bool = False, in_thread: bool = False) -> str:
        thread = self._thread() if in_thread or self.chance.random() < IN_THREADS else None
        room = thread.channel if thread else self.chance.choice(self.rooms)
        people = [self.quiet.pop()] if quiet else self.chance.sample(self.members, MEMBERS)
        said = self.text_of(self.chance.choice(self.members).mention, breach=breach, text=text)
        for member in people:
            try:
                message = self._says(member, room, thread, said, hidden=in_thread)
            except NotAllowedError:
                continue  # taken out of the channel: somebody else speaks
            (self.breaches if breach else self.fine).add(message.ts)
            return message.ts
        raise AssertionError("nobody may speak")

    def _thread(self) -> Message | None:
        """A message that can be answered."""
        there = [one for one in self.threads if not one.deleted]
        return self.chance.choice(there) if there else None

    def _says(self, member: Member, room: Channel, thread: Message | None, text: str, *, hidden: bool) -> Message:
        """`hidden`: it stands in the thread alone, so that the channel's history does not show it."""
        if thread is not None:
            return member.replies(thread, text, broadcast=not hidden and self.chance.random() < 0.2)
        message = member.says(room, text)
        self.threads.append(message)
        return message

    # What is to be seen in the end

    def is_settled(self, bot: Bot) -> bool:
        """Say whether nothing is on its way any more either, nor waits in the inbox."""
        waits = self.server.deliveries.unfinished or bot.rows("SELECT 1 FROM inbox WHERE done_at IS NULL")
        return not waits and super().is_settled(bot)

    async def moderator_asks(self, bot: Bot) -> None:
        """Let a moderator ask for open cases and what is to be done by hand: where Steward is not sure, it says so there."""
        self.cases = asked = self.server.owner.runs("/cases")
        maybe = bot.rows("SELECT \"case\", kind FROM actions WHERE platform = 'slack' AND state = 'maybe_done'")
        lines = [f"Case {case}: {kind}" for case, kind in maybe] or ["Case "]
        await until(lambda: all(line in asked.text for line in lines), 60, lambda: f"{lines} in {asked.text}")

    def must_be_whole(self, bot: Bot) -> None:
        assert self.server.problems() == []
        posts = self._posts()
        again = [made[0].words for made in posts.values() if len(made) > 1]
        assert not again, f"nothing is said twice: {again}"
        self._what_is_left_is_shown(bot, posts)
        self._members_are_told_once(bot, posts)
        self._cards_stand_once(bot, posts)
        self._only_what_was_decided_is_gone(bot)

    def _posts(self) -> dict[str, list[Message]]:
        """All that Steward ever posted, by its key; what has no key answers a command."""
        posts: dict[str, list[Message]] = {}
        for channel in self.server.world.channels.values():
            for message in channel.messages.values():
                metadata = message.metadata or {}
                if message.user is self.server.bot and metadata.get("event_type") == EVENT_TYPE:
                    posts.setdefault(metadata["event_payload"]["key"], []).append(message)
        in_rooms = [made[0].words for made in posts.values() if made[0].channel in self.rooms]
        assert not in_rooms, f"nothing is said in members' rooms: {in_rooms}"
        return posts

    def _what_is_left_is_shown(self, bot: Bot, posts: Mapping[str, list[Message]]) -> None:
        """Each action is done, was overtaken by a later decision, or is for people and they are told."""
        left = bot.rows(
            "SELECT key, \"case\", kind, state FROM actions WHERE platform = 'slack' AND state NOT IN ('done', 'dropped') ORDER BY key"
        )
        assert {state for *_, state in left} <= {"manual", "maybe_done"}, left
        manual = [kind for *_, kind, state in left if state == "manual"]
        assert set(manual) == (set() if self.admin else {"hide", "mute"}), "what a bot's token may not do, and nothing else"
        assert self.cases is not None, "a moderator asked"
        for key, case, kind, _ in left:
            tasks = [one for one in posts.get(key_of(f"{key}/task"), ()) if one.channel is self.officers and one.is_reply]
            assert tasks or f"Case {case}: {kind}" in self.cases.text, f"{key}: moderators are told"
        tasks_left = [key for (key,) in bot.rows("SELECT action_key FROM audit WHERE kind = 'manual_task'")]
        assert sorted(tasks_left) == sorted(key for key, *_, state in left if state == "manual"), "each task once"

    def _members_are_told_once(self, bot: Bot, posts: Mapping[str, list[Message]]) -> None:
        told = bot.rows(f"SELECT key, target FROM actions WHERE platform = 'slack' AND kind IN {TOLD} AND state = 'done'")
        for key, target in told:
            read = posts.get(key_of(key), ())
            assert [one.channel.members for one in read] == [[self.server.bot.id, target]], f"{key}: told directly, and nobody else"
        expected = {key_of(key) for key, _ in told}
        more = [one for key, (one, *_) in posts.items() if one.channel.kind == "im" and key not in expected]
        assert self.admin or not more, "nothing else was written to members"

    def _cards_stand_once(self, bot: Bot, posts: Mapping[str, list[Message]]) -> None:
        calls = bot.rows(f"SELECT \"case\", key FROM actions WHERE platform = 'slack' AND kind IN {CALLS} AND state = 'done'")
        cards = Counter(case for case, key in calls for one in posts.get(key_of(key), ()) if not one.is_reply)
        assert cards == Counter({case for case, _ in calls}), "one card for each case that was brought before the moderators"

    def _only_what_was_decided_is_gone(self, bot: Bot) -> None:
        """Clean messages are untouched, but what a muted member said where Steward can delete it."""
        said = {ts: one for room in self.rooms for ts, one in room.messages.items() if one.user is not self.server.bot}
        gone = {ts for ts, one in said.items() if one.deleted or one.subtype == "tombstone"}
        hidden = {ts for (ts,) in bot.rows("SELECT message FROM actions WHERE platform = 'slack' AND kind = 'hide' AND state = 'done'")}
        touched = {ts for (ts,) in bot.rows("SELECT message FROM actions WHERE platform = 'slack' AND message <> ''")}
        assert not self.fine & touched
        mutes = bot.rows("SELECT target, committed_at, until FROM actions WHERE platform = 'slack' AND kind = 'mute'") if self.admin else []
        muted = {
            ts for ts, one in said.items() for target, since, to in mutes if one.user.id == target and since < in_microseconds(ts) < to
        }
        assert gone == hidden | muted, "what was to be hidden, and what muted members said"
        deleted = Counter((one.body["channel"], one.body["ts"]) for one in self.server.calls("chat.delete") if (one.answer or {}).get("ok"))
        assert not deleted or max(deleted.values()) == 1
        out = Counter(
            (one.body["channel"], one.body["user"]) for one in self.server.calls("conversations.kick") if (one.answer or {}).get("ok")
        )
        assert not out or max(out.values()) == 1


def in_microseconds(ts: str) -> int:
    """When a message was sent, as the record counts."""
    seconds, _, rest = ts.partition(".")
    return int(seconds) * 1_000_000 + int(rest)


async def begins(bot: Bot, evening: Evening, discord: DiscordBranch, slack: SlackBranch) -> None:
    """Nothing goes well from the start; when the first events come, nobody can ask Slack who Steward is."""
    discord.server.refuse_handshakes(1)
    slack.server.fail_next("auth.test", 503, times=2)
    await bot.start()
    await bot.caught_up(discord, slack, since=0)
    asked = len(slack.server.calls("auth.test"))
    slack.server.fail_next("auth.test", 503, EVERY)
    await evening.talk(25)
    assert len(slack.server.calls("auth.test")) == asked
    slack.server.clear_faults()


async def is_strict(evening: Evening, slack: SlackBranch) -> None:
    """Slack gives 15 messages a page, and few pages at a time, while the bot is killed and reads back what it missed."""
    slack.server.limits.minute_seconds = 1.0
    slack.server.limit_history(page_max=15, per_minute=5)
    before = len(slack.server.exchanges)
    evening.breaks(slack, in_thread=True)
    await evening.killed(UNHEARD_MAX, *evening.branches)
    await evening.talk(15)
    slack.server.clear_faults()
    pages = [one for one in slack.server.exchanges[before:] if one.path == "conversations.history"]
    assert any(one.status == 429 for one in pages), "it was asked to wait"
    assert any((one.answer or {}).get("has_more") for one in pages), "there was more than a page"


def must_have_misbehaved(slack: SlackServer) -> None:
    """What this test is about has happened."""
    assert 408 in {status for _, status in slack.sockets.handshakes}, "a dead ticket"
    assert 503 in {status for _, status in slack.sockets.handshakes}, "a refused handshake"
    assert any(one.acknowledged and not one.attempts[0].acknowledged for one in slack.deliveries.all if one.attempts), "a redelivery"
    assert any(one.is_lost for one in slack.deliveries.all), "an event with no way out"
    faults = [one.fault for one in slack.exchanges if one.fault]
    assert {429, 503} <= {fault.failure for fault in faults}
    assert any(fault.performed for fault in faults), "an answer that was lost"


async def quarrel(folder: Path, seed: int, *, admin: bool = False) -> None:
    """Everything that the rules of this module promise, once."""
    chance = random.Random(seed)
    async with DiscordServer() as discord_server, SlackServer(pace=PACE, ack_seconds=ACK_SECONDS) as slack_server:
        discord, slack = DiscordBranch(discord_server, chance), SlackBranch(slack_server, chance, admin=admin)
        async with Bot(folder, discord, slack) as bot:
            evening = Evening(bot, chance)
            third = len(evening.troubles) // 3
            await begins(bot, evening, discord, slack)
            await evening.talk(120, troubles=third, kills=3)
            await evening.outage(slack)
            await evening.talk(120, troubles=third, kills=2)
            await is_strict(evening, slack)
            await evening.outage(discord)
            await evening.talk(evening.left - LAST, troubles=len(evening.troubles), kills=2)
            await evening.talk(evening.left)
            assert evening.kills == KILLS
            await evening.ends()
            await slack.moderator_asks(bot)
            await bot.stop()
            must_be_whole(bot)
            must_have_misbehaved(slack_server)


async def test_with_both_killed_ten_times_on_a_bad_evening_nothing_is_lost_or_done_twice(tmp_path: Path) -> None:
    await quarrel(tmp_path, seed=20)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
async def test_with_both_killed_on_other_bad_evenings_nothing_is_lost_or_done_twice(tmp_path: Path, seed: int) -> None:
    """With an admin's token in one of them: then messages are deleted, and nothing is left to people."""
    await quarrel(tmp_path, seed=seed, admin=seed == 0)
