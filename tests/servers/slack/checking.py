"""Holds what was called against the methods' descriptions, and against the rules that they miss.

Knows: the descriptions' arguments, scopes and error codes; the client library's known deviations. Must not know: how the server
works.
Rules: everything wrong is listed, not the first alone; where the descriptions are absent our own rules still hold; answers of
planned failures are not checked.
"""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.servers.faults import Exchange
from tests.servers.slack.blocks import block_problems, view_problems
from tests.servers.slack.tokens import Token
from tests.servers.slack.world import Json

METHODS = Path(__file__).parents[4] / "shared" / "specs" / "slack" / "slack_kit-methods"
TEXT_MAX = 40_000
PAGE_MAX = 999
SAYING = {"chat.postMessage", "chat.update", "chat.postEphemeral", "response_url"}
TEXT_ADVISED_MAX = {"chat.postEphemeral": 40_000, "chat.update": 4_000}
SENT_WITH_EVERYTHING = {"team_id"}
"""What slack-bolt adds to every call it makes with the client of a listener; Slack ignores it."""


class Descriptions:
    """The folder of descriptions, read as they are needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.common: Json = json.loads((folder / "common_errors.json").read_text(encoding="utf-8"))
        self._read: dict[str, Json | None] = {}

    def of(self, method: str) -> Json | None:
        """Give a method's description."""
        if method not in self._read:
            path = self.folder / "methods" / f"{method}.json"
            self._read[method] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
        return self._read[method]


@lru_cache(maxsize=2)
def descriptions(folder: Path) -> Descriptions | None:
    """Read the descriptions; None where they are not there."""
    return Descriptions(folder) if (folder / "common_errors.json").is_file() else None


def problems(exchanges: Iterable[Exchange], tokens: Mapping[str, Token], folder: Path | None = None) -> list[str]:
    """List all that is wrong with what was called."""
    known = descriptions(folder or METHODS)
    return [problem for one in exchanges for problem in exchange_problems(one, tokens.get(one.token), known)]


def exchange_problems(one: Exchange, token: Token | None, known: Descriptions | None) -> list[str]:
    """List what is wrong with one call and its answer."""
    found = list(_missed_rules(one))
    if known is not None and one.template:
        described = known.of(one.template)
        found += ["no such method"] if described is None else _against(one, token, described, known)
    return [f"{one.path}: {problem}" for problem in found]


def _against(one: Exchange, token: Token | None, described: Json, known: Descriptions) -> list[str]:
    taken = set(described["args"]) | SENT_WITH_EVERYTHING
    found = [f"takes no argument {name!r}" for name in one.body if name not in taken]
    found += [f"lacks {name!r}" for name, rule in described["args"].items() if rule.get("required") and one.body.get(name) in (None, "")]
    found += [
        f"{name!r} is not a {rule['type']}" for name, rule in described["args"].items() if not _fits(one.body.get(name), rule.get("type"))
    ]
    error = one.answer.get("error") if isinstance(one.answer, dict) else None
    if one.fault is None and error is not None:
        codes = {*described["errors"], *known.common}
        found += [] if error in codes else [f"answered {error!r}, which is not documented"]
    if token is not None and error is None and one.fault is None:
        found += _scope_problems(token, described)
    return found


def _scope_problems(token: Token, described: Json) -> list[str]:
    wanted = {one["name"] for one in described["scopes"].get(token.kind, [])}
    if wanted and not wanted & token.scopes:
        return [f"was answered without any scope of {sorted(wanted)}"]
    return []


def _fits(value: Any, kind: str | None) -> bool:
    if value is None or value == "":
        return True
    if kind == "boolean":
        return isinstance(value, bool) or str(value) in {"0", "1", "true", "false"}
    if kind in {"number", "integer"}:
        return str(value).lstrip("-").isdigit()
    return kind != "string" or isinstance(value, str)


def _missed_rules(one: Exchange) -> list[str]:
    found = ["a method that our server does not have"] if one.answer == _unknown(one) else []
    args = one.body
    text = args.get("text")
    if isinstance(text, str) and len(text) > TEXT_ADVISED_MAX.get(one.template, TEXT_MAX):
        found.append(f"text is over {TEXT_ADVISED_MAX.get(one.template, TEXT_MAX)} characters")
    if one.path in SAYING:
        blocks = _read(args.get("blocks"))
        if blocks:
            found += block_problems(blocks)
            found += [] if text else ["blocks without a text for notifications"]
        if not any((blocks, text, args.get("attachments"), args.get("markdown_text"), args.get("delete_original"))):
            found.append("the message is empty")
    if one.template.startswith("views."):
        view = _read(args.get("view"))
        found += view_problems(view)
        if isinstance(view, dict) and view.get("type") == "modal" and not view.get("callback_id"):
            found.append("a modal without callback_id")
    if (
        one.template in {"conversations.history", "conversations.replies"}
        and _fits(args.get("limit"), "number")
        and int(args.get("limit") or 1) > PAGE_MAX
    ):
        found.append(f"a page of history is at most {PAGE_MAX}")
    return found


def _unknown(one: Exchange) -> Json:
    return {"ok": False, "error": "unknown_method", "req_method": one.template}


def _read(value: Any) -> Any:
    if isinstance(value, str) and value:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
