"""Whether blocks and views are what Slack takes: by slack_sdk.models, and by the rules they miss.

Knows: the library's models with their limits, a small table of our own. Must not know: who sent what.
Rules: everything wrong is listed; what the library does not know is wrong; the same functions make the server refuse and the
checks complain.
"""

import logging
from collections.abc import Iterable
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.basic_objects import JsonObject
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from tests.servers.slack.world import Json, elements_of

MESSAGE_BLOCKS_MAX = 50
VIEW_BLOCKS_MAX = 100
ACTION_ID_MAX = BLOCK_ID_MAX = 255
BUTTON_TEXT_MAX, BUTTON_VALUE_MAX = 75, 2000
TEXT_MAX = {"section": 3000, "header": 150, "context": 2000}
FIELD_TEXT_MAX = 2000
OPTIONS_MAX, OPTION_TEXT_MAX, OPTION_VALUE_MAX = 100, 75, 150
PLACEHOLDER_MAX = 150
VIEW_BYTES_MAX = 250_000
PLAIN_ONLY = {"header"}

logging.getLogger("slack_sdk.models").setLevel(logging.CRITICAL)


def block_problems(blocks: Any, *, most: int = MESSAGE_BLOCKS_MAX) -> list[str]:
    """List what is wrong with a list of blocks."""
    if not isinstance(blocks, list) or not all(isinstance(one, dict) for one in blocks):
        return ["blocks are not a list of objects"]
    found = [f"more than {most} blocks"] if len(blocks) > most else []
    ids = [one["block_id"] for one in blocks if one.get("block_id")]
    if len(ids) != len(set(ids)):
        found.append("a block_id twice")
    for number, one in enumerate(blocks):
        found += [f"blocks/{number}: {problem}" for problem in (*_by_model(one), *_missed(one))]
    return found


def view_problems(view: Any) -> list[str]:
    """List what is wrong with a view."""
    if not isinstance(view, dict):
        return ["the view is not an object"]
    found = block_problems(view.get("blocks"), most=VIEW_BLOCKS_MAX)
    if view.get("type") not in {"modal", "home"}:
        return [*found, "type is neither modal nor home"]
    if view["type"] == "modal":
        found += [] if (view.get("title") or {}).get("text") else ["a modal needs a title"]
        if any(one.get("type") == "input" for one in view.get("blocks") or []) and not view.get("submit"):
            found.append("a modal with an input needs submit")
    for key in ("title", "submit", "close"):
        if isinstance(view.get(key), dict) and view[key].get("type") != "plain_text":
            found.append(f"{key} is plain text")
    if len(str(view).encode()) > VIEW_BYTES_MAX:
        found.append("the view is too large")
    try:
        View(**view).to_dict()
    except (SlackObjectFormationError, TypeError, ValueError, AttributeError, KeyError) as error:
        found.append(str(error))
    return found


def _by_model(block: Json) -> list[str]:
    try:
        parsed = Block.parse(block)
        if parsed is None:
            return [f"unknown type {block.get('type')!r}"]
        parsed.to_dict()
        return [problem for one in _inner(parsed) for problem in _validated(one)]
    except (SlackObjectFormationError, TypeError, ValueError, AttributeError, KeyError) as error:
        return [str(error)]


def _validated(one: JsonObject) -> list[str]:
    try:
        one.validate_json()
    except SlackObjectFormationError as error:
        return [f"{type(one).__name__}: {error}"]
    return []


def _inner(one: Any) -> Iterable[JsonObject]:
    for value in vars(one).values():
        for each in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(each, JsonObject):
                yield each
                yield from _inner(each)


def _missed(block: Json) -> list[str]:
    kind = str(block.get("type"))
    found = [f"block_id is over {BLOCK_ID_MAX} characters"] if len(block.get("block_id") or "") > BLOCK_ID_MAX else []
    found += _text_problems(block, kind)
    acting = elements_of([block])
    ids = [one["action_id"] for one in acting if one.get("action_id")]
    if len(ids) != len(set(ids)):
        found.append("an action_id twice in one block")
    for one in acting:
        found += _element_problems(one)
    if kind in {"actions", "context"} and not block.get("elements"):
        found.append("no elements")
    return found


def _text_problems(block: Json, kind: str) -> list[str]:
    found = []
    text = block.get("text")
    if isinstance(text, dict):
        most = TEXT_MAX.get(kind)
        if not text.get("text"):
            found.append("the text is empty")
        if most and len(text.get("text", "")) > most:
            found.append(f"text is over {most} characters")
        if kind in PLAIN_ONLY and text.get("type") != "plain_text":
            found.append("the text is plain text")
    for one in block.get("fields") or []:
        if not 0 < len(one.get("text", "")) <= FIELD_TEXT_MAX:
            found.append(f"a field has 1 to {FIELD_TEXT_MAX} characters")
    if kind == "context":
        found += ["a context text is empty" for one in block.get("elements") or [] if one.get("type") != "image" and not one.get("text")]
    return found


def _element_problems(one: Json) -> list[str]:
    found = []
    if len(one.get("action_id") or "") > ACTION_ID_MAX:
        found.append(f"action_id is over {ACTION_ID_MAX} characters")
    if one["type"] == "button":
        words = one.get("text") or {}
        if words.get("type") != "plain_text" or not 0 < len(words.get("text", "")) <= BUTTON_TEXT_MAX:
            found.append(f"a button's text is plain and has 1 to {BUTTON_TEXT_MAX} characters")
        if len(one.get("value") or "") > BUTTON_VALUE_MAX:
            found.append(f"a button's value is over {BUTTON_VALUE_MAX} characters")
        if one.get("style") not in {None, "primary", "danger"}:
            found.append(f"a button has no style {one['style']!r}")
    if len((one.get("placeholder") or {}).get("text", "")) > PLACEHOLDER_MAX:
        found.append(f"a placeholder is over {PLACEHOLDER_MAX} characters")
    return found + _option_problems(one.get("options"))


def _option_problems(options: Any) -> list[str]:
    if not isinstance(options, list):
        return []
    found = [] if 0 < len(options) <= OPTIONS_MAX else [f"1 to {OPTIONS_MAX} options"]
    for each in options:
        if len(each.get("text", {}).get("text", "")) > OPTION_TEXT_MAX or len(each.get("value", "")) > OPTION_VALUE_MAX:
            found.append("an option is too long")
    return found
