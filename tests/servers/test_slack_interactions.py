"""Our Slack server as the real libraries meet it: commands, shortcuts, buttons, forms, the Home tab; over both ways."""

import contextlib
import copy
from collections.abc import AsyncIterator
from typing import Any

import pytest

pytest.importorskip("slack_bolt", reason="slack-bolt is not installed")
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tests.servers.slack import Member, NotAllowedError, SlackServer
from tests.servers.slack.probe import CARD, FORM, Probe, button, listening, plain, running


@pytest.fixture(params=["socket", "http"])
async def app(slack: SlackServer, dana: Member, request: pytest.FixtureRequest) -> AsyncIterator[Probe]:
    """Run the real app both ways."""
    way: contextlib.AbstractAsyncContextManager[Probe] = running(slack) if request.param == "socket" else listening(slack)
    async with way as made:
        yield made


async def test_a_command_is_answered_in_the_ack_and_by_its_response_url(slack: SlackServer, dana: Member, app: Probe) -> None:
    asked = await dana.runs("/report she insults everybody", slack.general).acknowledged()
    await slack.holds(lambda: len(asked.messages) == 2)
    assert dana.ephemeral_texts == ["noted: she insults everybody"]
    assert [one.text for one in slack.said_by_bot(slack.general)] == ["in the channel"]
    assert asked.uses == 1


async def test_a_command_opens_a_form_that_is_sent_back_and_then_taken(slack: SlackServer, dana: Member, app: Probe) -> None:
    asked = await dana.runs("/appeal").answer()
    form = asked.opened
    assert dana.views == [form]
    with pytest.raises(NotAllowedError):
        dana.submits(form, {})
    with pytest.raises(NotAllowedError):
        dana.submits(form, {"Why": "x" * 201})
    refused = await dana.submits(form, {"Why": "no"}).answer()
    assert refused.errors == {"reason": "say more"}
    assert dana.views == [form]
    sent = await dana.submits(form, {"Why": "I was quoting"}).acknowledged()
    await slack.holds(lambda: dana.dm_texts == ["heard: I was quoting"])
    assert (dana.views, sent.problem) == ([], "")


async def test_a_form_is_updated_pushed_on_and_closed(slack: SlackServer, dana: Member, app: Probe) -> None:
    form = (await dana.runs("/appeal").answer()).opened
    updated = await dana.submits(form, {"reason": "update"}).answer()
    assert updated.opened is form
    assert form.body["title"]["text"] == "Again"
    pushed = await dana.submits(form, {"why": "push"}).answer()
    assert [one.body["title"]["text"] for one in dana.views] == ["Again", "On top"]
    with pytest.raises(NotAllowedError):
        dana.submits(form, {"why": "not on top"})
    closed = dana.closes(pushed.opened)
    assert closed is not None
    await closed.acknowledged()
    await slack.holds(lambda: len(app.of("closed")) == 1)
    assert dana.views == [form]


async def test_shortcuts_on_a_message_and_from_anywhere(slack: SlackServer, dana: Member, app: Probe) -> None:
    said = slack.owner.says(slack.general, "rude words")
    await dana.opens_shortcut("report_message", said).answer()
    assert dana.ephemeral_texts == ["reported: rude words"]
    opened = await dana.opens_shortcut("report_something").answer()
    assert opened.opened.words.startswith("Appeal")


async def test_buttons_replace_their_message_and_open_forms(slack: SlackServer, dana: Member, app: Probe) -> None:
    posted = await app.client.chat_postMessage(channel=slack.general.id, text="Case 7", blocks=CARD)
    card = slack.general.messages[posted["ts"]]
    opened = await dana.presses(card, "Appeal").answer()
    assert opened.views
    await dana.presses(card, "uphold").answer()
    assert card.words == "upheld"
    with pytest.raises(NotAllowedError):
        dana.presses(card, "Uphold")
    said = app.of("action")[0]
    assert (said["actions"][0]["value"], said["container"]["message_ts"], said["message"]["text"]) == ("appeal", card.ts, "Case 7")


async def test_buttons_on_what_only_one_person_sees(slack: SlackServer, dana: Member, app: Probe) -> None:
    await app.client.chat_postEphemeral(channel=slack.general.id, user=dana.id, text="Case 7", blocks=CARD)
    card = dana.ephemerals[0]
    with pytest.raises(NotAllowedError):
        slack.owner.presses(card, "Uphold")
    await dana.presses(card, "Uphold").answer()
    assert dana.ephemeral_texts == ["upheld"]
    assert "message" not in app.of("action")[0]


async def test_the_home_tab_is_published_and_its_buttons_work(slack: SlackServer, dana: Member, app: Probe) -> None:
    dana.opens_home("messages")
    dana.opens_home()
    await slack.holds(lambda: dana.home is not None)
    assert dana.home is not None
    assert "Case 7" in dana.home.words
    await dana.presses(dana.home, "Appeal").answer()
    assert app.of("action")[0]["container"]["type"] == "view"
    dana.closes(dana.views[0])
    dana.opens_home()
    await slack.holds(lambda: len(app.of("app_home_opened")) == 3)
    assert app.of("app_home_opened")[-1]["view"]["type"] == "home"


# Triggers, hashes, response addresses: without an app that answers by itself


@pytest.fixture
def api(slack: SlackServer) -> AsyncWebClient:
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)


async def refusal(call: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])


async def test_a_trigger_lives_three_seconds_and_opens_one_view(slack: SlackServer, dana: Member, api: AsyncWebClient) -> None:
    asked = dana.runs("/late")
    slack.expected.append("operation_timeout")
    await api.views_open(trigger_id=asked.trigger_id, view=FORM)
    assert await refusal(api.views_open(trigger_id=asked.trigger_id, view=FORM)) == "exchanged_trigger_id"
    late = dana.runs("/late")
    slack.clock.advance(3.1)
    assert await refusal(api.views_open(trigger_id=late.trigger_id, view=FORM)) == "expired_trigger_id"
    assert await refusal(api.views_open(trigger_id="1.2.nonsense", view=FORM)) == "invalid_trigger_id"


async def test_views_are_updated_by_hash_and_external_id_and_stack_three_deep(
    slack: SlackServer, dana: Member, api: AsyncWebClient
) -> None:
    slack.expected.append("operation_timeout")
    buttons = {**FORM, "blocks": [*FORM["blocks"], {"type": "actions", "elements": [button("More", "more")]}]}
    opened = await api.views_open(trigger_id=dana.runs("/x").trigger_id, view={**buttons, "external_id": "mine"})
    view_id, first_hash = opened["view"]["id"], opened["view"]["hash"]
    await api.views_update(view_id=view_id, hash=first_hash, view={**buttons, "title": plain("Two"), "external_id": "mine"})
    assert await refusal(api.views_update(view_id=view_id, hash=first_hash, view=buttons)) == "hash_conflict"
    await api.views_update(external_id="mine", view={**buttons, "external_id": "mine"})
    assert (
        await refusal(api.views_open(trigger_id=dana.runs("/x").trigger_id, view={**FORM, "external_id": "mine"}))
        == "duplicate_external_id"
    )
    assert await refusal(api.views_update(view_id="V0NONE", view=FORM)) == "not_found"
    for _ in range(2):
        await api.views_push(trigger_id=dana.presses(dana.views[-1], "More").trigger_id, view=buttons)
    assert len(dana.views) == 3
    pressed = dana.presses(dana.views[-1], "More")
    assert await refusal(api.views_push(trigger_id=pressed.trigger_id, view=buttons)) == "push_limit_reached"


async def test_an_unanswered_command_shows_an_error_and_is_not_sent_again(slack: SlackServer, dana: Member) -> None:
    asked = dana.runs("/report nobody listens")
    await slack.holds(lambda: asked.problem == "operation_timeout")
    assert asked.delivery is not None
    assert len(asked.delivery.attempts) == 1
    slack.expected.append("operation_timeout")


async def test_a_response_url_is_used_five_times_within_half_an_hour(slack: SlackServer, dana: Member, app: Probe) -> None:
    asked = await dana.runs("/report x", slack.general).acknowledged()
    await slack.holds(lambda: asked.uses == 1)
    hook = AsyncWebhookClient(f"{slack.interactions.response_base}/{asked.response_id}")
    for number in range(4):
        assert (await hook.send(text=f"answer {number}")).body == "ok"
    answer = await hook.send(text="one too many")
    assert (answer.status_code, "used_url" in answer.body) == (404, True)
    fresh = await dana.runs("/report y", slack.general).acknowledged()
    slack.clock.advance(1801)
    hook = AsyncWebhookClient(f"{slack.interactions.response_base}/{fresh.response_id}")
    assert "expired_url" in (await hook.send(text="late")).body
    slack.fail_next("response_url", 503)
    assert (await hook.send(text="down")).status_code == 503
    assert [one.status for one in slack.calls("response_url")][-2:] == [404, 503]


async def test_menus_and_checkboxes_are_chosen_by_value_or_label(slack: SlackServer, dana: Member, api: AsyncWebClient) -> None:
    slack.expected.append("operation_timeout")
    options = [{"text": plain(label), "value": value} for label, value in (("Uphold", "uphold"), ("Dismiss", "dismiss"))]
    form = {**FORM, "blocks": [
        {"type": "input", "block_id": "what", "label": plain("What"), "element": {"type": "static_select", "action_id": "what", "options": options}},
        {"type": "input", "block_id": "why", "label": plain("Why"), "optional": True,
         "element": {"type": "checkboxes", "action_id": "why", "options": options}},
        {"type": "input", "block_id": "who", "label": plain("Who"), "optional": True, "element": {"type": "users_select", "action_id": "who"}},
    ]}  # fmt: skip
    await api.views_open(trigger_id=dana.runs("/x").trigger_id, view=form)
    view = dana.views[0]
    with pytest.raises(NotAllowedError):
        dana.submits(view, {"What": "burn"})
    with pytest.raises(NotAllowedError):
        dana.submits(view, {"What": "uphold", "Elsewhere": "x"})
    sent = dana.submits(view, {"What": "Dismiss", "why": ["uphold"], "who": dana.id})
    assert sent.delivery is not None
    state = sent.delivery.payload["view"]["state"]["values"]
    assert state["what"]["what"]["selected_option"]["value"] == "dismiss"
    assert [one["value"] for one in state["why"]["why"]["selected_options"]] == ["uphold"]
    assert state["who"]["who"]["selected_user"] == dana.id


MANIFEST = {
    "display_information": {"name": "Steward", "description": "Keeps the chat decent."},
    "features": {
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
        "bot_user": {"display_name": "steward"},
        "slash_commands": [{"command": "/report", "description": "Say that something is wrong", "usage_hint": "[what]"}],
        "shortcuts": [{"name": "Report message", "type": "message", "callback_id": "report_message", "description": "Say so"}],
    },
    "oauth_config": {"scopes": {"bot": ["commands", "chat:write", "channels:history"]}},
    "settings": {
        "event_subscriptions": {"bot_events": ["message.channels"]},
        "interactivity": {"is_enabled": True},
        "socket_mode_enabled": True,
    },
}


async def test_an_app_has_what_its_manifest_says_and_no_more(slack: SlackServer, dana: Member, bolt: Probe, api: AsyncWebClient) -> None:
    slack.install(MANIFEST)
    private = slack.add_channel("council", dana, private=True)
    said = dana.says(private, "unheard")
    dana.reacts(said, "wave")
    dana.says(slack.general, "heard")
    await slack.holds(lambda: bolt.texts == ["heard"])
    assert await refusal(api.users_list()) == "missing_scope"
    assert bolt.of("reaction_added") == []
    await dana.runs("/report x").acknowledged()
    with pytest.raises(NotAllowedError):
        dana.runs("/case 1")
    for name, message in (("report_message", None), ("other", said)):
        with pytest.raises(NotAllowedError):
            dana.opens_shortcut(name, message)
    await dana.opens_shortcut("report_message", slack.general.messages[max(slack.general.messages)]).answer()


def test_a_manifest_that_slack_would_refuse_is_refused_with_all_its_problems(slack: SlackServer) -> None:
    bad = copy.deepcopy(MANIFEST)
    bad["features"]["slash_commands"] = [{"command": "Report"}]  # type: ignore[index]
    bad["settings"]["event_subscriptions"] = {"bot_events": ["message.im", "sparkles"]}  # type: ignore[index]
    with pytest.raises(ValueError, match=r"'Report' is no name.*needs a description.*message\.im needs.*sparkles is no event"):
        slack.install(bad)


async def test_what_a_person_cannot_do_is_not_played(slack: SlackServer, dana: Member) -> None:
    private = slack.add_channel("council", private=True)
    guest = slack.add_member("guest", is_guest=True)
    slack.interactions.commands = {"/report"}
    said = slack.owner.says(slack.general, "mine")
    for played in (
        lambda: dana.says(private, "x"),
        lambda: dana.edits(said, "x"),
        lambda: dana.deletes(said),
        lambda: dana.runs("/unknown"),
        lambda: dana.reads(private),
        lambda: dana.leaves(slack.general),
        lambda: guest.joins(slack.add_channel("public")),
    ):
        with pytest.raises(NotAllowedError):
            played()
