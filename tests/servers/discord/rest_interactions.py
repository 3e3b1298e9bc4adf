"""The API of interactions: the first answer, and the webhook that what follows goes through.

Knows: its routes. Must not know: the rules of interactions, they are in `interactions`.
Rules: these calls carry no bot token, the interaction's own stands in the path.
"""

from typing import Any

from tests.servers.discord.routes import Answer, Call, route

HOOK = "/webhooks/{webhook_id}/{webhook_token}"


@route("POST", "/interactions/{interaction_id}/{interaction_token}/callback")
def answer_first(call: Call) -> Any:
    """Take the first answer."""
    one = call.interactions.callback(call.params["interaction_id"], call.params["interaction_token"], call.fields)
    if call.query.get("with_response", "").lower() in {"1", "true"}:
        return call.interactions.callback_shown(one)
    return Answer(204)


@route("POST", HOOK)
def follow_up(call: Call) -> Any:
    """Say one more thing."""
    one = call.interactions.webhook(call.params["webhook_id"], call.params["webhook_token"])
    message = call.interactions.follow_up(one, call.fields, has_files=call.file_count > 0)
    return call.interactions.show(message)


@route("GET", HOOK + "/messages/@original")
@route("GET", HOOK + "/messages/{message_id}")
def read_answer(call: Call) -> Any:
    """Show an answer."""
    one = call.interactions.webhook(call.params["webhook_id"], call.params["webhook_token"])
    return call.interactions.show(call.interactions.message(one, call.params.get("message_id", "@original")))


@route("PATCH", HOOK + "/messages/@original")
@route("PATCH", HOOK + "/messages/{message_id}")
def change_answer(call: Call) -> Any:
    """Change an answer."""
    one = call.interactions.webhook(call.params["webhook_id"], call.params["webhook_token"])
    message = call.interactions.message(one, call.params.get("message_id", "@original"))
    return call.interactions.show(call.interactions.edit(message, call.fields))


@route("DELETE", HOOK + "/messages/@original")
@route("DELETE", HOOK + "/messages/{message_id}")
def delete_answer(call: Call) -> Answer:
    """Take an answer back."""
    one = call.interactions.webhook(call.params["webhook_id"], call.params["webhook_token"])
    call.interactions.delete(call.interactions.message(one, call.params.get("message_id", "@original")))
    return Answer(204)
