"""Installing an app from its manifest: what it may do and hears is what the manifest says, and nothing more.

Knows: the manifest's fields. Must not know: what the app does with them.
Rules: what is not in the manifest is not there: scopes, events, commands, shortcuts, the Home and Messages tabs; buttons and forms
need interactivity switched on; anything that Slack would not take is listed, all at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.servers.slack.state import NEEDED_BY_EVENT

COMMANDS_MAX, SHORTCUTS_MAX = 50, 10
NAME_MAX, DESCRIPTION_MAX, SHORTCUT_NAME_MAX = 35, 140, 24
USAGE_MAX, COMMAND_DESCRIPTION_MAX, COMMAND_MAX = 1000, 2000, 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """What a manifest comes to."""

    bot_scopes: frozenset[str]
    user_scopes: frozenset[str]
    events: frozenset[str]
    commands: frozenset[str]
    shortcuts: Mapping[str, str]
    """Callback id → message or global."""
    home_enabled: bool
    messages_enabled: bool
    is_interactive: bool
    uses_sockets: bool


def read_manifest(manifest: Mapping[str, Any]) -> Installed:
    """Read a manifest; raises ValueError with everything that Slack would refuse."""
    features, settings = manifest.get("features", {}), manifest.get("settings", {})
    scopes, home = manifest.get("oauth_config", {}).get("scopes", {}), features.get("app_home", {})
    subscriptions = settings.get("event_subscriptions", {})
    made = Installed(
        bot_scopes=frozenset(scopes.get("bot", [])), user_scopes=frozenset(scopes.get("user", [])),
        events=frozenset(subscriptions.get("bot_events", [])),
        commands=frozenset(one["command"] for one in features.get("slash_commands", [])),
        shortcuts={one["callback_id"]: one["type"] for one in features.get("shortcuts", [])},
        home_enabled=bool(home.get("home_tab_enabled")),
        messages_enabled=bool(home.get("messages_tab_enabled", True)) and not home.get("messages_tab_read_only_enabled"),
        is_interactive=bool(settings.get("interactivity", {}).get("is_enabled")), uses_sockets=bool(settings.get("socket_mode_enabled")),
    )  # fmt: skip
    problems = [*_text_problems(manifest), *_scope_problems(made)]
    if problems:
        raise ValueError("; ".join(problems))
    return made


def _scope_problems(made: Installed) -> list[str]:
    found = []
    for event in sorted(made.events):
        needed = NEEDED_BY_EVENT.get(event)
        if needed is None:
            found.append(f"{event} is no event that this server knows")
        elif needed and not needed & made.bot_scopes:
            found.append(f"{event} needs one of {sorted(needed)}")
    if made.commands and "commands" not in made.bot_scopes:
        found.append("slash commands need the scope commands")
    if made.shortcuts and ("commands" not in made.bot_scopes or not made.is_interactive):
        found.append("shortcuts need the scope commands and interactivity")
    return found


def _text_problems(manifest: Mapping[str, Any]) -> list[str]:
    features, shown = manifest.get("features", {}), manifest.get("display_information", {})
    found = [] if 0 < len(shown.get("name", "")) <= NAME_MAX else [f"a name has 1 to {NAME_MAX} characters"]
    if len(shown.get("description", "")) > DESCRIPTION_MAX:
        found.append(f"the description is over {DESCRIPTION_MAX} characters")
    if not features.get("bot_user", {}).get("display_name"):
        found.append("there is no bot_user")
    commands, shortcuts = features.get("slash_commands", []), features.get("shortcuts", [])
    found += ["too many commands"] if len(commands) > COMMANDS_MAX else []
    found += ["too many shortcuts"] if len(shortcuts) > SHORTCUTS_MAX else []
    for one in commands:
        name = one.get("command", "")
        if not name.startswith("/") or name != name.lower() or not 1 < len(name) <= COMMAND_MAX or " " in name:
            found.append(f"{name!r} is no name of a command")
        if not 0 < len(one.get("description", "")) <= COMMAND_DESCRIPTION_MAX or len(one.get("usage_hint", "")) > USAGE_MAX:
            found.append(f"{name} needs a description, and a short hint")
    for one in shortcuts:
        if (
            one.get("type") not in {"message", "global"}
            or not 0 < len(one.get("name", "")) <= SHORTCUT_NAME_MAX
            or not one.get("description")
        ):
            found.append(
                f"shortcut {one.get('callback_id')!r} needs a type, a description and a name of 1 to {SHORTCUT_NAME_MAX} characters"
            )
    return found
