"""Text as Discord shows it: marks become mentions, and what people wrote stays exactly that.

Knows: Discord's markdown, mentions and the length of a message. Must not know: actions, commands, the network.
Rules: pure; whatever is outside a mark is escaped, so that it can neither format, link text, mention nor begin a list; a cut leaves
no half of anything.
"""

import re
from collections.abc import Callable

from bot.core.naming import rendered

CONTENT_CHARS_MAX = 2_000
"""Discord's limit for a message's text."""
CUT = "…"
SIGNS = re.compile(r"(?P<link>https?://[^\s<>()\[\]*`|\\]+)|[\\*_~|`<]|\](?=\()")
"""What formats, links or mentions anywhere; an address stays as it is."""
STARTS, NUMBERS = re.compile(r"^([ \t]*)([#>-])", re.MULTILINE), re.compile(r"^([ \t]*[0-9]+)(\.)", re.MULTILINE)
"""What makes a line a heading, a quotation or an entry of a list, which Discord would count anew."""


def shown(text: str, name_of: Callable[[str], str] | None = None) -> str:
    """A text with marks as Discord shows it: people and rooms by their mentions, all else exactly as it was written.

    `name_of`: people by their names instead, where a mention might do more than show.
    """
    person = (lambda one: escaped(f"@{name_of(one)}")) if name_of else (lambda one: _mention("@", one))
    return rendered(text, person=person, place=lambda one: _mention("#", one), escape=escaped)


def _mention(sign: str, name: str) -> str:
    """A mention; whoever is not on Discord (another platform's account, "program") stays a plain name."""
    return f"<{sign}{name}>" if name.isdecimal() else escaped(name)


def escaped(text: str) -> str:
    """Words that somebody wrote, so that Discord shows them and does nothing else: no format, link text, mention, heading, list."""
    text = SIGNS.sub(lambda found: found[0] if found["link"] else f"\\{found[0]}", text)
    return NUMBERS.sub(r"\1\\\2", STARTS.sub(r"\1\\\2", text))


def cut(text: str, most: int) -> str:
    """A text of at most so many characters; never half of a mention or of an escaped character."""
    return text if len(text) <= most else _beginning(text, most - len(CUT)).rstrip() + CUT


def _beginning(text: str, most: int) -> str:
    """The first characters of a longer text, at least one, whole mentions and escaped characters only."""
    kept = text[:most]
    opened = kept.rfind("<")
    if opened > kept.rfind(">") and opened > 0 and kept[opened - 1] != "\\":
        kept = kept[:opened]
    escapes = len(kept) - len(kept.rstrip("\\"))
    return kept[:-1] if escapes % 2 and len(kept) > 1 else kept


def pages(text: str, most: int = CONTENT_CHARS_MAX) -> list[str]:
    """A shown text in pieces that fit into a message each, cut between lines where that is possible; one piece at least."""
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
