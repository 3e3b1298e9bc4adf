"""Filling in: from what a person chooses to the state that Slack sends.

Knows: Block Kit's elements and what each leaves in the state. Must not know: who fills in, how it is sent.
Rules: what the element does not take raises NotAllowedError; a block that is not optional has to be filled in.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.servers.slack.errors import NotAllowedError
from tests.servers.slack.world import Json, View

TEXTS = {"plain_text_input", "email_text_input", "url_text_input", "number_input"}
ONE_OF = {"static_select", "radio_buttons", "overflow", "external_select"}
MANY_OF = {"checkboxes", "multi_static_select"}
NAMED = {
    "users_select": "selected_user", "conversations_select": "selected_conversation", "channels_select": "selected_channel",
    "datepicker": "selected_date", "timepicker": "selected_time", "datetimepicker": "selected_date_time",
    "multi_users_select": "selected_users", "multi_conversations_select": "selected_conversations",
    "multi_channels_select": "selected_channels",
}  # fmt: skip
TEXT_MAX = 3000


def find(elements: Sequence[Json], name: str) -> Json:
    """Find an element by its action id, label or value."""
    for one in elements:
        if name in {one.get("action_id"), (one.get("text") or {}).get("text"), one.get("value")}:
            return one
    there = [(one.get("text") or {}).get("text") or one.get("action_id") for one in elements]
    raise NotAllowedError(f"no {name!r} to press, there is {there}")


def acted(element: Json, option: str) -> Json:
    """Write what a block action says of its element."""
    kind = element["type"]
    if kind == "button":
        if option:
            raise NotAllowedError("a button has no options")
        made = {"type": "button", "text": element["text"]}
        return made | {key: element[key] for key in ("value", "style", "url") if key in element}
    if kind in NAMED:
        return {"type": kind, NAMED[kind]: option}
    return {"type": kind, **_choice(element, [option] if kind in MANY_OF else option)}


def values(view: View, answers: Mapping[str, Any], *, partial: bool = False) -> Json:
    """Write a view's state; `partial`: as it is before anything is complete."""
    used: set[str] = set()
    made: Json = {}
    for one in view.elements:
        if one["type"] == "button":
            continue
        names = (one["block_id"], one["action_id"], one["block_label"])
        name = next((each for each in names if each in answers), "")
        used.add(name)
        given = answers[name] if name else _initial(one)
        is_empty = given in (None, "", [])
        if is_empty and one["block_type"] == "input" and not one["optional"] and not partial:
            raise NotAllowedError(f"{one['block_label'] or one['action_id']} has to be filled in")
        made.setdefault(one["block_id"], {})[one["action_id"]] = {"type": one["type"], **_state(one, None if is_empty else given)}
    if set(answers) - used:
        raise NotAllowedError(f"the view has no {sorted(set(answers) - used)}")
    return made


def _initial(one: Json) -> Any:
    if "initial_option" in one:
        return one["initial_option"]["value"]
    if "initial_options" in one:
        return [each["value"] for each in one["initial_options"]]
    return next(
        (one[key] for key in ("initial_value", "initial_user", "initial_conversation", "initial_channel", "initial_date") if key in one),
        None,
    )


def _state(one: Json, given: Any) -> Json:
    kind = one["type"]
    if kind in TEXTS:
        if given is not None and not (one.get("min_length") or 0) <= len(str(given)) <= (one.get("max_length") or TEXT_MAX):
            raise NotAllowedError(f"{one['action_id']} does not take so many characters")
        if given is not None and "\n" in str(given) and not one.get("multiline"):
            raise NotAllowedError(f"{one['action_id']} has one line")
        return {"value": given}
    if kind in NAMED:
        return {NAMED[kind]: given if given is not None else ([] if kind.startswith("multi") else None)}
    if kind in ONE_OF | MANY_OF:
        return _choice(one, given)
    raise NotAllowedError(f"{kind} cannot be filled in here")


def _choice(one: Json, given: Any) -> Json:
    groups = [option for group in one.get("option_groups", []) for option in group["options"]]
    options = {option["value"]: option for option in [*one.get("options", []), *groups]}
    by_label = {option["text"]["text"]: option for option in options.values()}
    wanted = [] if given is None else list(given) if isinstance(given, (list, tuple)) else [given]
    unknown = [each for each in wanted if each not in options and each not in by_label]
    if unknown:
        raise NotAllowedError(f"{unknown} cannot be chosen, there is {sorted(options)}")
    chosen = [options.get(each) or by_label[each] for each in wanted]
    if one["type"] in MANY_OF:
        return {"selected_options": chosen}
    return {"selected_option": chosen[0] if chosen else None}
