"""Our Slack server as slack_sdk meets it: history, metadata, members, channels, tokens, arguments."""

from typing import Any

import pytest

pytest.importorskip("slack_bolt", reason="slack-bolt is not installed")
import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.servers.slack import Member, NotAllowedError, SlackServer
from tests.servers.slack.probe import Probe


@pytest.fixture
def api(slack: SlackServer) -> AsyncWebClient:
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)


async def refusal(call: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])


# History


async def test_history_gives_parents_and_broadcasts_newest_first_in_pages(slack: SlackServer, dana: Member, api: AsyncWebClient) -> None:
    said = [dana.says(slack.general, str(number)) for number in range(25)]
    dana.replies(said[3], "in the thread")
    shouted = dana.replies(said[3], "for all", broadcast=True)
    found = []
    async for page in await api.conversations_history(channel=slack.general.id, limit=10):
        found.append([one["text"] for one in page["messages"]])
    assert [len(one) for one in found] == [10, 10, 6]
    assert [text for page in found for text in page] == ["for all", *(str(number) for number in range(24, -1, -1))]
    parent = next(one for one in (await api.conversations_history(channel=slack.general.id))["messages"] if one["text"] == "3")
    assert (parent["reply_count"], parent["latest_reply"], parent["reply_users"]) == (2, shouted.ts, [dana.id])
    between = await api.conversations_history(channel=slack.general.id, oldest=said[5].ts, latest=said[8].ts)
    assert [one["text"] for one in between["messages"]] == ["7", "6"]
    whole = await api.conversations_history(channel=slack.general.id, oldest=said[5].ts, latest=said[8].ts, inclusive=True)
    assert [one["text"] for one in whole["messages"]] == ["8", "7", "6", "5"]
    assert await refusal(api.conversations_history(channel=slack.general.id, cursor="nonsense")) == "invalid_cursor"
    assert await refusal(api.conversations_history(channel=slack.general.id, oldest="yesterday")) == "invalid_ts_oldest"


@pytest.mark.parametrize("from_oldest", [True, False])
async def test_with_oldest_alone_pages_start_at_either_end_and_miss_nothing(
    slack: SlackServer, dana: Member, api: AsyncWebClient, from_oldest: bool
) -> None:
    slack.state.pages_start_at_oldest = from_oldest
    said = [dana.says(slack.general, str(number)) for number in range(9)]
    found = []
    async for page in await api.conversations_history(channel=slack.general.id, oldest=said[1].ts, limit=3):
        found.append([one["text"] for one in page["messages"]])
    assert found[0] == (["4", "3", "2"] if from_oldest else ["8", "7", "6"])
    assert sorted(text for page in found for text in page) == [str(number) for number in range(2, 9)]


async def test_replies_give_the_parent_first_and_then_the_oldest(slack: SlackServer, dana: Member, api: AsyncWebClient) -> None:
    parent = dana.says(slack.general, "parent")
    said = [dana.replies(parent, str(number)) for number in range(5)]
    found = await api.conversations_replies(channel=slack.general.id, ts=parent.ts, oldest=said[1].ts)
    assert [one["text"] for one in found["messages"]] == ["parent", "2", "3", "4"]
    pages = [page["messages"] async for page in await api.conversations_replies(channel=slack.general.id, ts=parent.ts, limit=2)]
    assert [[one["text"] for one in page] for page in pages] == [["parent", "0", "1"], ["parent", "2", "3"], ["parent", "4"]]
    assert await refusal(api.conversations_replies(channel=slack.general.id, ts="1.000000")) == "thread_not_found"


async def test_metadata_is_whole_only_when_asked_for(slack: SlackServer, dana: Member, api: AsyncWebClient) -> None:
    metadata = {"event_type": "steward_action", "event_payload": {"key": "1/7/1/nudge"}}
    await api.chat_postMessage(channel=slack.general.id, text="a notice", metadata=metadata)
    plain = (await api.conversations_history(channel=slack.general.id))["messages"][0]
    whole = (await api.conversations_history(channel=slack.general.id, include_all_metadata=True))["messages"][0]
    assert plain["metadata"] == {"event_type": "steward_action"}
    assert whole["metadata"] == metadata


# Members and channels


async def test_kick_and_invite_keep_slacks_rules(slack: SlackServer, dana: Member, bolt: Probe, api: AsyncWebClient) -> None:
    private = slack.add_channel("council", dana, private=True)
    await api.conversations_kick(channel=private.id, user=dana.id)
    assert dana.id not in private.members
    with pytest.raises(NotAllowedError):
        dana.says(private, "let me in")
    assert await refusal(api.conversations_kick(channel=private.id, user=dana.id)) == "not_in_channel"
    slack.owner.invites(dana, private)
    await slack.holds(lambda: len(bolt.of("member_joined_channel")) == 1)
    assert bolt.of("member_joined_channel")[0]["inviter"] == slack.owner.id
    assert await refusal(api.conversations_kick(channel=slack.general.id, user=dana.id)) == "cant_kick_from_general"
    slack.world.restricted.add("kick")
    assert await refusal(api.conversations_kick(channel=private.id, user=dana.id)) == "restricted_action"
    slack.world.restricted.clear()
    await api.conversations_kick(channel=private.id, user=dana.id)
    await api.conversations_invite(channel=private.id, users=[dana.id])
    assert dana.id in private.members
    assert await refusal(api.conversations_invite(channel=private.id, users=dana.id)) == "already_in_channel"


async def test_lists_of_people_and_channels_are_paged(slack: SlackServer, api: AsyncWebClient) -> None:
    for number in range(5):
        slack.add_member(f"member{number}")
        slack.add_channel(f"room{number}", private=number == 0)
    slack.add_channel("hidden", private=True, with_bot=False)
    people = [one["name"] async for page in await api.users_list(limit=3) for one in page["members"]]
    assert people == ["steward", "olive", *(f"member{number}" for number in range(5))]
    pages = await api.conversations_list(types="public_channel,private_channel", limit=2, exclude_archived=True)
    rooms = [one["name"] async for page in pages for one in page["channels"]]
    assert rooms == ["general", *(f"room{number}" for number in range(5))]
    found = (await api.conversations_members(channel=slack.general.id))["members"]
    assert len(found) == 7
    assert (await api.users_info(user=slack.owner.id))["user"]["is_owner"]


async def test_tokens_and_scopes_have_their_own_refusals(slack: SlackServer, dana: Member) -> None:
    def client(token: str) -> AsyncWebClient:
        return AsyncWebClient(token=token, base_url=slack.api_url)

    assert await refusal(client("xoxb-wrong").auth_test()) == "invalid_auth"
    assert await refusal(AsyncWebClient(base_url=slack.api_url).auth_test()) == "not_authed"
    assert await refusal(client(slack.app_token).users_list()) == "not_allowed_token_type"
    assert await refusal(client(slack.bot_token).apps_connections_open(app_token=slack.bot_token)) == "not_allowed_token_type"
    slack.set_scopes(without="chat:write im:history")
    with pytest.raises(SlackApiError) as refused:
        await client(slack.bot_token).chat_postMessage(channel=slack.general.id, text="x")
    assert (refused.value.response["error"], refused.value.response["needed"]) == ("missing_scope", "chat:write")
    assert "chat:write" not in refused.value.response["provided"]
    assert "chat:write" not in refused.value.response.headers["x-oauth-scopes"]
    assert await refusal(client(slack.bot_token).conversations_history(channel=dana.direct.id)) == "missing_scope"
    found = await client(slack.bot_token).auth_test()
    assert (found["user_id"], found["bot_id"], found["team_id"]) == (slack.bot.id, slack.bot.bot_id, slack.world.team_id)
    assert "channels:history" in found.headers["x-oauth-scopes"]


async def test_revoked_tokens_and_those_of_people_who_left_open_nothing(slack: SlackServer, dana: Member) -> None:
    user = AsyncWebClient(token=slack.add_admin_token(dana), base_url=slack.api_url)
    assert (await user.auth_test())["user_id"] == dana.id
    slack.deactivate(dana)
    assert await refusal(user.auth_test()) == "token_revoked"
    slack.revoke(slack.bot_token)
    assert await refusal(AsyncWebClient(token=slack.bot_token, base_url=slack.api_url).auth_test()) == "account_inactive"


async def test_arguments_come_in_the_query_a_form_or_as_json(slack: SlackServer) -> None:
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    args = {"channel": slack.general.id, "text": "hello"}
    async with aiohttp.ClientSession(headers=headers) as session:
        ways: list[dict[str, Any]] = [
            {"params": args},
            {"data": args},
            {"json": args},
            {"params": {"channel": args["channel"]}, "json": {"text": "hello"}},
        ]
        for more in ways:
            async with session.post(slack.api_url + "chat.postMessage", **more) as answer:
                assert (await answer.json())["ok"], more
    async with aiohttp.ClientSession() as session, session.post(slack.api_url + "auth.test", data={"token": slack.bot_token}) as answer:
        assert (await answer.json())["ok"]
    assert [one.text for one in slack.said_by_bot(slack.general)] == ["hello"] * 4
