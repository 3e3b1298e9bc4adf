"""Text as Slack shows it: marks become mentions, and what people wrote can neither mention, link nor call anybody.

Knows: Slack's mrkdwn, mentions, the lengths of a text. Must not know: actions, commands, the network.
Rules: pure; `&`, `<` and `>` of whatever is outside a mark are escaped, so that Slack finds no mention, link or command in it; a cut
leaves no half of a mention or of an escaped character. Slack has no way to escape `*`, `_`, `~` and backquotes: words stay as they were
written.
"""

import re

from bot.core.naming import rendered
from bot.platforms.slack.translate import MARK

TEXT_CHARS_MAX = 3_000
"""Slack's limit for the text of one section."""
CUT = "…"
USER, CHANNEL = re.compile(r"[UW][A-Z0-9]{2,}"), re.compile(r"[CGD][A-Z0-9]{2,}")
HALF = re.compile(r"&[a-z]{0,3}$|<[^<>]*$")
"""The beginning of an escaped character or of a mention, at the end of a text."""


def shown(text: str) -> str:
    """A text with marks as Slack shows it: people and rooms by their mentions, all else as it was written."""
    return rendered(text, person=_person, place=_place, escape=escaped)


def _person(account: str) -> str:
    """A mention; whoever is not on Slack (another platform's account, "program") stays a plain name."""
    return f"<@{account}>" if USER.fullmatch(account) else escaped(account)


def _place(room: str) -> str:
    return f"<#{room}>" if CHANNEL.fullmatch(room) else escaped(room)


def escaped(text: str) -> str:
    """Words that somebody wrote, so that Slack finds no mention, link or command in them."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def typed(text: str) -> str:
    """What a person typed, as they see it: mentions by name where Slack tells it, links by their address, characters unescaped."""
    return MARK.sub(_as_typed, text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _as_typed(found: re.Match[str]) -> str:
    sign, what, label = found["sign"], found["what"], found["label"] or ""
    if sign in ("@", "#"):
        return f"{sign}{label or what}"
    if sign == "!":
        return label or f"@{what.partition('^')[0]}"
    return what


def cut(text: str, most: int) -> str:
    """A text of at most so many characters; never half of a mention or of an escaped character."""
    return text if len(text) <= most else _beginning(text, most - len(CUT)).rstrip() + CUT


def _beginning(text: str, most: int) -> str:
    """The first characters of a longer text, at least one, whole mentions and escaped characters only."""
    kept = text[:most]
    return HALF.sub("", kept) or kept


def pages(text: str, most: int = TEXT_CHARS_MAX) -> list[str]:
    """A shown text in pieces that fit into a section each, cut between lines where that is possible; one piece at least."""
    found = [""]
    for line in text.split("\n"):
        rest = line
        while len(rest) > most:
            piece = _beginning(rest, most)
            found.append(piece)
            rest = rest[len(piece) :]
        joined = f"{found[-1]}\n{rest}" if found[-1] else rest
        if len(joined) <= most:
            found[-1] = joined
        else:
            found.append(rest)
    return [page for page in found if page.strip()] or [CUT]
