"""Asking Slack for something: what its refusals mean.

Knows: the library's errors, Slack's documented codes. Must not know: what is asked, and why.
Rules: what may be tried again is PlatformUnavailableError, what a person has to do is PlatformRefusedError with what to press; no
error carries a token, an address or a member's text.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.ports import PlatformRefusedError, PlatformUnavailableError

TOKEN_CODES = frozenset(
    "invalid_auth not_authed account_inactive token_revoked token_expired not_allowed_token_type org_login_required "
    "user_removed_from_team".split()
)
"""The token is wrong, or is not one any more: trying again does not mend it."""
LATER_CODES = frozenset(
    "ratelimited rate_limited message_limit_exceeded internal_error fatal_error service_unavailable request_timeout "
    "team_added_to_org accesslimited".split()
)
"""Slack's own trouble, or too much at a time."""
UNCLEAR_CODES = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
"""It may have been done nevertheless."""
GONE_CODES = frozenset({"message_not_found", "thread_not_found"})
NO_ROOM_CODES = frozenset({"channel_not_found", "not_in_channel", "is_archived", "no_permission"})
REASONS: Mapping[str, str] = {
    "channel_not_found": "Slack shows Steward no such channel: invite Steward to it",
    "not_in_channel": "Steward is not in the channel: invite it there with /invite",
    "is_archived": "the channel is archived",
    "restricted_action": "the workspace's settings keep Steward from doing this: an owner can allow it, or do it by hand",
    "restricted_action_read_only_channel": "only some may post in this channel: allow Steward, or name another one",
    "user_not_found": "the account is not in this workspace",
    "users_not_found": "the account is not in this workspace",
    "user_disabled": "the account was deactivated",
    "user_not_visible": "Slack does not let Steward see this account",
    "cannot_dm_bot": "the account is a program",
    "messages_tab_disabled": "direct messages to Steward are switched off: in the app's settings, App Home, switch on the Messages tab",
    "cant_delete_message": "Slack does not let this token delete the message: an owner or admin does it by hand",
    "compliance_exports_prevent_deletion": "the workspace's compliance exports prevent that messages are deleted",
    "cant_kick_from_general": "Slack lets nobody be taken out of the general channel",
    "cant_kick_from_last_channel": "Slack lets nobody be taken out of their last channel",
    "cant_kick_self": "Steward cannot take itself out",
    "cant_invite": "Slack does not let Steward invite this member: somebody in the channel does it by hand",
    "cant_invite_self": "Steward cannot invite itself",
    "method_not_supported_for_channel_type": "Slack does not offer this for such a channel",
    "edit_window_closed": "the workspace's settings do not let messages be changed any more",
    "cant_update_message": "Slack does not let Steward change this message",
}


class SlackCodeError(Exception):
    """A refusal that the caller knows how to take: a message that is gone, somebody who is there already."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def body_of(error: SlackApiError) -> Mapping[str, Any]:
    """What Slack answered; nothing where that was no JSON."""
    data = getattr(error.response, "data", None)
    return data if isinstance(data, Mapping) else {}


def code_of(error: SlackApiError) -> str:
    """Slack's word for what is wrong; "" where it gave none."""
    return str(body_of(error).get("error") or "")


def status_of(error: SlackApiError) -> int:
    """The HTTP status; 0 where it is not known."""
    return int(getattr(error.response, "status_code", 0) or getattr(error.response, "status", 0) or 0)


def retry_after(error: SlackApiError) -> float | None:
    """For how many seconds Slack asks to wait."""
    headers = getattr(error.response, "headers", None) or {}
    found = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    try:
        return float(found) if found is not None else None
    except ValueError:
        return None


@contextmanager
def asked(*known: str) -> Iterator[None]:
    """Ask for something inside of this: the library's errors become those of bot.ports.

    `known` are codes that the caller takes itself: they come as SlackCodeError.
    """
    try:
        yield
    except SlackApiError as error:
        if code_of(error) in known:
            raise SlackCodeError(code_of(error)) from None
        raise meaning(error) from None
    except (aiohttp.ClientError, OSError, SlackClientError) as error:  # TimeoutError is an OSError
        raise PlatformUnavailableError(f"Slack could not be reached ({type(error).__name__})", maybe_done=True) from None
    except RuntimeError as error:
        if "closed" not in str(error):
            raise
        raise PlatformUnavailableError("not connected to Slack", maybe_done=True) from None


def meaning(error: SlackApiError) -> Exception:
    """What an answer other than success means for an action."""
    code, status = code_of(error), status_of(error)
    if status == 429 or code in ("ratelimited", "rate_limited"):  # noqa: PLR2004 - too many requests
        return PlatformUnavailableError("Slack asks to wait", retry_seconds=retry_after(error))
    if code in TOKEN_CODES:
        return PlatformUnavailableError(f"Slack does not take the token any more ({code})")
    if status >= 500 or code in LATER_CODES or not code:  # noqa: PLR2004 - Slack's own trouble
        unclear = status >= 500 or code in UNCLEAR_CODES or not code  # noqa: PLR2004
        return PlatformUnavailableError(f"Slack is in trouble ({code or status})", maybe_done=unclear)
    if code == "missing_scope":
        needed = str(body_of(error).get("needed") or "a scope")
        return PlatformRefusedError(f"Steward's app lacks {needed}: add it under OAuth & Permissions and install the app again")
    return PlatformRefusedError(REASONS.get(code, f"Slack does not take it ({code})"))
