"""How Steward runs in a Slack workspace: what /steward does, and its form, for the workspace's admins and owners alone.

Knows: who may manage a workspace, what a channel for cards needs. Must not know: cases, the record, how a community is changed.
Rules: who asks is looked up each time, when a form is opened and when it comes back; whatever is changed is answered with how it stands
then, and with what is wrong with the channel for the cards.
"""

from collections.abc import Sequence

from slack_sdk.errors import SlackApiError

from bot.core.cases import NotAllowedError
from bot.core.naming import place
from bot.platforms.slack.blocks import Block
from bot.platforms.slack.forms import CARDS, GROUP, MODE, POLICY, Sent, setup_form
from bot.platforms.slack.reception import Json, Reception, person_of, server_of
from bot.platforms.slack.showing import CHANNEL
from bot.platforms.slack.translate import NAME

ADMINS_ONLY = "only owners and admins of this workspace can do this"
HOW_STEWARD = "write /steward setup, /steward status, /steward mode shadow, /steward mode enforce, or /steward policy"


async def admins_only(reception: Reception, body: Json) -> None:
    """Raise NotAllowedError for everybody else."""
    if not await reception.may_manage(person_of(body)):
        raise NotAllowedError(ADMINS_ONLY)


async def run(reception: Reception, body: Json, words: Sequence[str]) -> str:
    """Do what stands after /steward: status, mode, policy; gives what the admin reads. Raises NotAllowedError."""
    server, communities = server_of(body), reception.communities
    await admins_only(reception, body)
    match words:
        case [] | ["status"]:
            await communities.of(NAME, server)
            return await communities.status(NAME, server)
        case ["mode", mode]:
            return await communities.set_up(NAME, server, mode=mode)
        case ["policy"]:
            return await communities.reload(NAME, server)
    raise NotAllowedError(HOW_STEWARD)


async def setup_to_fill(reception: Reception, body: Json) -> Block:
    """The form, filled with what holds now. Whether somebody may have it is asked before (`admins_only`)."""
    server = server_of(body)
    parts = (await reception.communities.of(NAME, server)).parts
    setup = reception.communities.setup(NAME, server)
    cards = setup.escalation_channel if CHANNEL.fullmatch(setup.escalation_channel) else ""
    return setup_form(mode=str(parts.mode), policy="", cards=cards, group=setup.moderator_role, url=str(body.get("response_url") or ""))


async def setup_sent(reception: Reception, body: Json, form: Sent) -> str:
    """The form comes back: change what it says, and say how it stands. Raises NotAllowedError."""
    await admins_only(reception, body)
    server, cards = server_of(body), form.answers.get(CARDS, "")
    said = await reception.communities.set_up(
        NAME,
        server,
        mode=form.answers.get(MODE) or None,
        policy=form.answers.get(POLICY, "").strip() or None,
        escalation_channel=cards or None,
        moderator_role=form.answers.get(GROUP, "").strip(),
    )
    await reception.after_setup(server)
    return "\n".join([said, *(await _cares(reception, cards) if cards else [])])


async def _cares(reception: Reception, channel: str) -> list[str]:
    """What is wrong with the channel for the cards, if anything, and what to do about it."""
    here = place(channel)
    invite = f"I am not in {here} yet: open it and type /invite, then choose me."
    try:
        found = (await reception.client.conversations_info(channel=channel))["channel"] or {}
    except SlackApiError:
        return [invite]
    private = bool(found.get("is_private"))
    open_to_all = f"Careful: everybody in this workspace can read {here}, and cards quote what members wrote. Choose a private channel."
    return [*([] if found.get("is_member") else [invite]), *([] if private else [open_to_all])]
