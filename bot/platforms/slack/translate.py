"""From Slack's events and history to Steward's messages.

Knows: the JSON of Slack's Events API and of its history. Must not know: the library, the network, the record, rules.
Rules: pure, from one payload to one message or None; ids stay text; what people write, pass on, name or react with is in the
message; what programs say (apps, Steward itself) and what Slack says by itself (a join, a topic, a deletion) is no speech.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bot.core.model import Image, Kind, Message, Shared
from bot.links import share_of

Json = Mapping[str, Any]

NAME = "slack"
SPEECH = frozenset({"", "file_share", "thread_broadcast", "me_message"})
"""The subtypes of a message that are speech: plain, with files, a reply that is shown in the channel too, "/me"."""
CHANGED, TOMBSTONE = "message_changed", "tombstone"
ROOM_KINDS = frozenset({"channel", "group"})
"""Kinds of conversation in which members are heard: public and private channels, never direct messages."""
LINKS_MAX = 50
"""Links of one message that are looked at: Slack's 40,000 characters hold more, and nobody reads so many."""
SHORT_ID_HEX = 8
TS = re.compile(r"\d{10}\.\d{6}")
MARK = re.compile(r"<(?P<sign>[@#!]?)(?P<what>[^<>|]*)(?:\|(?P<label>[^<>]*))?>")
"""What Slack puts between angle brackets; those that a person typed arrive as &lt; and &gt;."""
EMOJI = re.compile(r":([a-z0-9_+'-]+):(?::skin-tone-\d:)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where things are said: whose community, which workspace."""

    community: str
    server: str


def is_ts(text: str) -> bool:
    """Say whether a text is an id that Slack gives to messages."""
    return TS.fullmatch(text) is not None


def time_of(ts: str) -> datetime:
    """When a message was sent: its id is the time. Raises ValueError."""
    seconds, _, micros = ts.partition(".")
    return datetime.fromtimestamp(int(seconds), UTC).replace(microsecond=int(micros.ljust(6, "0")[:6] or 0))


def is_speech(data: Json) -> bool:
    """Say whether a person wrote this message and it still stands."""
    return (
        data.get("type", "message") == "message"
        and str(data.get("subtype") or "") in SPEECH
        and bool(data.get("user"))
        and not data.get("bot_id")
        and data["user"] != "USLACKBOT"
    )


def message_of(data: Json, place: Place, *, room: str = "", kind: Kind = Kind.SAID) -> Message | None:
    """A whole message as it is now; None where it is nobody's speech. `room` where the payload does not say it (in history).

    An edit counts as sent when it was edited. Raises KeyError, TypeError or ValueError for what is not a message of Slack's.
    """
    if not is_speech(data):
        return None
    raw = _raw_text(data)
    text, shares = shown(raw, _emoji(data)), tuple(shares_of(data, raw))
    ts, thread = str(data["ts"]), str(data.get("thread_ts") or "")
    author, parent = str(data["user"]), str(data.get("parent_user_id") or (data.get("root") or {}).get("user") or "")
    is_reply = bool(thread) and thread != ts
    edited = (data.get("edited") or {}).get("ts") if kind is Kind.EDITED else None
    return Message(
        community=place.community,
        platform=NAME,
        server=place.server,
        room=room or str(data["channel"]),
        thread=thread if is_reply else "",
        id=ts,
        author=author,
        text=text,
        sent_at=time_of(str(edited or ts)),
        kind=Kind.SHARED if kind is Kind.SAID and shares and not text else kind,
        reply_to=thread if is_reply else "",
        reply_author=parent if is_reply else "",
        mentions=mentions_of(raw),
        shares=shares,
        images=tuple(images_of(data)),
    )


def event_message(event: Json, place: Place) -> Message | None:
    """What an event of the types message, reaction_added brings to be judged; None where it brings nothing.

    Raises KeyError, TypeError or ValueError for what is not an event of Slack's.
    """
    if event.get("type") == "reaction_added":
        return reaction_of(event, place)
    if event.get("subtype") == CHANGED:
        return changed_of(event, place)
    return message_of(event, place)


def changed_of(event: Json, place: Place) -> Message | None:
    """What a change of a message brings: an edit is judged whole, a link's preview by itself; None where nothing was added.

    Slack sends the same event for edits, for previews that it adds itself, for a deletion under which replies stand, and when a
    thread gets its first reply.
    """
    now, before, room = event["message"], event.get("previous_message") or {}, str(event["channel"])
    message = message_of(now, place, room=room, kind=Kind.EDITED)
    if message is None:
        return None
    previous = message_of({**before, "user": now["user"], "ts": now["ts"]}, place, room=room) if before else None
    if previous is not None and (previous.text, _own(previous, before)) == (message.text, _own(message, now)):
        known = {share.text for share in previous.shares}
        fresh = tuple(share for share in message.shares if share.text and share.text not in known)
        sent_at = time_of(message.id)
        return replace(message, text="", kind=Kind.SHARED, sent_at=sent_at, mentions=(), shares=fresh, images=()) if fresh else None
    return message


def _own(message: Message, data: Json) -> tuple[str, ...]:
    """What the author passes on, without the previews that Slack makes of links."""
    made = {share.text for share in _attachments(data, previews=True)}
    return tuple(f"{share.text}\x00{share.link}" for share in message.shares if not share.text or share.text not in made)


def reaction_of(event: Json, place: Place) -> Message | None:
    """A reaction; it speaks to the author of the message under which it stands. None where it stands under no message.

    Its id is its own, not that of the message: that one is somebody else's, and must neither be hidden for it nor be taken for the
    same reaction by another member.
    """
    item = event.get("item") or {}
    if item.get("type") != "message" or not event.get("user"):
        return None
    message, author, name = str(item["ts"]), str(event["user"]), str(event["reaction"]).split("::", 1)[0]
    target = str(event.get("item_user") or "")
    return Message(
        community=place.community,
        platform=NAME,
        server=place.server,
        room=str(item["channel"]),
        id=short_id("r", str(item["channel"]), message, author, name),
        author=author,
        text=f":{name}:",
        sent_at=time_of(str(event["event_ts"])),
        kind=Kind.REACTED,
        reply_to=message,
        reply_author=target if target != author else "",
    )


def join_of(event: Json, place: Place, name: str) -> Message | None:
    """A member who joined a channel, with the name by which members know them; None without a name. The room is the list of members.

    Its id is made of account and name: whoever joins many channels is judged once for one name.
    """
    account = str(event["user"])
    if not name:
        return None
    return Message(
        community=place.community,
        platform=NAME,
        server=place.server,
        room=members_room(place.server),
        id=short_id("j", account, name),
        author=account,
        text=name,
        sent_at=time_of(str(event["event_ts"])),
        kind=Kind.JOINED,
    )


def members_room(server: str) -> str:
    """The room in which joining happens: a workspace's list of members, which is no channel."""
    return f"members:{server}"


def short_id(kind: str, *parts: str) -> str:
    """An id for what has none of Slack's: the same for the same parts, shorter than any of Slack's ids.

    Ids are ordered by length first: so it stands before every message and never moves a room's cursor forward.
    """
    digest = hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{kind}-{digest[:SHORT_ID_HEX]}"


# Text


def shown(raw: str, emoji: Mapping[str, str] | None = None) -> str:
    """A text of Slack's as people see it, mentions of members kept as <@U1>; `emoji`: name -> the character it shows."""
    parts, end = [], 0
    for mark in MARK.finditer(raw):
        parts += [_plain(raw[end : mark.start()], emoji), _mark(mark)]
        end = mark.end()
    return "".join([*parts, _plain(raw[end:], emoji)])


def _plain(text: str, emoji: Mapping[str, str] | None) -> str:
    if emoji:
        text = EMOJI.sub(lambda found: emoji.get(found[1], found[0]), text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _mark(mark: re.Match[str]) -> str:
    """What a mark in a text shows: a member stays a mention, all else becomes words."""
    what, label = mark["what"], _plain(mark["label"] or "", None)
    match mark["sign"]:
        case "@":
            return f"<@{what}>"
        case "#":
            return f"#{label or what}"
        case "!":
            kind, _, _ = what.partition("^")
            known = {"subteam": label or "@group", "date": label}
            return known.get(kind, label or f"@{kind}")
    return label or _plain(what, None).removeprefix("mailto:").removeprefix("tel:")


def mentions_of(raw: str) -> tuple[str, ...]:
    """The members whom a text mentions, each once."""
    return tuple(dict.fromkeys(mark["what"] for mark in MARK.finditer(raw) if mark["sign"] == "@" and mark["what"]))


def links_of(raw: str) -> tuple[str, ...]:
    """Where a text leads, each address once."""
    found = (_plain(mark["what"], None) for mark in MARK.finditer(raw) if not mark["sign"])
    return tuple(dict.fromkeys(one for one in found if one.lower().startswith(("http://", "https://"))))[:LINKS_MAX]


def _raw_text(data: Json) -> str:
    """The text as Slack writes it; where it is empty, that of the blocks."""
    return str(data.get("text") or "") or "\n".join(blocks_text(data.get("blocks") or ()))


def blocks_text(blocks: Sequence[Json]) -> Iterator[str]:
    """The words of blocks, in Slack's own notation, one text for each block."""
    for block in blocks:
        if block.get("type") == "rich_text":
            text = "\n".join(filter(None, map(_rich, block.get("elements") or ())))
        else:
            fields = [block.get("text"), block.get("title"), *(block.get("fields") or ()), *(block.get("elements") or ())]
            text = "\n".join(filter(None, map(_object_text, fields)))
        if text:
            yield text


def _object_text(one: object) -> str:
    if not isinstance(one, Mapping):
        return ""
    text = one.get("text")
    return text if isinstance(text, str) else _object_text(text)


def _rich(element: Json) -> str:
    """One element of a rich text, with all below it."""
    kind = element.get("type")
    below = element.get("elements")
    if isinstance(below, Sequence):
        inner = ("\n" if kind == "rich_text_list" else "").join(map(_rich, below))
        return "\n".join(f"&gt; {line}" for line in inner.split("\n")) if kind == "rich_text_quote" else inner
    write = _WRITTEN.get(str(kind))
    return write(element) if write else ""


def _link(element: Json) -> str:
    label = element.get("text")
    return f"<{element.get('url')}|{label}>" if label else f"<{element.get('url')}>"


_WRITTEN: Mapping[str, Callable[[Json], str]] = {
    "text": lambda one: str(one.get("text") or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
    "user": lambda one: f"<@{one.get('user_id')}>",
    "channel": lambda one: f"<#{one.get('channel_id')}>",
    "usergroup": lambda _: "<!subteam^group|@group>",
    "broadcast": lambda one: f"<!{one.get('range')}>",
    "emoji": lambda one: f":{one.get('name')}:",
    "link": _link,
}
"""The elements of a rich text in Slack's own notation."""


def _emoji(data: Json) -> dict[str, str]:
    """The characters of the emoji in a message, as its blocks tell them: name -> characters. An emoji of the workspace's own has none."""
    found: dict[str, str] = {}
    waiting: list[Any] = list(data.get("blocks") or ())
    while waiting:
        one = waiting.pop()
        if not isinstance(one, Mapping):
            continue
        if one.get("type") == "emoji" and one.get("unicode"):
            try:
                found[str(one["name"])] = "".join(chr(int(code, 16)) for code in str(one["unicode"]).split("-"))
            except (ValueError, OverflowError):
                continue
        below = one.get("elements")
        waiting += below if isinstance(below, list) else []
    return found


# What is passed on


def shares_of(data: Json, raw: str) -> Iterator[Shared]:
    """All that a message passes on besides its text: links, shared messages, previews, files' titles."""
    for link in links_of(raw):
        yield share_of("", link)
    yield from _attachments(data, previews=False)
    yield from _attachments(data, previews=True)
    for one in data.get("files") or ():
        yield from _file(one)


def images_of(data: Json) -> Iterator[Image]:
    """The images that a message carries, those of messages it shares too. Slack has no spoilers."""
    files = [*(data.get("files") or ()), *(file for one in data.get("attachments") or () for file in one.get("files") or ())]
    for one in files:
        kind = str(one.get("mimetype") or "").lower()
        if kind.startswith("image/"):
            yield Image(id=str(one.get("id") or ""), kind=kind, length=int(one.get("size") or 0), link=str(one.get("url_private") or ""))


def _attachments(data: Json, *, previews: bool) -> Iterator[Shared]:
    """Messages that are shared; or (`previews`) what Slack shows of links."""
    for one in data.get("attachments") or ():
        is_share = bool(one.get("is_share") or one.get("is_msg_unfurl") or one.get("message_blocks"))
        if is_share == previews:
            continue
        parts = [one.get("pretext"), "" if is_share else one.get("title"), one.get("text")]
        for field in one.get("fields") or ():
            parts += [field.get("title"), field.get("value")]
        if not any(parts):
            inner = [each for part in one.get("message_blocks") or () for each in (part.get("message") or {}).get("blocks") or ()]
            parts = [*blocks_text(inner), *blocks_text(one.get("blocks") or ())]
        said = "\n".join(shown(str(text)) for text in parts if text)
        link = str(one.get("from_url") or one.get("original_url") or one.get("title_link") or "")
        if said or (link and not previews):
            yield share_of(said, link)
        for file in one.get("files") or ():
            yield from _file(file)


def _file(one: Json) -> Iterator[Shared]:
    name, title = str(one.get("name") or ""), str(one.get("title") or "")
    words = words_of_name(title if title and title != name else name)
    text = " ".join(dict.fromkeys(filter(None, (words, shown(str(one.get("alt_txt") or ""))))))
    if text:
        yield Shared(text=text)


def words_of_name(name: str) -> str:
    """A file's name as words: without its ending, its signs as blanks."""
    stem = re.sub(r"\.\w{1,5}$", "", name)
    return " ".join(re.split(r"[\s_\-.]+", stem)).strip()
