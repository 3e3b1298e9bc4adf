"""What Discord demands of a message's body and of a command's definition.

Knows: the documented limits. Must not know: who sends, where to, what follows.
Rules: the first broken rule is the answer; components get the ids that Discord gives them.
"""

import re
from datetime import timedelta
from typing import Any

from tests.servers.discord import payloads
from tests.servers.discord.errors import RefusedError, too_long, wrong
from tests.servers.discord.world import Clock, Json, walk

CONTENT_MAX = 2000
NONCE_MAX = 25
REASON_MAX = 512
EMBED_TOTAL_MAX = 6000
EMBED_MOST = {"title": 256, "description": 4096}
ROWS_MAX, BUTTONS_MAX, COMPONENTS_MAX = 5, 5, 40
CUSTOM_ID_MAX, LABEL_MAX = 100, 80
COMPONENTS_V2 = 1 << 15
COMMAND_NAME = re.compile(r"[-_'\w]{1,32}")
BUTTON, ACTION_ROW, LINK_STYLE = 2, 1, 5


def check_content(body: Json, *, has_files: bool = False, can_be_empty: bool = False) -> None:
    """Check the text and whether there is anything at all."""
    content = body.get("content") or ""
    if not isinstance(content, str):
        raise wrong("content", "Could not interpret value as string.")
    if len(content) > CONTENT_MAX:
        raise too_long("content", CONTENT_MAX)
    is_v2 = bool((body.get("flags") or 0) & COMPONENTS_V2)
    if is_v2 and (content or body.get("embeds")):
        raise wrong("content", "The 'content' field cannot be used when using MessageFlags.IS_COMPONENTS_V2")
    if len(str(body.get("nonce") or "")) > NONCE_MAX:
        raise too_long("nonce", NONCE_MAX)
    parts = ("embeds", "sticker_ids", "components", "poll")
    if not (content.strip() or has_files or can_be_empty or any(body.get(part) for part in parts)):
        raise RefusedError(400, 50006, "Cannot send an empty message")
    check_embeds(body.get("embeds") or [])
    check_components(body.get("components") or [], is_v2=is_v2)


def check_embeds(embeds: list[Json]) -> None:
    """Check numbers and lengths."""
    if len(embeds) > 10:
        raise wrong("embeds", "Must be 10 or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    total = 0
    for at, embed in enumerate(embeds):
        texts = [(f"embeds.{at}.{key}", embed.get(key) or "", most) for key, most in EMBED_MOST.items()]
        texts.append((f"embeds.{at}.footer.text", (embed.get("footer") or {}).get("text", ""), 2048))
        texts.append((f"embeds.{at}.author.name", (embed.get("author") or {}).get("name", ""), 256))
        fields = embed.get("fields") or []
        if len(fields) > 25:
            raise wrong(f"embeds.{at}.fields", "Must be 25 or fewer in length.", "BASE_TYPE_MAX_LENGTH")
        for number, field in enumerate(fields):
            for key, most in (("name", 256), ("value", 1024)):
                if not field.get(key):
                    raise wrong(f"embeds.{at}.fields.{number}.{key}", "This field is required", "BASE_TYPE_REQUIRED")
                texts.append((f"embeds.{at}.fields.{number}.{key}", field[key], most))
        for place, text, most in texts:
            if len(text) > most:
                raise too_long(place, most)
            total += len(text)
    if total > EMBED_TOTAL_MAX:
        raise wrong("embeds", "Embed size exceeds maximum size of 6000", "MAX_EMBED_SIZE_EXCEEDED")


def check_components(components: list[Json], *, is_v2: bool = False) -> None:
    """Check rows, buttons and their ids."""
    everything = walk(components)
    if len(components) > (COMPONENTS_MAX if is_v2 else ROWS_MAX) or len(everything) > COMPONENTS_MAX:
        raise wrong("components", f"Must be between 1 and {ROWS_MAX} in length.", "BASE_TYPE_BAD_LENGTH")
    for at, one in enumerate(components):
        if not is_v2 and one.get("type") != ACTION_ROW:
            raise wrong(f"components.{at}.type", "Value of field 'type' must be one of (1,).", "UNION_TYPE_CHOICES")
    for one in everything:
        if one.get("type") == ACTION_ROW and not 1 <= len(one.get("components", [])) <= BUTTONS_MAX:
            raise wrong("components.0.components", "Must be between 1 and 5 in length.", "BASE_TYPE_BAD_LENGTH")
        if one.get("type") == BUTTON:
            _check_button(one)
    _check_custom_ids([one["custom_id"] for one in everything if one.get("custom_id") is not None])


def _check_button(one: Json) -> None:
    if len(one.get("label") or "") > LABEL_MAX:
        raise too_long("components.label", LABEL_MAX)
    if (one.get("style") == LINK_STYLE) != (one.get("url") is not None):
        raise wrong("components.url", "A link button has a URL, and no other has.", "BUTTON_COMPONENT_URL")


def _check_custom_ids(ids: list[str]) -> None:
    if any(not 1 <= len(one) <= CUSTOM_ID_MAX for one in ids):
        raise wrong("components.custom_id", "Must be between 1 and 100 in length.", "BASE_TYPE_BAD_LENGTH")
    if len(set(ids)) != len(ids):
        raise wrong("components.custom_id", "Component custom id cannot be duplicated", "COMPONENT_CUSTOM_ID_DUPLICATED")


def given_ids(components: list[Json]) -> list[Json]:
    """Copy components as Discord gives them back: with an id each."""
    count = iter(range(1, 1000))

    def copied(one: Json) -> Json:
        found = {key: value for key, value in one.items() if value is not None}
        found["id"] = one.get("id") or next(count)
        if "components" in one:
            found["components"] = [copied(each) for each in one["components"]]
        for key in ("component", "accessory"):
            if isinstance(one.get(key), dict):
                found[key] = copied(one[key])
        return found

    return [copied(one) for one in components]


def given_embeds(embeds: list[Json]) -> list[Json]:
    """Copy embeds as Discord gives them back."""
    found = []
    for embed in embeds:
        kept = {key: value for key, value in embed.items() if value not in (None, [], {})}
        kept["type"] = embed.get("type") or "rich"
        if "fields" in kept:
            kept["fields"] = [{"inline": False, **field} for field in kept["fields"]]
        found.append(kept)
    return found


def given_poll(poll: Json, clock: Clock) -> Json:
    """Copy a poll as Discord gives it back."""
    until = clock.now() + timedelta(hours=int(poll.get("duration") or 24))
    answers = [{"answer_id": at, **one} for at, one in enumerate(poll["answers"], start=1)]
    return {
        "question": poll["question"],
        "answers": answers,
        "expiry": payloads.time(until),
        "allow_multiselect": bool(poll.get("allow_multiselect")),
        "layout_type": poll.get("layout_type") or 1,
        "results": {"answer_counts": [], "is_finalized": False},
    }


def parts_of(body: Json, clock: Clock) -> Json:
    """Take what a message carries besides its text."""
    found: Json = {}
    if "embeds" in body:
        found["embeds"] = given_embeds(body["embeds"] or [])
    if "components" in body:
        found["components"] = given_ids(body["components"] or [])
    if body.get("poll"):
        found["poll"] = given_poll(body["poll"], clock)
    return found


def check_command(command: Json, place: str) -> None:
    """Check a command's name, description and options."""
    kind = command.get("type") or 1
    name = command.get("name") or ""
    if kind == 1:
        if COMMAND_NAME.fullmatch(name) is None or name != name.lower():
            raise wrong(f"{place}.name", "Command name is invalid", "APPLICATION_COMMAND_INVALID_NAME")
        _check_description(command, place)
    elif not 1 <= len(name) <= 32:
        raise wrong(f"{place}.name", "Must be between 1 and 32 in length.", "BASE_TYPE_BAD_LENGTH")
    elif command.get("description"):
        raise wrong(
            f"{place}.description",
            "Context menu commands cannot have description",
            "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_NOT_ALLOWED",
        )
    _check_options(command.get("options") or [], place)


def _check_description(one: Json, place: str) -> None:
    if not 1 <= len(one.get("description") or "") <= 100:
        raise wrong(f"{place}.description", "Must be between 1 and 100 in length.", "BASE_TYPE_BAD_LENGTH")


def _check_options(options: list[Json], place: str) -> None:
    if len(options) > 25:
        raise wrong(f"{place}.options", "Must be 25 or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    names = [one.get("name") for one in options]
    if len(set(names)) != len(names):
        raise wrong(f"{place}.options", "Option names must be unique", "APPLICATION_COMMAND_OPTIONS_NAME_INVALID")
    optional_seen = False
    for at, option in enumerate(options):
        here = f"{place}.options.{at}"
        if COMMAND_NAME.fullmatch(option.get("name") or "") is None or option["name"] != option["name"].lower():
            raise wrong(f"{here}.name", "Command name is invalid", "APPLICATION_COMMAND_INVALID_NAME")
        _check_description(option, here)
        if option.get("autocomplete") and option.get("choices"):
            raise wrong(here, "An option with autocomplete has no choices", "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES")
        if option.get("required") and optional_seen:
            raise wrong(here, "Required options must be placed before non-required options", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID")
        optional_seen = optional_seen or (not option.get("required") and option["type"] > 2)
        _check_options(option.get("options") or [], here)


def check_commands(commands: list[Json]) -> None:
    """Check a whole set: 100 commands, 15 of each context menu, no name twice."""
    for kind, most in ((1, 100), (2, 15), (3, 15)):
        names = [one.get("name") for one in commands if (one.get("type") or 1) == kind]
        if len(names) > most:
            raise RefusedError(400, 30032, f"Maximum number of application commands reached ({most}).")
        if len(set(names)) != len(names):
            raise wrong("name", "Application command names must be unique", "APPLICATION_COMMANDS_DUPLICATE_NAME")
    for at, command in enumerate(commands):
        check_command(command, str(at))


def as_registered(command: Json, head: Json) -> Json:
    """Write a command as Discord gives it back."""
    wanted = ("name_localizations", "description_localizations", "contexts", "dm_permission", "options")
    found: Json = {**head, "name": command["name"], "description": command.get("description") or "", "type": command.get("type") or 1}
    allowed: Any = command.get("default_member_permissions")
    found["default_member_permissions"] = None if allowed is None else str(allowed)
    found |= {key: command[key] for key in wanted if command.get(key) is not None}
    found["integration_types"] = command.get("integration_types") or [0]
    found["nsfw"] = bool(command.get("nsfw"))
    return found
