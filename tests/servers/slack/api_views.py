"""views.*: modals and the Home tab; apps.connections.open: a socket's address.

Knows: triggers, hashes, external ids, a stack of three. Must not know: HTTP.
Rules: a view that the models refuse is invalid_arguments with the reasons; a hash that is not the last is hash_conflict.
"""

from tests.servers.slack.blocks import VIEW_BYTES_MAX, view_problems
from tests.servers.slack.errors import RefusedError, invalid_arguments
from tests.servers.slack.methods import Call, method
from tests.servers.slack.tokens import APP, BOT
from tests.servers.slack.world import Json, View

STACK_MAX = 3


@method("apps.connections.open", "connections:write", tier=3, kinds=(APP,))
def open_connection(call: Call) -> Json:
    """Give an address that opens one socket; `forbidden_team` where Socket Mode is switched off."""
    if not call.sockets.is_switched_on:
        raise RefusedError("forbidden_team")
    return {"url": call.sockets.new_url()}


@method("views.open", tier=4, kinds=(BOT,))
def open_view(call: Call) -> Json:
    """Show a modal to who did something in the last three seconds."""
    body = _body(call, "modal")
    asked = call.interactions.exchange(call.text("trigger_id"))
    view = call.state.new_view(asked.user, body)
    asked.views.append(view)
    return _shown(call, view)


@method("views.push", tier=4, kinds=(BOT,))
def push_view(call: Call) -> Json:
    """Put a modal on top of the one that was used."""
    body = _body(call, "modal")
    asked = call.interactions.exchange(call.text("trigger_id"))
    under = asked.view
    if under is None or not under.is_open:
        raise RefusedError("not_found")
    if len(call.interactions.open_views(asked.user)) >= STACK_MAX:
        raise RefusedError("push_limit_reached")
    view = call.state.new_view(asked.user, body, root=under.root_id, previous=under.id)
    asked.views.append(view)
    return _shown(call, view)


@method("views.update", tier=4, kinds=(BOT,))
def update_view(call: Call) -> Json:
    """Change a view that is shown."""
    views = call.state.world.views
    external = call.text("external_id")
    if external:
        view = next((one for one in views.values() if one.body.get("external_id") == external and one.is_open), None)
    else:
        view = views.get(call.text("view_id"))
    if view is None or not view.is_open:
        raise RefusedError("not_found")
    body = _body(call, str(view.body["type"]), view)
    _check_hash(call, view)
    call.interactions.replace(view, body)
    for one in call.interactions.all:
        if one.view is view and not one.views:
            one.views.append(view)
    return _shown(call, view)


@method("views.publish", tier=4, kinds=(BOT,))
def publish_view(call: Call) -> Json:
    """Give somebody a Home tab."""
    if not call.state.home_enabled:
        raise RefusedError("not_enabled")
    person = call.state.world.users.get(call.needed("user_id"))
    if person is None:
        raise invalid_arguments("user not found: user_id")
    known = call.state.world.homes.get(person.id)
    body = _body(call, "home", known)
    if known is not None:
        _check_hash(call, known)
        call.interactions.replace(known, body)
    else:
        known = call.state.world.homes[person.id] = call.state.new_view(person, body)
    return _shown(call, known)


def _body(call: Call, kind: str, before: View | None = None) -> Json:
    body = call.data("view")
    if isinstance(body, dict) and len(str(body).encode()) > VIEW_BYTES_MAX:
        raise RefusedError("view_too_large")
    problems = view_problems(body)
    if not problems and body["type"] != kind:
        problems = [f"a {kind} view is needed here"]
    if problems:
        raise invalid_arguments(*problems)
    assert isinstance(body, dict), "it was checked"
    external = body.get("external_id")
    others = (one for one in call.state.world.views.values() if one is not before)
    if external and any(one.body.get("external_id") == external for one in others):
        raise RefusedError("duplicate_external_id")
    return body


def _check_hash(call: Call, view: View) -> None:
    if call.text("hash") and call.text("hash") != view.hash:
        raise RefusedError("hash_conflict")


def _shown(call: Call, view: View) -> Json:
    return {"view": call.state.view_json(view)}
