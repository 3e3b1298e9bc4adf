"""What a person types, as Slack stores it.

Knows: the three characters that Slack escapes, links it finds, the rich_text block its client sends. Must not know: who types.
Rules: `<@U…>`, `<#C…>`, `<!here>` and `<https://…|label>` are what the client makes of mentions and links, and stay; any other `&`,
`<` and `>` is escaped; an address becomes a link, a bare domain too, as `<http://domain|domain>`.
"""

import re

from tests.servers.slack.world import Json

TOKEN = re.compile(r"(<(?:[@#!]|https?://|mailto:)[^<>]+>)")
ADDRESS = re.compile(r"(https?://[^\s<>]*[^\s<>.,;:!?)'\"])")
DOMAIN = re.compile(r"(?<![\w@./-])((?:[\w-]+\.)+(?:com|net|org|info|io|uk|eu)(?:/[^\s<>]*[^\s<>.,;:!?)'\"])?)(?![\w@-])")


def typed(text: str) -> str:
    """Write typed text as Slack stores it."""
    return "".join(part if TOKEN.fullmatch(part) else _linked(part) for part in TOKEN.split(text))


def _linked(text: str) -> str:
    found = []
    for part in ADDRESS.split(text):
        if ADDRESS.fullmatch(part):
            found.append(f"<{escaped(part)}>")
        else:
            found += [f"<http://{one}|{one}>" if DOMAIN.fullmatch(one) else escaped(one) for one in DOMAIN.split(part)]
    return "".join(found)


def escaped(text: str) -> str:
    """Escape as Slack does."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def read(text: str) -> str:
    """Write stored text as a person reads it: without the escapes."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def rich_text(text: str) -> Json:
    """Make the block that Slack's own client sends for typed text."""
    elements: list[Json] = []
    for part in TOKEN.split(text):
        if not part:
            continue
        inner, _, label = part[1:-1].partition("|")
        if TOKEN.fullmatch(part) is None:
            elements.append({"type": "text", "text": read(part)})
        elif part.startswith("<@"):
            elements.append({"type": "user", "user_id": inner[1:]})
        elif part.startswith("<#"):
            elements.append({"type": "channel", "channel_id": inner[1:]})
        elif part.startswith("<!"):
            elements.append({"type": "broadcast", "range": inner[1:]})
        else:
            elements.append({"type": "link", "url": read(inner), **({"text": label} if label else {})})
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}
