"""Holds what was exchanged against Discord's OpenAPI description, and against the rules that it misses.

Knows: the description's paths and schemas, the client library's known deviations. Must not know: how the server works.
Rules: everything wrong is listed, not the first alone; unions are read as "at least one fits", because the description's
alternatives overlap; a request may carry no field that no alternative knows; planned failures' answers are not checked.
"""

import json
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.servers.discord.faults import Exchange
from tests.servers.discord.gateway import Sent
from tests.servers.discord.world import Json

HERE = "urn:discord"
CONTENT_MAX = 2000
HISTORY_MAX = 100
REASON_MAX = 512
COMMAND_NAME = re.compile(r"[-_'\w]{1,32}")
NUMBERS_FOR_IDS = {("POST", "/users/@me/channels"): "recipient_id", ("POST", "/channels/{channel_id}/messages/bulk-delete"): "messages"}
"""Where discord.py 2.7 sends ids as numbers and Discord takes them."""
FLAGS_FOR_BOOLEANS = {"1": "true", "0": "false", "True": "true", "False": "false"}
"""How the library writes booleans in a query."""
EDITS_OF_ANSWERS = "/webhooks/{webhook_id}/{webhook_token}/messages/"
UNKNOWN_BUT_TAKEN = {
    ("PATCH", "/channels/{channel_id}/messages/{message_id}"): {"tts"},
    ("PATCH", EDITS_OF_ANSWERS + "@original"): {"tts"},
    ("PATCH", EDITS_OF_ANSWERS + "{message_id}"): {"tts"},
}
"""Fields that discord.py 2.7 sends, that Discord takes, and that the description does not list."""
DISPATCHES = {
    "MESSAGE_CREATE": "MessageResponse",
    "MESSAGE_UPDATE": "MessageResponse",
    "GUILD_MEMBER_ADD": "GuildMemberResponse",
    "GUILD_MEMBER_UPDATE": "GuildMemberResponse",
    "CHANNEL_CREATE": "GuildChannelResponse",
    "CHANNEL_UPDATE": "GuildChannelResponse",
    "THREAD_CREATE": "ThreadResponse",
    "THREAD_UPDATE": "ThreadResponse",
    "GUILD_CREATE": "GuildResponse",
}
"""Dispatches whose data is, or begins with, something that the description knows."""


class Description:
    """An OpenAPI document with its validators, made as they are needed."""

    def __init__(self, document: Json) -> None:
        self.document = _with_open_unions(document)
        resource: Resource[Any] = Resource.from_contents(self.document, default_specification=DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resource(HERE, resource)
        self._validators: dict[str, Draft202012Validator] = {}

    def wrong(self, pointer: Sequence[str], value: Any) -> list[str]:
        """Say what is wrong with a value under the schema at that place of the document."""
        written = "/".join(part.replace("~", "~0").replace("/", "~1") for part in pointer)
        if written not in self._validators:
            self._validators[written] = Draft202012Validator({"$ref": f"{HERE}#/{written}"}, registry=self._registry)
        return [_said(one) for one in self._validators[written].iter_errors(value)]

    def resolved(self, node: Json) -> Json:
        """Follow references."""
        while "$ref" in node:
            found: Any = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            node = found
        return node

    def fields(self, schema: Json) -> set[str] | None:
        """List every field that an object may have under a schema's alternatives; None where any may."""
        schema = self.resolved(schema)
        if isinstance(schema.get("additionalProperties"), dict):
            return None
        found = set(schema.get("properties", {}))
        for key in ("anyOf", "oneOf", "allOf"):
            for one in schema.get(key, []):
                inner = self.fields(one)
                if inner is None:
                    return None
                found |= inner
        return found

    def operation(self, method: str, template: str) -> Json | None:
        """Find an operation by its documented path, with the parameters of the path."""
        path = self.document["paths"].get(template)
        return None if path is None else path.get(method.lower())


def problems(exchanges: Iterable[Exchange], log: Iterable[Sent], openapi: Path) -> list[str]:
    """List all that is wrong with what was exchanged."""
    description = _read(openapi)
    found = [problem for one in exchanges for problem in exchange_problems(one, description)]
    return found + [problem for one in log for problem in dispatch_problems(one, description)]


@lru_cache(maxsize=2)
def _read(openapi: Path) -> Description:
    return Description(json.loads(openapi.read_text(encoding="utf-8")))


def exchange_problems(one: Exchange, description: Description) -> list[str]:
    """List what is wrong with a request and its answer."""
    head = f"{one.method} {one.path}"
    operation = description.operation(one.method, one.template) if one.template else None
    if operation is None:
        return [f"{head}: no such call"]
    found = [*_query_problems(one, operation, description), *_body_problems(one, operation, description), *_missed_rules(one)]
    if one.fault is None:
        found += _answer_problems(one, operation, description)
    return [f"{head}: {problem}" for problem in found]


def _query_problems(one: Exchange, operation: Json, description: Description) -> list[str]:
    known = {each["name"]: at for at, each in enumerate(operation.get("parameters", [])) if each.get("in") == "query"}
    found = [f"query has an unknown {name!r}" for name in one.query if name not in known]
    for name, at in known.items():
        if name in one.query:
            value = _read_query(one.query[name], description.resolved(operation["parameters"][at]["schema"]))
            place = ("paths", one.template, one.method.lower(), "parameters", str(at), "schema")
            found += [f"query {name!r}: {problem}" for problem in description.wrong(place, value)]
        elif operation["parameters"][at].get("required"):
            found.append(f"query lacks {name!r}")
    return found


def _read_query(text: str, schema: Json) -> Any:
    kind = schema.get("type")
    if kind == "string":
        return text
    try:
        return json.loads(FLAGS_FOR_BOOLEANS.get(text, text) if kind == "boolean" else text)
    except ValueError:
        return text


def _body_problems(one: Exchange, operation: Json, description: Description) -> list[str]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return [] if one.body in (None, {}) else ["a body where none is taken"]
    if one.body is None:
        return ["no body"] if operation["requestBody"].get("required") else []
    place = ("paths", one.template, one.method.lower(), "requestBody", "content", "application/json", "schema")
    found = [f"body {problem}" for problem in description.wrong(place, _without_deviations(one))]
    known = description.fields(content["schema"])
    if isinstance(one.body, dict) and known:
        unknown = set(one.body) - known - UNKNOWN_BUT_TAKEN.get((one.method, one.template), set())
        found += [f"body has an unknown field {name!r}" for name in sorted(unknown)]
    return found


def _without_deviations(one: Exchange) -> Any:
    if not isinstance(one.body, dict):
        return one.body
    body = _with_text_ids(one.body)
    name = NUMBERS_FOR_IDS.get((one.method, one.template))
    if name is None or name not in body:
        return body
    value = body[name]
    return {**body, name: [str(each) for each in value] if isinstance(value, list) else str(value)}


def _with_text_ids(body: Json) -> Json:
    """Ids inside a message that the library sends as numbers and Discord takes: pinged roles, attachments, what it refers to."""
    made = dict(body)
    mentions = made.get("allowed_mentions")
    if isinstance(mentions, dict):
        made["allowed_mentions"] = {
            key: [str(one) for one in value] if isinstance(value, list) else value for key, value in mentions.items()
        }
    if isinstance(made.get("attachments"), list):
        made["attachments"] = [{**one, "id": str(one["id"])} if "id" in one else one for one in made["attachments"]]
    reference = made.get("message_reference")
    if isinstance(reference, dict):
        made["message_reference"] = {key: str(value) if key.endswith("_id") else value for key, value in reference.items()}
    if isinstance(made.get("data"), dict):
        made["data"] = _with_text_ids(made["data"])
    return made


def _missed_rules(one: Exchange) -> list[str]:
    found = []
    if len(one.headers.get("X-Audit-Log-Reason", "")) > REASON_MAX * 12:
        found.append(f"the reason is over {REASON_MAX} characters")
    if one.template.endswith("/messages") and one.method == "GET" and int(one.query.get("limit", 50)) > HISTORY_MAX:
        found.append(f"a page of history is at most {HISTORY_MAX}")
    said = _message_in(one)
    if said is not None:
        content = said.get("content") or ""
        if len(content) > CONTENT_MAX:
            found.append(f"content is over {CONTENT_MAX} characters")
        is_new = one.method == "POST" and "multipart" not in one.headers.get("Content-Type", "")
        parts = ("embeds", "components", "poll", "sticker_ids", "message_reference")
        if is_new and not content.strip() and not any(said.get(key) for key in parts):
            found.append("the message is empty")
    if one.template.endswith("/commands"):
        for command in one.body if isinstance(one.body, list) else [one.body] if one.body else []:
            name = command.get("name", "")
            if (command.get("type") or 1) == 1 and (COMMAND_NAME.fullmatch(name) is None or name != name.lower()):
                found.append(f"{name!r} is no name for a command")
    return found


def _message_in(one: Exchange) -> Json | None:
    if not isinstance(one.body, dict):
        return None
    if one.template.endswith("/callback"):
        return one.body.get("data") or {} if one.body.get("type") == 4 else None
    is_message = one.template.endswith(("/messages", "/messages/{message_id}", "/messages/@original", "/{webhook_token}"))
    return one.body if is_message and one.method in {"POST", "PATCH"} else None


def _answer_problems(one: Exchange, operation: Json, description: Description) -> list[str]:
    if one.status == 429 and isinstance(one.answer, str):
        return []
    responses = operation["responses"]
    key = str(one.status) if str(one.status) in responses else f"{one.status // 100}XX"
    if key not in responses:
        return [f"answered {one.status}, which is not documented"]
    content = description.resolved(responses[key]).get("content", {}).get("application/json")
    if content is None:
        return [] if one.answer is None else [f"answered {one.status} with a body"]
    place: tuple[str, ...] = ("paths", one.template, one.method.lower(), "responses", key, "content", "application/json", "schema")
    if "$ref" in responses[key]:
        place = (*responses[key]["$ref"].removeprefix("#/").split("/"), "content", "application/json", "schema")
    return [f"answer {one.status} {problem}" for problem in description.wrong(place, _as_described(one.answer))]


def _as_described(node: Any, *, in_errors: bool = False) -> Any:
    """Write an answer as the description wants it, in the two places where it knows less than Discord sends: a field's error
    has a word for a code, where the description wants a number; a forward's reference has type 1, where it lists 0 alone."""
    if isinstance(node, list):
        return [_as_described(one, in_errors=in_errors) for one in node]
    if not isinstance(node, dict):
        return node
    found = {key: _as_described(value, in_errors=in_errors or key == "errors") for key, value in node.items()}
    if in_errors and isinstance(found.get("code"), str):
        found["code"] = 0
    if isinstance(found.get("message_reference"), dict):
        found["message_reference"] = {**found["message_reference"], "type": 0}
    return found


def dispatch_problems(one: Sent, description: Description) -> list[str]:
    """List what is wrong with a dispatch that carries something the description knows."""
    payload = one.payload
    if one.by != "server" or not isinstance(payload, dict) or payload.get("op") != 0 or payload.get("s") is None:
        return []
    name = DISPATCHES.get(payload["t"])
    if name is None:
        return []
    data = _as_described(payload["d"])
    found = description.wrong(("components", "schemas", name), data)
    if payload["t"] == "GUILD_CREATE":
        for key, inner in (("channels", "GuildChannelResponse"), ("threads", "ThreadResponse"), ("members", "GuildMemberResponse")):
            found += [problem for each in data[key] for problem in description.wrong(("components", "schemas", inner), each)]
    return [f"{payload['t']} {payload['s']}: {problem}" for problem in found]


def _with_open_unions(node: Any) -> Any:
    if isinstance(node, dict):
        return {"anyOf" if key == "oneOf" else key: _with_open_unions(value) for key, value in node.items()}
    return [_with_open_unions(one) for one in node] if isinstance(node, list) else node


def _said(error: ValidationError) -> str:
    deepest = best_match([error]) or error
    place = ".".join(str(part) for part in deepest.absolute_path) or "as a whole"
    return f"{place}: {deepest.message[:200]}"
