"""The commands that Discord offers: a member's and a moderator's.

Knows: names, options and choices of commands, where and to whom Discord offers them. Must not know: how a command is answered, the
record.
Rules: each command is one call to the desk; a member's commands work in direct messages too, because a muted member has nothing
else; what moderators use is offered to those who may time members out, and it is the desk that says who is a moderator.
"""

import asyncio
import shlex
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Literal, cast

import discord
import structlog
from discord import app_commands

from bot.communities import Communities
from bot.core.cases import Decision, NotAllowedError
from bot.core.model import Severity
from bot.orders import MUTE_HOURS_MAX
from bot.platforms.discord import choices
from bot.platforms.discord.buttons import BUTTONS, ForgetButton, form_sent
from bot.platforms.discord.forms import TEXT_CHARS_MAX, member_form, message_form
from bot.platforms.discord.managing import on_servers, steward
from bot.platforms.discord.reception import CONNECTION_ERRORS, Interaction, Reception, Reply, nothing

log = structlog.get_logger()

NAME_CHARS_MAX = 100
"""Longer than any name that is taken: what is too long is refused with a reason."""
Tree = app_commands.CommandTree[discord.Client]
Number = app_commands.Range[int, 1, 999_999_999]
Hours = app_commands.Range[int, 1, MUTE_HOURS_MAX]
Text = app_commands.Range[str, 1, TEXT_CHARS_MAX]
Name = app_commands.Range[str, 1, NAME_CHARS_MAX]
Grade = Literal["minor", "medium", "serious", "grave"]
SHARED_SECONDS_MAX = 2.0
"""How long a form may wait for the servers to choose from: it has to be opened within three seconds."""
CHANGED = "Discord still shows you an older form of this command. Reload Discord (Ctrl+R, or close and open the app) and try again."
WHICH_SERVER = "In a direct message: the server you mean"
CONFIRM = (
    "This asks the moderators to delete what Steward keeps about you. They have to look first, because the cases of others may rest on "
    "it. Read what is kept with /mydata."
)

UNWANTED = {
    "tell": "tell them, so that it counts",
    "quietly": "tell nobody, only keep it as evidence",
    "renew": "let a request hold for another 90 days",
    "end": "end a request",
    "list": "show my requests",
}
"""What /nocontact can do, as a member reads it."""
CALLS_ME = {"add": "add a name", "remove": "take a name back", "list": "show my names"}
"""What /callme can do, as a member reads it."""

everywhere = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False)
anywhere = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True)
moderators = discord.Permissions(moderate_members=True)


def attach(client: discord.Client, communities: Communities, *, after_setup: Callable[[str], Awaitable[None]] = nothing) -> Tree:
    """Give a client its commands, buttons and forms; the tree is to be synchronised once the client is logged in.

    A client has one tree. `after_setup` is called with the server's id whenever somebody changed how it is run.
    """
    reception = Reception(client, communities, after_setup=after_setup)
    client.add_dynamic_items(*BUTTONS)
    tree: Tree = app_commands.CommandTree(client, allowed_installs=app_commands.AppInstallationType(guild=True, user=False))

    @client.event
    async def on_interaction(interaction: Interaction) -> None:
        await form_sent(reception, interaction)

    @tree.error
    async def failed(interaction: Interaction, error: app_commands.AppCommandError) -> None:
        async def say() -> str:
            if isinstance(error, (app_commands.CommandNotFound, app_commands.CommandSignatureMismatch)):
                raise NotAllowedError(CHANGED)
            if isinstance(error, app_commands.TransformerError):
                raise NotAllowedError("I do not see the channel or member that you named")
            raise error

        await reception.answer(interaction, say)

    _add_reports(tree, reception)
    _add_names(tree, reception)
    _add_answers(tree, reception)
    _add_own(tree, reception)
    _add_links(tree, reception)
    _add_menus(tree, reception)
    _add_cases(tree, reception)
    _add_decisions(tree, reception)
    tree.add_command(steward(reception))
    return tree


def _line(reception: Reception, interaction: Interaction, line: str, server: str = "") -> Callable[[], Awaitable[str]]:
    """The work of a command that the desk answers as a line."""

    async def work() -> str:
        visit = await reception.visit(interaction, server)
        return await visit.community.desk.ask(line, visit.asker)

    return work


# What members use


def _add_reports(tree: Tree, reception: Reception) -> None:
    @tree.command(name="report", description="Tell the moderators that something is wrong")
    @app_commands.describe(what="What happened, and when", about="The member it is about, if it is one", server=WHICH_SERVER)
    @app_commands.autocomplete(server=choices.servers(reception))
    async def report(interaction: Interaction, what: Text, about: discord.User | discord.Member | None = None, server: str = "") -> None:
        async def work() -> str:
            visit = await reception.visit(interaction, server)
            if about is not None:
                return await visit.community.desk.report_member(visit.asker, str(about.id), what)
            return await visit.community.desk.ask(f"/report {shlex.quote(what)}", visit.asker)

        await reception.answer(interaction, work)

    @tree.command(name="appeal", description="Ask another moderator to look at your case again")
    @app_commands.describe(case="The number of your case", why="Why we should look again", server=WHICH_SERVER)
    @app_commands.autocomplete(case=choices.own_cases(reception), server=choices.servers(reception))
    async def appeal(interaction: Interaction, case: Number, why: Text = "", server: str = "") -> None:
        async def work() -> str:
            visit = await reception.visit(interaction, server)
            return await visit.community.desk.appeal_case(visit.asker, case, why)

        await reception.answer(interaction, work)

    @tree.command(name="nocontact", description="Ask somebody to leave you alone, or look at such requests of yours")
    @app_commands.describe(
        who="Whose contact you do not want. Leave it out to see your requests", how="What to do about it", server=WHICH_SERVER
    )
    @app_commands.choices(how=[app_commands.Choice(name=name, value=how) for how, name in UNWANTED.items()])
    @app_commands.autocomplete(server=choices.servers(reception))
    async def nocontact(
        interaction: Interaction, who: discord.User | discord.Member | None = None, how: str = "", server: str = ""
    ) -> None:
        async def work() -> str:
            visit = await reception.visit(interaction, server)
            return await visit.community.desk.unwanted_contact(visit.asker, str(who.id) if who else "", how)

        await reception.answer(interaction, work)

    for command in (report, appeal, nocontact):
        command.allowed_contexts = everywhere


def _add_names(tree: Tree, reception: Reception) -> None:
    @tree.command(name="callme", description="Names by which others call you, so that I know when words are about you")
    @app_commands.describe(how="What to do", name="A nickname, for example. Only your own names", server=WHICH_SERVER)
    @app_commands.choices(how=[app_commands.Choice(name=shown, value=how) for how, shown in CALLS_ME.items()])
    @app_commands.autocomplete(server=choices.servers(reception))
    async def callme(interaction: Interaction, how: str = "list", name: Name = "", server: str = "") -> None:
        async def work() -> str:
            visit = await reception.visit(interaction, server)
            return await visit.community.desk.called(visit.asker, how, name)

        await reception.answer(interaction, work)

    callme.allowed_contexts = everywhere


def _add_answers(tree: Tree, reception: Reception) -> None:
    @tree.command(name="agreed", description="Say whether somebody agreed, where Steward asked you")
    @app_commands.describe(case="The number of the case", answer="Whether they agreed", server=WHICH_SERVER)
    @app_commands.autocomplete(server=choices.servers(reception))
    async def agreed(interaction: Interaction, case: Number, answer: Literal["yes", "no"], server: str = "") -> None:
        async def work() -> str:
            visit = await reception.visit(interaction, server)
            return await visit.community.desk.agreed_case(visit.asker, case, agreed=answer == "yes")

        await reception.answer(interaction, work)

    agreed.allowed_contexts = everywhere


def _add_own(tree: Tree, reception: Reception) -> None:
    @tree.command(name="mystanding", description="Your cases and strikes")
    @app_commands.describe(server=WHICH_SERVER)
    @app_commands.autocomplete(server=choices.servers(reception))
    async def mystanding(interaction: Interaction, server: str = "") -> None:
        await reception.answer(interaction, _line(reception, interaction, "/mystanding", server))

    @tree.command(name="mydata", description="Everything that is kept about you, as a file")
    @app_commands.describe(server=WHICH_SERVER)
    @app_commands.autocomplete(server=choices.servers(reception))
    async def mydata(interaction: Interaction, server: str = "") -> None:
        async def work() -> Reply:
            visit = await reception.visit(interaction, server)
            data = await visit.community.desk.mydata(visit.asker)
            return Reply(text="This is everything that is kept about you.", file_name="mydata.json", file=data.encode())

        await reception.answer(interaction, work)

    @tree.command(name="forgetme", description="Ask that what is kept about you be deleted")
    @app_commands.describe(server=WHICH_SERVER)
    @app_commands.autocomplete(server=choices.servers(reception))
    async def forgetme(interaction: Interaction, server: str = "") -> None:
        async def work() -> Reply:
            visit = await reception.visit(interaction, server)
            return Reply(text=CONFIRM, view=discord.ui.View(timeout=None).add_item(ForgetButton(visit.server)))

        await reception.answer(interaction, work)

    @tree.command(name="code", description="The code of conduct in plain words")
    @app_commands.describe(clause="One clause of it", server=WHICH_SERVER)
    @app_commands.autocomplete(clause=choices.clauses(reception), server=choices.servers(reception))
    async def code(interaction: Interaction, clause: str = "", server: str = "") -> None:
        await reception.answer(interaction, _line(reception, interaction, f"/code {shlex.quote(clause) if clause else ''}", server))

    for command in (mystanding, mydata, forgetme, code):
        command.allowed_contexts = everywhere


def _add_links(tree: Tree, reception: Reception) -> None:
    @tree.command(name="link", description="One record for your accounts in two chats of the same community")
    @app_commands.describe(code="The code that you got in the other chat; leave it out to get one", server=WHICH_SERVER)
    @app_commands.autocomplete(server=choices.servers(reception))
    async def link(interaction: Interaction, code: str = "", server: str = "") -> None:
        await reception.answer(interaction, _line(reception, interaction, f"/link {shlex.quote(code) if code else ''}", server))

    @tree.command(name="unlink", description="A record of its own for this account again")
    @app_commands.describe(server=WHICH_SERVER)
    @app_commands.autocomplete(server=choices.servers(reception))
    async def unlink(interaction: Interaction, server: str = "") -> None:
        await reception.answer(interaction, _line(reception, interaction, "/unlink", server))

    for command in (link, unlink):
        command.allowed_contexts = everywhere


def _add_menus(tree: Tree, reception: Reception) -> None:
    @tree.context_menu(name="Report message")
    async def report_message(interaction: Interaction, message: discord.Message) -> None:
        if message.author.id == interaction.application_id:
            await reception.answer(interaction, _refused("this is my own message: use /appeal, or /report if something is wrong with it"))
            return
        resolved = cast("Mapping[str, Any]", interaction.data)["resolved"]["messages"]
        reception.keep_evidence(interaction, resolved[str(message.id)])
        servers: list[tuple[str, str]] = []
        if reception.own_guild(interaction) is None:
            try:
                async with asyncio.timeout(SHARED_SECONDS_MAX):
                    shared = await reception.shared_with(interaction.user)
            except (TimeoutError, discord.HTTPException):
                shared = list(reception.client.guilds)
            servers = [(str(one.id), one.name) for one in shared] if len(shared) > 1 else []
        await reception.open(interaction, message_form(str(message.channel.id), str(message.id), servers))

    @tree.context_menu(name="Report member")
    async def report_member(interaction: Interaction, member: discord.User | discord.Member) -> None:
        await reception.open(interaction, member_form(str(member.id)))

    report_message.allowed_contexts = anywhere
    report_message.allowed_installs = app_commands.AppInstallationType(guild=True, user=True)
    report_member.allowed_contexts = on_servers


def _refused(why: str) -> Callable[[], Awaitable[str]]:
    async def work() -> str:
        raise NotAllowedError(why)

    return work


# What moderators use


def _add_cases(tree: Tree, reception: Reception) -> None:
    @tree.command(name="cases", description="Open cases, reports and things to do by hand")
    @app_commands.describe(page="A later page: 2, 3 and so on")
    async def cases(interaction: Interaction, page: Number = 1) -> None:
        await reception.answer(interaction, _line(reception, interaction, f"/cases {page}"))

    @tree.command(name="case", description="Everything about a case")
    @app_commands.describe(number="The number of the case")
    @app_commands.autocomplete(number=choices.open_cases(reception))
    async def case(interaction: Interaction, number: Number) -> None:
        await reception.answer(interaction, _line(reception, interaction, f"/case {number}"))

    @tree.command(name="member", description="A member's cases and strikes")
    @app_commands.describe(who="The member")
    async def member(interaction: Interaction, who: discord.User | discord.Member) -> None:
        async def work() -> str:
            visit = await reception.visit(interaction)
            return await visit.community.desk.member(visit.asker, str(who.id))

        await reception.answer(interaction, work)

    @tree.command(name="done", description="You did by hand what Steward could not do in a case")
    @app_commands.describe(number="The number of the case")
    async def done(interaction: Interaction, number: Number) -> None:
        async def work() -> str:
            visit = await reception.visit(interaction)
            return await visit.community.desk.done_by_hand(visit.asker, number)

        await reception.answer(interaction, work)

    @tree.command(name="answer", description="Answer a report and close it")
    @app_commands.describe(report="The number of the report", words="What whoever reported reads. Leave it out to read the report")
    async def answer(interaction: Interaction, report: Number, words: Text = "") -> None:
        async def work() -> str:
            visit = await reception.visit(interaction)
            return await visit.community.desk.answer_number(visit.asker, report, words)

        await reception.answer(interaction, work)

    for command in (cases, case, member, done, answer):
        command.allowed_contexts, command.default_permissions = on_servers, moderators


def _add_decisions(tree: Tree, reception: Reception) -> None:
    async def decide(interaction: Interaction, number: int, decision: Decision, reason: str, **change: Any) -> None:
        async def work() -> str:
            visit = await reception.visit(interaction)
            return await visit.community.desk.rule(visit.asker, number, decision, reason=reason, **change)

        await reception.answer(interaction, work)

    @tree.command(name="uphold", description="Agree with what was done in a case")
    @app_commands.describe(number="The number of the case", reason="Why: the member reads this")
    @app_commands.autocomplete(number=choices.open_cases(reception))
    async def uphold(interaction: Interaction, number: Number, reason: Text = "") -> None:
        await decide(interaction, number, Decision.UPHOLD, reason)

    @tree.command(name="dismiss", description="Take everything back that was done in a case")
    @app_commands.describe(number="The number of the case", reason="Why: the member reads this")
    @app_commands.autocomplete(number=choices.open_cases(reception))
    async def dismiss(interaction: Interaction, number: Number, reason: Text = "") -> None:
        await decide(interaction, number, Decision.DISMISS, reason)

    @tree.command(name="change", description="Make a case milder or graver")
    @app_commands.describe(
        number="The number of the case", severity="How grave it is", hours="Mute for so many hours", reason="Why: the member reads this"
    )
    @app_commands.autocomplete(number=choices.open_cases(reception))
    async def change(
        interaction: Interaction, number: Number, severity: Grade | None = None, hours: Hours | None = None, reason: Text = ""
    ) -> None:
        if severity is None and hours is None:
            await reception.answer(interaction, _refused("say how grave it is, or for how many hours to mute"))
            return
        grade = Severity[severity.upper()] if severity else None
        await decide(interaction, number, Decision.CHANGE, reason, severity=grade, mute_hours=hours)

    for command in (uphold, dismiss, change):
        command.allowed_contexts, command.default_permissions = on_servers, moderators


async def offer(tree: Tree) -> None:
    """Tell Discord which commands there are. Where it does not take them now, the old ones stay and the log says so.

    An application that may not be installed by users has no commands for them: then it is asked again without.
    """
    try:
        try:
            await tree.sync()
        except discord.HTTPException as error:
            if error.status != HTTPStatus.BAD_REQUEST:
                raise
            for menu in tree.walk_commands(type=discord.AppCommandType.message):
                menu.allowed_installs = app_commands.AppInstallationType(guild=True, user=False)
            await tree.sync()
    except (discord.HTTPException, app_commands.AppCommandError, *CONNECTION_ERRORS) as error:
        log.error("the commands were not renewed: Discord shows those from before", error=type(error).__name__)
