"""From what Discord's gateway and history say to Steward's messages.

Knows: the JSON of Discord's API, version 10. Must not know: the library, the network, what was said before, rules.
Rules: pure, from one payload to one message or None; ids stay text; what people write, pass on, name or draw is in the message;
what programs say (other bots, webhooks, Steward itself) and what Discord says by itself (a join, a boost, a pin) is no speech.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.model import Image, Kind, Message, Shared
from bot.links import share_of

Json = Mapping[str, Any]

NAME = "discord"
SAID, ANSWERED = 0, 19
"""The types of message that are speech: a plain one and a reply. All others are Discord's own sentences."""
REFERENCE_FORWARD = 1
THREADS = frozenset({10, 11, 12})
ROOMS = frozenset({0, 2, 5, 13}) | THREADS
"""Kinds of channel in which members write: text, voice, announcements, stage, and threads (those of forums too)."""
BLOCK, ALERT, TIMEOUT = 1, 2, 3
EPOCH_MS = 1_420_070_400_000
LINKS_MAX = 20
"""Links of one message that are looked at: Discord's 2,000 characters hold hardly more."""
LINK = re.compile(r"https?://[^\s<>\"')\]]+", re.IGNORECASE)
SPOILER, SPOILER_FLAG = "SPOILER_", 1 << 3
"""How an attachment behind a spoiler is named, and the flag that newer clients set."""
IMAGE_NAMES = frozenset("jpg jpeg png gif webp bmp tif tiff avif heic".split())
"""The endings of images, where Discord does not say what an attachment is."""
SHORT_ID_HEX = 8
EDITED_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something was said: whose community, which server, and the thread it belongs to ("" outside of threads)."""

    community: str
    server: str
    thread: str = ""


def time_of(text: str) -> datetime:
    """A time as Discord writes it, aware. Raises ValueError."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def made_at(snowflake: str) -> datetime:
    """When an id was made. Raises ValueError where it is none of Discord's."""
    return datetime.fromtimestamp(((int(snowflake) >> 22) + EPOCH_MS) / 1000, UTC)


def is_speech(data: Json) -> bool:
    """Say whether a person wrote this."""
    author = data.get("author") or {}
    return data.get("type") in (SAID, ANSWERED) and not author.get("bot") and not author.get("system") and not data.get("webhook_id")


def since_of(account: str, member: Json | None = None) -> tuple[datetime, datetime | None]:
    """When an account was made, and when it came to the server where the payload says so. Raises ValueError."""
    joined = (member or {}).get("joined_at")
    return made_at(account), time_of(str(joined)) if joined else None


def message_of(data: Json, place: Place, *, kind: Kind = Kind.SAID) -> Message | None:
    """A whole message as it is now; None where nobody's speech. An edit counts as sent when it was edited.

    Only what somebody writes says since when they can have been here: joining and reacting are no writing, and many who do so at once
    (after a meeting, to be let in) are no raid. Raises KeyError, TypeError or ValueError for what is not a message of Discord's.
    """
    if not is_speech(data):
        return None
    text, shares = str(data.get("content") or ""), tuple(shares_of(data))
    reply = data.get("message_reference") or {}
    answers = data["type"] == ANSWERED and reply.get("type", 0) != REFERENCE_FORWARD
    answered = data.get("referenced_message") or {}
    edited = data.get("edited_timestamp") if kind is Kind.EDITED else None
    created_at, joined_at = since_of(str(data["author"]["id"]), data.get("member"))
    return Message(
        community=place.community,
        platform=NAME,
        server=place.server,
        room=str(data["channel_id"]),
        thread=place.thread,
        id=str(int(data["id"])),
        author=str(data["author"]["id"]),
        text=text,
        sent_at=time_of(edited or data["timestamp"]),
        kind=Kind.SHARED if kind is Kind.SAID and shares and not text else kind,
        reply_to=str(reply.get("message_id") or "") if answers else "",
        reply_author=str((answered.get("author") or {}).get("id") or "") if answers else "",
        mentions=tuple(str(one["id"]) for one in data.get("mentions") or ()),
        shares=shares,
        images=tuple(images_of(data)),
        account_created_at=created_at,
        joined_at=joined_at,
    )


def shares_of(data: Json) -> Iterator[Shared]:
    """All that a message passes on besides its text: links, forwards, embeds, attachments, a poll, stickers."""
    yield from _links(str(data.get("content") or ""))
    for snapshot in data.get("message_snapshots") or ():
        inner = snapshot.get("message") or {}
        if inner.get("content"):
            yield Shared(text=str(inner["content"]))
        yield from shares_of(inner)
    yield from embeds_of(data)
    for one in data.get("attachments") or ():
        name = str(one.get("title") or one.get("filename") or "")
        yield from _said(" ".join(filter(None, (words_of_name(name), str(one.get("description") or "")))))
    poll = data.get("poll") or {}
    if poll:
        texts = [poll.get("question") or {}, *((answer.get("poll_media") or {}) for answer in poll.get("answers") or ())]
        yield from _said("\n".join(str(one["text"]) for one in texts if one.get("text")))
    for one in data.get("sticker_items") or ():
        yield from _said(str(one.get("name") or ""))


def images_of(data: Json) -> Iterator[Image]:
    """The images that a message carries, those of what it forwards first."""
    for snapshot in data.get("message_snapshots") or ():
        yield from images_of(snapshot.get("message") or {})
    for one in data.get("attachments") or ():
        name, kind = str(one.get("filename") or ""), str(one.get("content_type") or "").lower()
        if not (kind.startswith("image/") or (not kind and name.rpartition(".")[2].lower() in IMAGE_NAMES)):
            continue
        spoiler = name.startswith(SPOILER) or bool(int(one.get("flags") or 0) & SPOILER_FLAG)
        image_id, link = str(one.get("id") or ""), str(one.get("url") or "")
        yield Image(id=image_id, kind=kind, length=int(one.get("size") or 0), spoiler=spoiler, link=link)


def embeds_of(data: Json) -> Iterator[Shared]:
    """The embeds of a message, those that Discord makes of its links too: every text of one, and where it leads."""
    for embed in data.get("embeds") or ():
        texts = [(embed.get(part) or {}).get("name") for part in ("provider", "author")]
        texts += [embed.get("title"), embed.get("description")]
        for one in embed.get("fields") or ():
            texts += [one.get("name"), one.get("value")]
        texts.append((embed.get("footer") or {}).get("text"))
        said, link = "\n".join(str(text) for text in texts if text), str(embed.get("url") or "")
        if said or link:
            yield share_of(said, link)


def digest(text: str) -> str:
    """A hash of a text, to know it again without keeping it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is remembered of a message to tell an edit from a preview: hashes of what was written and of its embeds, no text."""

    written: str
    embeds: frozenset[str]


def known_of(data: Json, place: Place) -> Known | None:
    """What to remember of a message as it is now; None where it is nobody's speech."""
    bare = message_of({**data, "embeds": []}, place)
    return Known(written=bare.version, embeds=frozenset(digest(one.text) for one in embeds_of(data))) if bare else None


def changed_of(data: Json, place: Place, before: Known | None, now: datetime) -> Message | None:
    """What an update of a message brings that is to be judged; None where it brings nothing.

    An edit is judged whole. A link's preview, which Discord adds without any edit, is judged by itself. Where the message is not
    remembered (it was said before a start), it was edited if it says so of the last minute.
    """
    if "content" not in data or "author" not in data:
        return None
    now_known = known_of(data, place)
    if now_known is None:
        return None
    if before is None:
        edited = data.get("edited_timestamp")
        is_edit = bool(edited) and abs(now - time_of(str(edited))) <= EDITED_WITHIN
    else:
        is_edit = now_known.written != before.written
    if is_edit:
        return message_of(data, place, kind=Kind.EDITED)
    return previewed(data, place, before.embeds if before else frozenset())


def previewed(data: Json, place: Place, known: frozenset[str]) -> Message | None:
    """What Discord's previews have added to a message whose text is judged already: the new embeds, without its text.

    `known` are the hashes of the embeds that were judged. None where there is nothing new to read.
    """
    fresh = tuple(one for one in embeds_of(data) if one.text and digest(one.text) not in known)
    whole = message_of(data, place)
    if whole is None or not fresh:
        return None
    return Message(
        community=whole.community,
        platform=NAME,
        server=whole.server,
        room=whole.room,
        thread=whole.thread,
        id=whole.id,
        author=whole.author,
        text="",
        sent_at=whole.sent_at,
        kind=Kind.SHARED,
        shares=fresh,
        account_created_at=whole.account_created_at,
        joined_at=whole.joined_at,
    )


def reaction_of(data: Json, place: Place, now: datetime) -> Message | None:
    """A reaction; it speaks to the author of the message under which it stands. None for a bot's.

    Its id is its own (`short_id`), not that of the message it stands under: that one is somebody else's, and must neither be hidden
    for it nor be taken for the same reaction by another member.
    """
    user = (data.get("member") or {}).get("user") or {}
    if user.get("bot"):
        return None
    message, author, emoji = str(data["message_id"]), str(data["user_id"]), emoji_name(data["emoji"])
    target = str(data.get("message_author_id") or "")
    return Message(
        community=place.community,
        platform=NAME,
        server=place.server,
        room=str(data["channel_id"]),
        thread=place.thread,
        id=short_id("r", message, author, emoji),
        author=author,
        text=emoji,
        sent_at=now,
        kind=Kind.REACTED,
        reply_to=message,
        reply_author=target if target != author else "",
    )


def emoji_name(emoji: Json) -> str:
    """An emoji as it reads: the character, or the name that the server gave it."""
    name = str(emoji.get("name") or "")
    return name if not emoji.get("id") else f":{name}:"


def emoji_path(emoji: Json) -> str:
    """An emoji as Discord's addresses write it."""
    name = str(emoji.get("name") or "")
    return f"{name}:{emoji['id']}" if emoji.get("id") else name


def join_of(data: Json, place: Place) -> Message | None:
    """A member who joined, with the name they chose; None for a bot. The room is the server's list of members."""
    user = data["user"]
    if user.get("bot"):
        return None
    account, at = str(user["id"]), str(data["joined_at"])
    return Message(
        community=place.community,
        platform=NAME,
        server=place.server,
        room=members_room(place.server),
        id=short_id("j", account, at),
        author=account,
        text=shown_name(user, data),
        sent_at=time_of(at),
        kind=Kind.JOINED,
    )


def members_room(server: str) -> str:
    """The room in which joining happens: a server's list of members, which is no channel."""
    return f"members:{server}"


def blocked_of(data: Json, place: Place, message_id: str, now: datetime) -> Message | None:
    """What Discord's own AutoMod kept from being said. None where the message stands (it is judged as itself) or none was written."""
    text = str(data.get("content") or data.get("matched_content") or "")
    if data.get("message_id") or not data.get("channel_id") or not text:
        return None
    return Message(
        community=place.community,
        platform=NAME,
        server=place.server,
        room=str(data["channel_id"]),
        thread=place.thread,
        id=message_id,
        author=str(data["user_id"]),
        text=text,
        sent_at=now,
        kind=Kind.BLOCKED,
        shares=tuple(_links(text)),
        account_created_at=made_at(str(data["user_id"])),
    )


def thread_name_of(data: Json, place: Place) -> Message | None:
    """The name that somebody gave to a new thread or forum post: it is read like something shared. None without an owner or a name."""
    if not data.get("owner_id") or not data.get("name"):
        return None
    return Message(
        community=place.community,
        platform=NAME,
        server=place.server,
        room=str(data["id"]),
        thread=str(data["id"]),
        id=str(int(data["id"])),
        author=str(data["owner_id"]),
        text="",
        sent_at=made_at(data["id"]),
        kind=Kind.SHARED,
        shares=(Shared(text=str(data["name"])),),
        account_created_at=made_at(str(data["owner_id"])),
    )


def shown_name(user: Json, member: Json | None = None) -> str:
    """The name by which members call an account on this server."""
    return str((member or {}).get("nick") or user.get("global_name") or user.get("username") or "")


def names_of(data: Json) -> Iterator[tuple[str, str]]:
    """Every account of which a payload tells the name, with that name; programs are left out."""
    author = data.get("author") or data.get("user") or {}
    member = data.get("member") or (data if data.get("user") else {})
    user = author or member.get("user") or {}
    people = [(user, member), *((one, one.get("member")) for one in data.get("mentions") or ())]
    for one, membership in people:
        name = shown_name(one, membership) if one and not one.get("bot") else ""
        if name:
            yield str(one["id"]), name


def short_id(kind: str, *parts: str) -> str:
    """An id for what has none of Discord's: the same for the same parts, shorter than any of Discord's ids.

    Ids are ordered by length first: so it stands before every message and never moves a room's cursor forward.
    """
    digest = hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{kind}-{digest[:SHORT_ID_HEX]}"


def words_of_name(name: str) -> str:
    """A file's name as words: without its ending, its signs as blanks."""
    stem = name.rsplit(".", 1)[0] if "." in name else name
    return " ".join(re.split(r"[\s_\-.]+", stem)).strip()


def _links(text: str) -> Iterator[Shared]:
    for link in list(dict.fromkeys(LINK.findall(text)))[:LINKS_MAX]:
        yield share_of("", link)


def _said(text: str) -> Iterator[Shared]:
    if text.strip():
        yield Shared(text=text)
