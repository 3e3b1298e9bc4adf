"""What the doctor says of a workspace, asked of a Slack of our own through the real library."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.communities import ServerSetup
from bot.platforms.slack.doctor import NEEDED, OPTIONAL, Check, State, Tokens, examine, exit_code, first_steps, run_doctor_text
from tests.platforms.slack.at_work import MANIFEST, manifest
from tests.servers.slack import Channel, Member, SlackServer


def setup(channel: str = "officers", group: str = "") -> ServerSetup:
    return ServerSetup(platform="slack", server="T", community="main", escalation_channel=channel, moderator_role=group)


async def examined(slack: SlackServer, how: ServerSetup | None = None, **more: str) -> list[Check]:
    tokens = {"bot": slack.bot_token, "app": slack.app_token, **more}
    checks = await examine(Tokens(**tokens), api_url=slack.api_url, setup_of=lambda _: how or setup())
    text = run_doctor_text(checks)
    assert not any(token and token in text for token in tokens.values())
    return checks


def of(checks: list[Check], what: str) -> Check:
    return next(one for one in checks if one.what == what)


@pytest.fixture(autouse=True)
def tidy(slack: SlackServer, officers: Channel, ann: Member) -> None:
    """Be in the general channel and in the officers'."""


async def test_a_workspace_that_is_ready_is_well(slack: SlackServer) -> None:
    checks = await examined(slack)
    assert [one for one in checks if one.state in (State.WRONG, State.CARE)] == []
    assert exit_code(checks) == 0
    assert run_doctor_text(checks).endswith("All is well.")
    assert "officers is private" in of(checks, "Moderators' channel").found
    assert "#general" in of(checks, "Channels").found
    assert "#officers" not in of(checks, "Channels").found


def test_the_manifest_gives_exactly_the_scopes_that_the_doctor_looks_for() -> None:
    assert set(manifest()["oauth_config"]["scopes"]["bot"]) == {*NEEDED, *OPTIONAL}


@pytest.mark.parametrize("scope", sorted(NEEDED))
async def test_each_missing_scope_is_named_with_where_to_switch_it_on(slack: SlackServer, scope: str) -> None:
    slack.set_scopes(without=scope)
    checks = await examined(slack)
    found = of(checks, f"Scope {scope}")
    assert found.state is State.WRONG
    assert f"add {scope}" in found.press
    assert "OAuth & Permissions" in found.press
    assert exit_code(checks) == 1


async def test_what_is_optional_is_a_hint_and_what_is_too_much_a_warning(slack: SlackServer) -> None:
    slack.set_scopes(without="groups:write", also="chat:write.public admin.users:write")
    checks = await examined(slack)
    assert of(checks, "Scope groups:write").state is State.HINT
    assert "admin.users:write, chat:write.public" in of(checks, "Scopes").found
    assert of(checks, "Scopes").state is State.CARE
    assert not any("takes the member out" in one.found for one in checks)
    assert exit_code(checks) == 0


@pytest.mark.parametrize("token", ["xoxb-of-nobody", "", "xapp-1-test-app"])
async def test_a_wrong_bot_token_ends_it_with_where_to_find_the_right_one(slack: SlackServer, token: str) -> None:
    (only,) = await examined(slack, bot=token)
    assert (only.what, only.state) == ("Bot token", State.WRONG)
    assert "STEWARD_SLACK_BOT_TOKEN" in only.press


async def test_a_persons_token_is_not_taken_for_the_bots(slack: SlackServer) -> None:
    (only,) = await examined(slack, bot=slack.add_admin_token())
    assert "a person's token" in only.found


async def test_a_wrong_app_token_is_named(slack: SlackServer) -> None:
    assert of(await examined(slack, app="xapp-wrong"), "App token").state is State.WRONG
    assert "not_allowed_token_type" in of(await examined(slack, app=slack.bot_token), "App token").found
    nothing = of(await examined(slack, app=""), "App token")
    assert (nothing.state, "STEWARD_SLACK_APP_TOKEN" in nothing.press) == (State.WRONG, True)


async def test_signed_http_does_without_an_app_token(slack: SlackServer) -> None:
    checks = await examined(slack, app="", signing_secret=slack.signing_secret)
    assert "/slack/events" in of(checks, "Signed HTTP").press
    assert exit_code(checks) == 0


async def test_an_admins_token_says_what_it_reaches(slack: SlackServer, ann: Member) -> None:
    assert of(await examined(slack), "Admin token").state is State.HINT
    good = await examined(slack, admin=slack.add_admin_token())
    assert of(good, "Admin token").state is State.GOOD
    assert any("Messages are deleted" in one.found for one in good)
    members = of(await examined(slack, admin=slack.add_admin_token(ann, text="xoxp-ann")), "Admin token")
    assert (members.state, "neither an owner nor an admin" in members.found) == (State.WRONG, True)
    assert of(await examined(slack, admin="xoxp-of-nobody"), "Admin token").state is State.WRONG


async def test_nothing_is_called_muted_that_is_not(slack: SlackServer) -> None:
    slack.set_scopes(without="groups:write")
    said = [one.found for one in await examined(slack) if one.what == "Hiding and muting"]
    assert len(said) == 1
    assert "asked not to post" in said[0]


async def test_the_moderators_channel_has_to_be_named_there_private_and_joined(slack: SlackServer) -> None:
    what = "Moderators' channel"
    assert of(await examined(slack, setup("")), what).state is State.CARE
    assert "sees no channel elsewhere" in of(await examined(slack, setup("elsewhere")), what).found
    public = of(await examined(slack, setup(f"<#{slack.general.id}>")), what)
    assert (public.state, "everybody in the workspace can read #general" in public.found) == (State.WRONG, True)
    slack.add_channel("cards", with_bot=False)
    outside = of(await examined(slack, setup("#cards")), what)
    assert (outside.state, "is not in #cards" in outside.found) == (State.WRONG, True)


async def test_channels_without_steward_are_named(slack: SlackServer) -> None:
    slack.add_channel("secret-santa", with_bot=False)
    cares = [one for one in await examined(slack) if one.what == "Channels" and one.state is State.CARE]
    assert ["#secret-santa" in one.found and "/invite" in one.press for one in cares] == [True]
    slack.general.members.remove(slack.bot.id)
    assert "in no channel" in of(await examined(slack), "Channels").found


@pytest.mark.parametrize(("seconds", "state"), [(0, State.GOOD), (30, State.CARE), (-300, State.WRONG)])
async def test_a_wrong_clock_is_noticed(slack: SlackServer, seconds: int, state: State) -> None:
    tokens = Tokens(bot=slack.bot_token, app=slack.app_token)
    checks = await examine(tokens, api_url=slack.api_url, now=lambda: datetime.now(UTC) + timedelta(seconds=seconds))
    assert of(checks, "Clock").state is state


async def test_a_slack_that_is_not_there_is_said_in_one_line() -> None:
    (only,) = await examine(Tokens(bot="xoxb-1"), api_url="http://127.0.0.1:9/api/")
    assert (only.what, only.state) == ("Slack", State.WRONG)
    assert "could not be reached" in only.found


def test_the_first_steps_lead_to_the_manifest_and_name_both_tokens() -> None:
    said = first_steps()
    assert str(MANIFEST).endswith("bot/platforms/slack/manifest.yaml")
    assert Path(MANIFEST).is_file()
    for part in (
        "bot/platforms/slack/manifest.yaml",
        "STEWARD_SLACK_BOT_TOKEN",
        "STEWARD_SLACK_APP_TOKEN",
        "connections:write",
        "/invite @Steward",
    ):
        assert part in said
    assert "xoxb" not in repr(Tokens(bot="xoxb-1", app="xapp-1"))
