"""The checks of what was called: planted mistakes are seen, and our own server holds to Slack's descriptions."""

import ast
import copy
import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("slack_sdk", reason="slack_sdk is not installed")
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.servers.slack import Member, SlackServer, methods
from tests.servers.slack.blocks import block_problems, view_problems
from tests.servers.slack.checking import METHODS, Descriptions, descriptions
from tests.servers.slack.errors import RefusedError
from tests.servers.slack.probe import CARD, FORM, button, plain
from tests.servers.slack.world import Json

HERE = Path(__file__).parent / "slack"
DESCRIBED = pytest.mark.skipif(descriptions(METHODS) is None, reason="the methods' descriptions (../shared/specs) are not there")


@pytest.fixture
def known() -> Descriptions:
    found = descriptions(METHODS)
    assert found is not None
    return found


@pytest.fixture
def api(slack: SlackServer) -> AsyncWebClient:
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)


# Our server against the descriptions


@DESCRIBED
@pytest.mark.parametrize("name", sorted(methods.method.all))
def test_a_method_has_the_tier_and_the_scopes_that_its_description_gives(name: str, known: Descriptions) -> None:
    ours, described = methods.method.all[name], known.of(name)
    assert described is not None
    label = described["rate_limit"]["label"]
    assert label.startswith("Special" if ours.tier == 0 else f"Tier {ours.tier}")
    for kind, found in (
        ("bot", {*ours.scopes, *ours.by_kind.values()}),
        ("user", {*ours.scopes, *(ours.user_by_kind or ours.by_kind).values()}),
    ):
        documented = {one["name"] for one in described["scopes"].get(kind, [])}
        if documented and kind in ours.kinds:
            assert found <= documented | {"channels:join", "channels:write"}


@DESCRIBED
def test_our_server_knows_only_documented_refusals(known: Descriptions) -> None:
    documented = set(known.common) | {code for name in methods.method.all for code in (known.of(name) or {"errors": {}})["errors"]}
    not_web_api = {"used_url", "expired_url"}
    for path in HERE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "RefusedError" and node.args:
                given = node.args[0]
                for code in [given.body, given.orelse] if isinstance(given, ast.IfExp) else [given]:
                    if isinstance(code, ast.Constant):
                        assert code.value in documented | not_web_api, f"{path.name}: {code.value!r}"


# Planted mistakes


async def planted(slack: SlackServer, *calls: Any) -> list[str]:
    for call in calls:
        try:
            await call
        except SlackApiError:
            continue
    found = slack.problems()
    slack.expected.append("")
    return found


@DESCRIBED
async def test_an_unknown_method_argument_or_missing_argument_is_seen(slack: SlackServer, api: AsyncWebClient) -> None:
    general = slack.general.id
    found = await planted(
        slack, api.api_call("chat.shout", json={}), api.api_call("chat.postMessage", json={"channel": general, "text": "x", "loud": True}),
        api.api_call("chat.delete", json={"channel": general}), api.api_call("conversations.history", json={"channel": general, "limit": "many"}),
        api.api_call("chat.postMessage", json={"channel": general, "text": "x", "unfurl_links": "perhaps"}),
    )  # fmt: skip
    for part in (
        "chat.shout: no such method",
        "takes no argument 'loud'",
        "lacks 'ts'",
        "'limit' is not a number",
        "'unfurl_links' is not a boolean",
    ):
        assert any(part in one for one in found), part


@DESCRIBED
async def test_an_undocumented_code_and_an_answer_without_a_scope_are_seen(
    slack: SlackServer, api: AsyncWebClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = methods.method.all["chat.getPermalink"]

    def invented(_: Any) -> Json:
        raise RefusedError("not_today")

    monkeypatch.setitem(methods.method.all, "chat.getPermalink", replaced(ours, invented))
    monkeypatch.setitem(methods.method.all, "chat.postMessage", methods.Method(
        name="chat.postMessage", tier=0, function=lambda _: {}, kinds=frozenset({"bot"}), scopes=(),
    ))  # fmt: skip
    slack.set_scopes(without="chat:write")
    found = await planted(
        slack, api.chat_getPermalink(channel=slack.general.id, message_ts="1.0"), api.chat_postMessage(channel=slack.general.id, text="x")
    )
    assert any("'not_today', which is not documented" in one for one in found)
    assert any("without any scope of ['chat:write']" in one for one in found)


def replaced(ours: methods.Method, function: methods.Function) -> methods.Method:
    return methods.Method(name=ours.name, tier=ours.tier, function=function, kinds=ours.kinds, scopes=ours.scopes)


async def test_our_own_rules_are_seen_without_descriptions(slack: SlackServer, api: AsyncWebClient, tmp_path: Path) -> None:
    general = slack.general.id
    too_many = [{"type": "divider"}] * 51
    await planted(
        slack, api.chat_postMessage(channel=general, text="x" * 40_001), api.api_call("chat.postMessage", json={"channel": general}),
        api.api_call("chat.postMessage", json={"channel": general, "blocks": CARD}), api.chat_postMessage(channel=general, text="x", blocks=too_many),
        api.api_call("conversations.history", json={"channel": general, "limit": 1000}), api.api_call("chat.shout", json={}),
        api.views_publish(user_id=slack.owner.id, view={"type": "home", "blocks": too_many * 2}),
    )  # fmt: skip
    slack.expected.clear()
    found = slack.problems(tmp_path)
    slack.expected.append("")
    for part in (
        "text is over 40000", "the message is empty", "blocks without a text", "more than 50 blocks", "at most 999",
        "does not have", "more than 100 blocks",
    ):  # fmt: skip
        assert any(part in one for one in found), part


async def test_an_interaction_that_went_wrong_is_seen(slack: SlackServer, dana: Member) -> None:
    asked = dana.runs("/report")
    await slack.holds(lambda: bool(asked.problem))
    assert slack.problems() == ["command /report: operation_timeout"]
    slack.expected.append("operation_timeout")


async def test_a_server_of_ours_that_stumbles_is_seen(slack: SlackServer, api: AsyncWebClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(_: Any) -> Json:
        raise ZeroDivisionError

    monkeypatch.setitem(methods.method.all, "auth.test", replaced(methods.method.all["auth.test"], stumble))
    with pytest.raises(SlackApiError):
        await api.auth_test()
    assert slack.problems() == ["auth.test: our server stumbled over ZeroDivisionError()"]
    slack.expected.append("stumbled")


async def test_the_server_refuses_what_the_checks_complain_of(slack: SlackServer, dana: Member, api: AsyncWebClient) -> None:
    bad = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]
    with pytest.raises(SlackApiError) as refused:
        await api.chat_postMessage(channel=slack.general.id, text="x", blocks=bad)
    assert refused.value.response["error"] == "invalid_blocks"
    with pytest.raises(SlackApiError) as refused:
        await api.views_open(trigger_id=dana.runs("/x").trigger_id, view={**FORM, "title": plain("x" * 25)})
    assert refused.value.response["error"] == "invalid_arguments"
    assert "title" in refused.value.response["response_metadata"]["messages"][0]
    slack.expected.append("")


def section(**more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": "words"}, **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


OPTION = {"text": plain("x"), "value": "x"}
MISTAKES: list[tuple[Any, str]] = [
    ("x", "not a list"),
    ([section()] * 51, "more than 50"),
    ([{"type": "sparkles"}], "unknown type"),
    ([{"type": "section"}], "text or fields"),
    ([section(text={"type": "mrkdwn", "text": "x" * 3001})], "3000"),
    ([section(text={"type": "mrkdwn", "text": ""})], "empty"),
    ([section(fields=[plain("x")] * 11)], "10 items"),
    ([section(fields=[plain("x" * 2001)])], "2000"),
    ([section(block_id="b" * 256)], "255"),
    ([section(block_id="b"), section(block_id="b")], "block_id twice"),
    ([{"type": "header", "text": plain("x" * 151)}], "150"),
    ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "plain"),
    ([{"type": "context", "elements": []}], "no elements"),
    ([{"type": "context", "elements": [plain("x")] * 11}], "10 elements"),
    ([actions()], "no elements"),
    ([actions(*[button("x", str(number)) for number in range(26)])], "25"),
    ([actions(button("x" * 76, "a"))], "75"),
    ([actions(button("x", "a" * 256))], "255"),
    ([actions(button("x", "same"), button("y", "same"))], "action_id twice"),
    ([actions({**button("x", "a"), "value": "v" * 2001})], "2000"),
    ([actions({**button("x", "a"), "style": "loud"})], "style"),
    ([actions({**button("x", "a"), "text": {"type": "mrkdwn", "text": "x"}})], "plain"),
    ([actions({"type": "static_select", "action_id": "a", "options": [OPTION] * 101})], "100"),
    ([actions({"type": "static_select", "action_id": "a", "options": [{**OPTION, "value": "v" * 151}]})], "150|too long"),
    ([{"type": "input", "label": plain("x" * 2001), "element": {"type": "plain_text_input", "action_id": "a"}}], "2000"),
]


@pytest.mark.parametrize(("blocks", "part"), MISTAKES, ids=[f"{number}-{part}" for number, (_, part) in enumerate(MISTAKES)])
def test_a_planted_mistake_in_blocks_is_seen(blocks: Any, part: str) -> None:
    found = block_problems(blocks)
    assert any(each in one for one in found for each in part.split("|")), found


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"title": plain("x" * 25)}, "24"), ({"submit": plain("x" * 25)}, "24"), ({"title": None}, "needs a title"),
        ({"submit": None}, "needs submit"), ({"callback_id": "x" * 256}, "255"), ({"private_metadata": "x" * 3001}, "3000"),
        ({"blocks": [section()] * 101}, "100"), ({"type": "window"}, "modal"), ({"blocks": []}, "100 blocks"), ({"type": "home"}, "submit"),
        ({"title": {"type": "mrkdwn", "text": "x"}}, "plain"),
    ],
)  # fmt: skip
def test_a_planted_mistake_in_a_view_is_seen(change: Json, part: str) -> None:
    found = view_problems({**FORM, **change})
    assert any(part in one for one in found), found


def test_good_blocks_and_views_are_let_through() -> None:
    before = json.dumps([CARD, FORM])
    assert block_problems(copy.deepcopy(CARD)) == []
    assert view_problems(FORM) == []
    assert view_problems({"type": "home", "blocks": CARD}) == []
    assert json.dumps([CARD, FORM]) == before


# The shapes of what our server sends, against recorded ones

RECORDED = METHODS.parent / "java-slack-sdk-json-logs"
NEWER = {"context_team_id", "context_enterprise_id", "channel_type", "team", "app_id", "bot_profile", "action_ts", "response_urls"}
"""Fields that Slack sends today and the recordings leave out."""
LEFT_OUT = {"api_app_id", "blocks", "values"}
"""Fields that the recordings lack in some places and have in others."""
FILLED_IN = {"blocks", "attachments", "files", "reactions", "enterprise"}
"""What an app or a person fills in: not compared within."""


def strange(ours: Any, recorded: Any, place: str = "") -> list[str]:
    """List the fields that a recording of the same thing does not have."""
    if isinstance(ours, dict) and isinstance(recorded, dict):
        found = [f"{place}/{key}" for key in ours if key not in recorded and key not in NEWER | LEFT_OUT]
        inner = [key for key in ours if key in recorded and key not in FILLED_IN]
        return found + [one for key in inner for one in strange(ours[key], recorded[key], f"{place}/{key}")]
    if isinstance(ours, list) and isinstance(recorded, list) and recorded:
        return [one for each in ours for one in strange(each, recorded[0], f"{place}[]")]
    return []


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded payloads (../shared/specs) are not there")
async def test_events_and_interactions_have_only_fields_that_slack_was_seen_to_send(
    slack: SlackServer, dana: Member, api: AsyncWebClient
) -> None:
    slack.expected.append("operation_timeout")
    said = dana.says(slack.general, "one")
    dana.replies(said, "two", broadcast=True)
    dana.edits(said, "three")
    dana.says(slack.general, "", files=[{"name": "a.txt"}])
    dana.reacts(said, "wave")
    dana.joins(slack.add_channel("council"))
    dana.deletes(dana.says(slack.general, "gone"))
    await api.views_publish(user_id=dana.id, view={"type": "home", "blocks": CARD})
    dana.opens_home()
    seen = [(event["event"].get("subtype") or event["event"]["type"], event) for event in slack.state.events]
    dana.runs("/report x")
    dana.opens_shortcut("report_message", said)
    posted = await api.chat_postMessage(channel=slack.general.id, text="Case 7", blocks=CARD)
    dana.presses(slack.general.messages[posted["ts"]], "Uphold")
    await api.views_open(trigger_id=dana.opens_shortcut("anything").trigger_id, view=FORM)
    dana.submits(dana.views[0], {"Why": "because"})
    dana.closes(dana.views[0])
    seen += [(one.kind, one.delivery.payload) for one in slack.interactions.all if one.delivery is not None]
    names = {
        "message": "events/Message", "thread_broadcast": "events/MessageThreadBroadcast", "message_changed": "events/MessageChanged",
        "file_share": "events/MessageFileShare", "reaction_added": "events/ReactionAdded", "channel_join": "events/MessageChannelJoin",
        "member_joined_channel": "events/MemberJoinedChannel", "message_deleted": "events/MessageDeleted",
        "app_home_opened": "events/AppHomeOpened", "command": "app-backend/SlashCommand", "message_action": "app-backend/MessageShortcut",
        "block_actions": "app-backend/BlockAction", "view_submission": "app-backend/ViewSubmission", "view_closed": "app-backend/ViewClosed",
    }  # fmt: skip
    assert set(names) <= {kind for kind, _ in seen}
    found = []
    for kind, payload in seen:
        if kind in names:
            recorded = json.loads((RECORDED / f"{names[kind]}Payload.json").read_text(encoding="utf-8"))
            found += [f"{kind}{one}" for one in strange(payload, recorded)]
    assert not found, "\n".join(found)
