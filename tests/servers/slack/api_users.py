"""auth.*, users.*, team.info, bots.info, reactions.*, files.info: who is who, and small things.

Knows: what Slack tells about people and the app. Must not know: HTTP.
Rules: people who left stay known, as deleted.
"""

from tests.servers.slack import payloads
from tests.servers.slack.errors import RefusedError, invalid_arguments
from tests.servers.slack.methods import Call, method
from tests.servers.slack.paging import page
from tests.servers.slack.tokens import APP, BOT, USER
from tests.servers.slack.world import Json, Message


@method("api.test", tier=4, kinds=(BOT, USER, APP))
def api_test(call: Call) -> Json:
    """Answer what was asked."""
    if call.text("error"):
        raise RefusedError(call.text("error"))
    return {"args": call.args}


@method("auth.test", tier=0, kinds=(BOT, USER, APP))
def auth_test(call: Call) -> Json:
    """Say who asks."""
    state, world = call.state, call.state.world
    if call.token.kind == APP:
        return {"app_name": state.bot.real_name, "app_id": state.app_id}
    made: Json = {
        "url": f"https://{world.domain}.slack.com/", "team": world.team_name, "user": call.user.name, "team_id": world.team_id,
        "user_id": call.user.id, "is_enterprise_install": False,
    }  # fmt: skip
    return made | ({"bot_id": call.user.bot_id} if call.token.kind == BOT else {})


@method("users.info", "users:read", tier=4)
def user_info(call: Call) -> Json:
    """One person."""
    return {"user": payloads.user(call.person(), call.state.world.team_id)}


@method("users.list", "users:read", tier=2)
def user_list(call: Call) -> Json:
    """Everybody."""
    world = call.state.world
    cut, more = page(list(world.users.values()), call.text("cursor"), call.number("limit", 1000, 1000), "user")
    members = [payloads.user(one, world.team_id) for one in cut]
    return {"members": members, "cache_ts": int(call.state.clock.now().timestamp()), "response_metadata": more}


@method("team.info", "team:read", tier=3)
def team_info(call: Call) -> Json:
    """The workspace."""
    world = call.state.world
    url = f"https://{world.domain}.slack.com/"
    return {"team": {"id": world.team_id, "name": world.team_name, "domain": world.domain, "url": url, "email_domain": "", "icon": {}}}


@method("bots.info", "users:read", tier=3)
def bot_info(call: Call) -> Json:
    """The app's bot."""
    one = next((one for one in call.state.world.users.values() if one.bot_id and one.bot_id == call.text("bot")), None)
    if one is None:
        raise RefusedError("bot_not_found")
    at = int(one.updated_at.timestamp())
    app_id = call.state.app_id if one is call.state.bot else ""
    shown = {"id": one.bot_id, "deleted": one.deleted, "name": one.real_name, "updated": at, "app_id": app_id, "user_id": one.id}
    return {"bot": shown | {"icons": {}}}


@method("reactions.add", "reactions:write", tier=3)
def add_reaction(call: Call) -> Json:
    """React."""
    name = call.needed("name", "invalid_name").strip(":")
    if not call.state.react(_reacted(call), call.user, name, added=True):
        raise RefusedError("already_reacted")
    return {}


@method("reactions.remove", "reactions:write", tier=2)
def remove_reaction(call: Call) -> Json:
    """Take a reaction back."""
    name = call.needed("name", "invalid_name").strip(":")
    if not call.state.react(_reacted(call), call.user, name, added=False):
        raise RefusedError("no_reaction")
    return {}


@method("reactions.get", "reactions:read", tier=3)
def get_reactions(call: Call) -> Json:
    """A message with its reactions."""
    message = _reacted(call)
    state = call.state
    return {"type": "message", "channel": message.channel.id, "message": payloads.message(message, state.world)}


def _reacted(call: Call) -> Message:
    if not call.text("channel") or not call.text("timestamp"):
        raise RefusedError("no_item_specified")
    found = call.channel().message(call.text("timestamp"))
    if found is None:
        raise RefusedError("message_not_found")
    return found


@method("files.info", "files:read", tier=4)
def file_info(call: Call) -> Json:
    """A file that stands in a message that the asker sees."""
    if not call.text("file"):
        raise invalid_arguments("missing required field: file")
    for channel in call.state.world.channels.values():
        for message in channel.messages.values():
            for one in message.parts.get("files", []):
                if one["id"] == call.text("file") and call.state.sees(call.user, channel):
                    return {"file": one, "comments": [], "response_metadata": {"next_cursor": ""}}
    raise RefusedError("file_not_found")
