"""Steward's commands as members and moderators of a Discord server use them."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.commands import COMMANDS, Asker
from bot.core.model import ActionKind
from bot.platforms.discord.reception import WENT_WRONG
from bot.ports import PlatformRefusedError
from tests.platforms.discord.at_work import MODERATORS, Bot, invalid, running
from tests.platforms.long_code import with_long_code
from tests.servers.discord import DiscordServer, Guild, Member, NotAllowedError, Permission


async def reports(bot: Bot, guild: Guild) -> list[tuple[str, str, str]]:
    """Reporter, author and text of each report that waits."""
    community = await bot.community(guild)
    async with community.parts.transaction() as transaction:
        return [(one.reporter, one.author, one.text) for one in await transaction.reports()]


# Members


async def test_a_member_reports_in_words(server: DiscordServer, guild: Guild, ann: Member, bot: Bot) -> None:
    words = 'it\'s "not" fair: look at #general'
    said = await bot.asked(server.interact(ann, "report", {"what": words}))
    assert "Your report is number 1" in said
    assert await reports(bot, guild) == [(ann.id, "", words)]
    assert not invalid(server)


async def test_a_member_reports_another_one_and_not_themselves(
    server: DiscordServer, guild: Guild, ann: Member, morgan: Member, bot: Bot
) -> None:
    assert "number 1" in await bot.asked(server.interact(ann, "report", {"what": "he shouts", "about": morgan}))
    assert await bot.asked(server.interact(ann, "report", {"what": "me", "about": ann})) == "You cannot report yourself."
    assert await reports(bot, guild) == [(ann.id, morgan.id, "he shouts")]


async def test_a_member_appeals_their_own_case_once(server: DiscordServer, ann: Member, morgan: Member, bot: Bot) -> None:
    number = await bot.breach(ann)
    offered = await server.complete(ann, "appeal", "case", "").answer()
    assert [one["value"] for one in offered.choices or []] == [number]
    assert "waiting for a moderator" in (offered.choices or [])[0]["name"]
    assert (await server.complete(morgan, "appeal", "case", "").answer()).choices == []
    assert "We have your appeal on case 1" in await bot.asked(server.interact(ann, "appeal", {"case": number, "why": "a joke"}))
    assert "have your appeal on case 1 already" in await bot.asked(server.interact(ann, "appeal", {"case": number}))
    assert await bot.asked(server.interact(morgan, "appeal", {"case": number})) == "You have no case 1."
    assert not invalid(server)


async def test_a_muted_member_still_reports_and_appeals_in_the_bots_direct_messages(
    server: DiscordServer, guild: Guild, ann: Member, bot: Bot
) -> None:
    number = await bot.breach(ann)
    server.time_out(ann, datetime.now(UTC) + timedelta(hours=1), by=guild.member("olive"))
    with pytest.raises(NotAllowedError):
        server.interact(ann, "appeal", {"case": number})
    assert "Case 1" in await bot.asked(server.interact(ann.account, "mystanding"))
    assert "We have your appeal" in await bot.asked(server.interact(ann.account, "appeal", {"case": number, "why": "a joke"}))
    assert "Your report is number" in await bot.asked(server.interact(ann.account, "report", {"what": "they mock me"}))
    assert not invalid(server)


async def test_in_direct_messages_of_several_servers_the_member_says_which(
    server: DiscordServer, guild: Guild, ann: Member, bot: Bot
) -> None:
    other = server.add_guild("Elsewhere")
    again = server.add_member(other, "ann")
    server.add_guild("Without Ann")
    await server.holds(lambda: len(bot.client.guilds) == 3)
    await bot.breach(again)
    assert "more than one server" in await bot.asked(server.interact(ann.account, "mystanding"))
    offered = await server.complete(ann.account, "mystanding", "server", "e").answer()
    assert {(one["name"], one["value"]) for one in offered.choices or []} == {("Elsewhere", other.id)}
    assert "Case 1" in await bot.asked(server.interact(ann.account, "mystanding", {"server": other.id}))
    assert "nothing on your record" in await bot.asked(server.interact(ann.account, "mystanding", {"server": guild.id}))
    assert "nothing on your record" in await bot.asked(server.interact(ann, "mystanding"))
    assert bot.communities.known("discord", guild.id) is not bot.communities.known("discord", other.id)


async def test_who_left_the_server_still_gets_their_data(server: DiscordServer, guild: Guild, ann: Member, bot: Bot) -> None:
    await bot.breach(ann)
    server.leave(ann)
    await server.holds(lambda: bot.client.guilds[0].get_member(int(ann.id)) is None)
    assert "You are on no server that I look after" in await bot.asked(server.interact(ann.account, "mydata"))
    assert "everything that is kept" in await bot.asked(server.interact(ann.account, "mydata", {"server": guild.name}))
    assert "do not look after a server" in await bot.asked(server.interact(ann.account, "mydata", {"server": "Nowhere"}))


async def test_a_member_gets_their_data_as_a_file(server: DiscordServer, ann: Member, bot: Bot) -> None:
    await bot.breach(ann)
    await bot.asked(server.interact(ann, "mydata"))
    sent = server.requests("PATCH", "/webhooks/**")[-1]
    assert [one["filename"] for one in sent.body["attachments"]] == ["mydata.json"]
    assert not invalid(server)


async def test_forgetting_is_asked_for_only_after_a_second_press(server: DiscordServer, guild: Guild, ann: Member, bot: Bot) -> None:
    asked = await server.interact(ann, "forgetme").answer()
    assert (asked.is_private, await reports(bot, guild)) == (True, [])
    said = await bot.asked(server.press(ann, asked.messages[0], "Yes, ask for it"))
    assert "Your request is number 1" in said
    assert [one[0] for one in await reports(bot, guild)] == [ann.id]
    assert not invalid(server)


async def test_the_code_of_conduct_can_be_read_whole_and_by_clause(server: DiscordServer, guild: Guild, ann: Member, bot: Bot) -> None:
    clauses = (await bot.community(guild)).parts.policy.clauses
    whole = await bot.asked(server.interact(ann, "code"))
    assert all(one.title in whole for one in clauses)
    offered = (await server.complete(ann, "code", "clause", clauses[0].title[:5].upper()).answer()).choices or []
    assert offered[0] == {"name": f"{clauses[0].number}. {clauses[0].title}", "value": clauses[0].number}
    assert clauses[0].title in await bot.asked(server.interact(ann, "code", {"clause": clauses[0].number}))
    assert "here is no clause 99" in await bot.asked(server.interact(ann.account, "code", {"clause": "99"}))


async def test_accounts_are_linked_by_a_code_and_parted_again(server: DiscordServer, guild: Guild, ann: Member, bot: Bot) -> None:
    said = await bot.asked(server.interact(ann.account, "link"))
    code = said.split("/link ")[1].split()[0].replace("\\", "")
    community = await bot.community(guild)
    await community.desk.ask(f"/link {code}", Asker(account="U1", platform="slack", room="C1"))
    async with community.parts.transaction() as transaction:
        assert set(await transaction.accounts_of("discord", ann.id)) == {("discord", ann.id), ("slack", "U1")}
    await bot.asked(server.interact(ann, "unlink"))
    async with community.parts.transaction() as transaction:
        assert set(await transaction.accounts_of("discord", ann.id)) == {("discord", ann.id)}


async def test_unwanted_contact_goes_on_record(server: DiscordServer, guild: Guild, ann: Member, morgan: Member, bot: Bot) -> None:
    assert morgan.mention in await bot.asked(server.interact(ann, "nocontact", {"who": morgan}))
    assert "say whose" in (await bot.asked(server.interact(ann, "nocontact", {"who": ann}))).lower()
    await (await bot.community(guild)).settle()
    assert bot.letter(morgan).server == guild.id, "where no direct message is taken, a private thread on that server brings it"


async def test_names_by_which_others_call_a_member_are_theirs_alone(
    server: DiscordServer, guild: Guild, ann: Member, morgan: Member, bot: Bot
) -> None:
    async def call_me(who: Member, **options: object) -> str:
        return await bot.asked(server.interact(who, "callme", options))

    assert "given no names" in await call_me(ann)
    assert "words about “Spud”" in await call_me(ann, how="add", name="Spud")
    assert "word that people write every day" in await call_me(ann, how="add", name="budget")
    assert "Write /callme add" in await call_me(ann, how="add")
    assert "“Spud”" in await call_me(ann, how="list")
    assert "given no names" in await call_me(morgan)
    assert "not given this name" in await call_me(morgan, how="remove", name="Spud")
    assert "may be called that" in await call_me(morgan, how="add", name="spud")
    assert "no longer read “Spud”" in await call_me(ann, how="remove", name="Spud")
    assert "given no names" in await call_me(ann)


async def test_a_request_for_no_contact_is_listed_renewed_ended_and_told_only_once(
    server: DiscordServer, guild: Guild, ann: Member, morgan: Member, bot: Bot
) -> None:
    async def no_contact(**options: object) -> str:
        said = await bot.asked(server.interact(ann, "nocontact", options))
        await (await bot.community(guild)).settle()
        return said

    assert "made no such request" in await no_contact()
    assert "as evidence only" in await no_contact(who=morgan, how="quietly")
    assert bot.chat.texts(morgan.id) == []
    assert "not told" in await no_contact(how="list")
    assert "I will tell" in await no_contact(who=morgan, how="tell")
    assert "They were told on" in await no_contact(who=morgan)
    assert "They were told on" in await no_contact(who=morgan, how="quietly")
    assert len(bot.chat.texts(morgan.id)) == 1
    assert morgan.mention in await no_contact()
    assert "now holds until" in await no_contact(who=morgan, how="renew")
    assert "is over" in await no_contact(who=morgan, how="end")
    assert "Say whose" in await no_contact(how="end")
    assert not invalid(server)


# Menus


async def test_a_reported_message_is_kept_even_if_it_is_deleted_meanwhile(
    server: DiscordServer, guild: Guild, ann: Member, morgan: Member, bot: Bot
) -> None:
    message = server.say(guild.channel("general"), morgan, "something nasty")
    form = await server.interact(ann, "Report message", target=message).answer()
    server.delete(message)
    said = await bot.asked(server.submit(ann, form, {"why": "it is nasty"}))
    assert "Your report is number 1" in said
    community = await bot.community(guild)
    async with community.parts.transaction() as transaction:
        detail = await transaction.case_detail(1)
    assert detail is not None
    assert [one.message.text for one in detail.messages] == ["something nasty"]
    assert (detail.case.author, detail.case.server) == (morgan.id, guild.id)
    assert not invalid(server)


async def test_a_member_reports_from_the_menu_of_a_member(
    server: DiscordServer, guild: Guild, ann: Member, morgan: Member, bot: Bot
) -> None:
    form = await server.interact(ann, "Report member", target=morgan).answer()
    await bot.asked(server.submit(ann, form, {"why": "he follows me around"}))
    assert await reports(bot, guild) == [(ann.id, morgan.id, "he follows me around")]


async def test_a_direct_message_between_members_can_be_reported(
    server: DiscordServer, guild: Guild, ann: Member, morgan: Member, bot: Bot
) -> None:
    other = server.add_guild("Elsewhere")
    server.add_member(other, "ann")
    await server.holds(lambda: len(bot.client.guilds) == 2)
    between = server.world.direct_channel(ann.account, morgan.account)
    message = server.say(between, morgan.account, "I know where you live")
    form = await server.interact(ann.account, "Report message", channel=between, target=message).answer()
    said = await bot.asked(server.submit(ann.account, form, {"server": [guild.id], "why": "he wrote me this"}))
    assert "Your report is number 1" in said
    community = await bot.community(guild)
    async with community.parts.transaction() as transaction:
        detail = await transaction.case_detail(1)
    assert detail is not None
    assert [one.message.text for one in detail.messages] == ["I know where you live"]
    assert not invalid(server)


async def test_a_forged_form_brings_no_message_of_another_server_before_these_moderators(
    server: DiscordServer, guild: Guild, ann: Member, morgan: Member, bot: Bot
) -> None:
    other = server.add_guild("Elsewhere")
    await server.holds(lambda: len(bot.client.guilds) == 2)
    oscar = server.add_member(other, "oscar")
    secret = server.say(other.channel("general"), oscar, "for our officers only")
    await server.interact(oscar, "Report message", target=secret).answer()
    form = await server.interact(ann, "Report message", target=server.say(guild.channel("general"), morgan, "hello")).answer()
    assert form.modal is not None
    form.modal["custom_id"] = f"steward:form:message:{other.channel('general').id}:{secret.id}"
    assert "I cannot read that message" in await bot.asked(server.submit(ann, form, {"why": "curious"}))
    assert await reports(bot, guild) == []


async def test_the_bots_own_message_is_not_reported(server: DiscordServer, guild: Guild, ann: Member, bot: Bot) -> None:
    await bot.client.get_channel(int(guild.channel("general").id)).send("a notice")  # type: ignore[union-attr]
    (own,) = server.performed_messages(guild.channel("general"))
    assert "my own message" in await bot.asked(server.interact(ann, "Report message", target=own))


async def test_a_form_that_was_opened_before_a_restart_is_worked_on_after_it(
    server: DiscordServer, guild: Guild, ann: Member, morgan: Member, tmp_path: Path
) -> None:
    message = server.say(guild.channel("general"), morgan, "something nasty")
    async with running(server, tmp_path) as before:
        form = await server.interact(ann, "Report message", target=message).answer()
    async with running(server, tmp_path) as after:
        assert after is not before
        assert "Your report is number 1" in await after.asked(server.submit(ann, form, {"why": "it is nasty"}))


# Moderators


async def test_members_are_not_offered_what_moderators_use(server: DiscordServer, ann: Member, bot: Bot) -> None:
    for command in ("cases", "case", "member", "uphold", "dismiss", "change", "steward status"):
        with pytest.raises(NotAllowedError, match="needs"):
            server.interact(ann, command)


async def test_a_moderator_reads_cases_and_members(server: DiscordServer, ann: Member, morgan: Member, bot: Bot) -> None:
    await bot.breach(ann)
    offered = (await server.complete(morgan, "case", "number", "1").answer()).choices or []
    assert [one["value"] for one in offered] == [1]
    assert "Case 1" in await bot.asked(server.interact(morgan, "cases"))
    shown = await bot.asked(server.interact(morgan, "case", {"number": 1}))
    assert ann.mention in shown
    assert "donkey" in shown
    assert "Case 1" in await bot.asked(server.interact(morgan, "member", {"who": ann}))
    assert not invalid(server)


async def test_whoever_discord_lets_through_without_being_a_moderator_is_told_nothing(
    server: DiscordServer, guild: Guild, ann: Member, bot: Bot
) -> None:
    await bot.breach(ann)
    helper = server.add_member(guild, "helper", server.add_role(guild, "Helpers", Permission.MODERATE_MEMBERS))
    assert (await server.complete(helper, "case", "number", "").answer()).choices == []
    for command, options in (("cases", {}), ("case", {"number": 1}), ("member", {"who": ann}), ("dismiss", {"number": 1})):
        said = await bot.asked(server.interact(helper, command, options))
        assert "donkey" not in said
        assert "is for moderators" in said or "nly moderators" in said


async def test_moderators_decide_by_command(server: DiscordServer, guild: Guild, ann: Member, morgan: Member, bot: Bot) -> None:
    for _ in range(3):
        await bot.breach(server.add_member(guild, f"member{_}"))
    assert "upheld" in await bot.asked(server.interact(morgan, "uphold", {"number": 1, "reason": "plain"}))
    assert "dismissed" in await bot.asked(server.interact(morgan, "dismiss", {"number": 2}))
    assert "changed" in await bot.asked(server.interact(morgan, "change", {"number": 3, "severity": "minor", "reason": "a slip"}))
    assert "Say how grave" in await bot.asked(server.interact(morgan, "change", {"number": 3}))
    assert "here is no case 9" in await bot.asked(server.interact(morgan, "uphold", {"number": 9}))
    assert not invalid(server)


async def test_a_moderator_is_kept_out_of_their_own_case(server: DiscordServer, guild: Guild, morgan: Member, bot: Bot) -> None:
    await bot.breach(morgan, "you will be sorry")
    assert "Case 1" not in await bot.asked(server.interact(morgan, "cases"))
    assert "about you" in await bot.asked(server.interact(morgan, "case", {"number": 1}))
    assert "about you" in await bot.asked(server.interact(morgan, "dismiss", {"number": 1}))
    assert (await server.complete(morgan, "case", "number", "").answer()).choices == []


async def test_what_was_done_by_hand_is_no_longer_listed(
    server: DiscordServer, guild: Guild, ann: Member, morgan: Member, bot: Bot
) -> None:
    bot.chat.failures = {ActionKind.WARN: [PlatformRefusedError("they take no direct messages")]}
    number = await bot.breach(ann)
    assert "do it by hand" in await bot.asked(server.interact(morgan, "cases"))
    assert "it is on record that you did it" in await bot.asked(server.interact(morgan, "done", {"number": number}))
    assert "do it by hand" not in await bot.asked(server.interact(morgan, "cases"))
    assert "nothing to do by hand" in await bot.asked(server.interact(morgan, "done", {"number": number}))


# How a server is run


async def test_whoever_manages_the_server_sets_steward_up(server: DiscordServer, guild: Guild, bot: Bot) -> None:
    olive, cards = guild.member("olive"), server.add_channel(guild, "cards")
    await server.holds(lambda: bot.client.get_channel(int(cards.id)) is not None)
    said = await bot.asked(
        server.interact(olive, "steward setup", {"mode": "shadow", "escalation_channel": cards, "moderator_role": guild.role(MODERATORS)})
    )
    assert "Mode: shadow" in said
    assert f"everybody can read <#{cards.id}>" in said
    setup = bot.communities.setup("discord", guild.id)
    assert (setup.escalation_channel, setup.moderator_role, setup.set_up) == (cards.id, guild.role(MODERATORS).id, True)
    assert bot.client.set_up == [guild.id]
    assert "Rules are enforced" in await bot.asked(server.interact(olive, "steward mode", {"mode": "enforce"}))
    assert "Mode: enforce" in await bot.asked(server.interact(olive, "steward status"))
    assert "read again" in await bot.asked(server.interact(olive, "steward policy"))
    assert "There is no policy none" in await bot.asked(server.interact(olive, "steward setup", {"policy": "none"}))
    assert not invalid(server)


async def test_each_server_is_set_up_by_itself(server: DiscordServer, guild: Guild, bot: Bot) -> None:
    other = server.add_guild("Elsewhere", owner="oscar")
    await server.holds(lambda: len(bot.client.guilds) == 2)
    await bot.asked(server.interact(other.member("oscar"), "steward mode", {"mode": "shadow"}))
    assert "Mode: shadow" in await bot.asked(server.interact(other.member("oscar"), "steward status"))
    assert "Mode: enforce" in await bot.asked(server.interact(guild.member("olive"), "steward status"))


# In time, once, and whatever goes wrong


async def test_a_command_that_comes_twice_is_worked_on_once(server: DiscordServer, guild: Guild, ann: Member, bot: Bot) -> None:
    server.duplicate_next()
    await bot.asked(server.interact(ann, "report", {"what": "once"}))
    await bot.asked(server.interact(ann, "mystanding"))
    assert len(await reports(bot, guild)) == 1
    assert {one.status for one in server.requests("POST", "/interactions/**")} <= {200, 204}


async def test_a_command_that_is_taken_too_late_does_nothing(server: DiscordServer, guild: Guild, ann: Member, bot: Bot) -> None:
    late = server.interact(ann, "report", {"what": "too late"})
    server.clock.advance(3.1)
    (refused,) = await server.requested("POST", "/interactions/**")
    assert (refused.status, refused.answer["code"], late.is_acknowledged) == (404, 10062, False)
    assert "number 1" in await bot.asked(server.interact(ann, "report", {"what": "in time"}))
    assert [text for *_, text in await reports(bot, guild)] == ["in time"]


async def test_a_command_that_another_process_took_is_left_to_it(server: DiscordServer, guild: Guild, ann: Member, bot: Bot) -> None:
    server.fail_next("POST", "/interactions/**", 400, code=40060)
    server.interact(ann, "report", {"what": "taken"})
    await server.requested("POST", "/interactions/**")
    assert "number 1" in await bot.asked(server.interact(ann, "report", {"what": "mine"}))
    assert [text for *_, text in await reports(bot, guild)] == ["mine"]


@pytest.mark.parametrize("failure", [503, ConnectionResetError])
async def test_an_acknowledgement_whose_answer_was_lost_counts(
    server: DiscordServer, guild: Guild, ann: Member, bot: Bot, failure: int | type[Exception]
) -> None:
    server.fail_next("POST", "/interactions/**", failure, performed=True)
    assert "number 1" in await bot.asked(server.interact(ann, "report", {"what": "once"}))
    assert len(await reports(bot, guild)) == 1


async def test_an_answer_is_sent_again_after_a_cut_connection(server: DiscordServer, ann: Member, bot: Bot) -> None:
    server.fail_next("PATCH", "/webhooks/**", ConnectionResetError)
    assert "nothing on your record" in await bot.asked(server.interact(ann, "mystanding"))


async def test_whatever_goes_wrong_is_said_in_one_line_and_logged_without_words(
    server: DiscordServer, ann: Member, bot: Bot, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "steward.db")) as database:
        database.executescript("DROP TABLE reports; DROP TABLE cases;")
    with capture_logs() as logs:
        assert await bot.asked(server.interact(ann, "report", {"what": "a secret matter"})) == WENT_WRONG
        assert (await server.complete(ann, "appeal", "case", "").answer()).choices == []
    assert [one["event"] for one in logs if "interaction" in one] == ["a command failed", "no choices were offered"]
    assert "secret" not in str(logs)


async def test_a_long_answer_comes_in_pieces_and_a_very_long_one_as_a_file(
    server: DiscordServer, guild: Guild, ann: Member, bot: Bot
) -> None:
    community = await bot.community(guild)
    with_long_code(community, "much to say " * 20)
    pieces = await server.interact(ann, "code").answer()
    await server.holds(lambda: len(pieces.messages) == 3)
    assert pieces.is_private
    assert all(f"no {number}." in pieces.text for number in range(20))
    with_long_code(community, "much to say " * 80)
    await bot.asked(server.interact(ann, "code"))
    sent = server.requests("PATCH", "/webhooks/**")[-1]
    assert [one["filename"] for one in sent.body["attachments"]] == ["answer.txt"]
    assert not invalid(server)


async def test_commands_that_discord_refuses_leave_the_bot_running(
    server: DiscordServer, guild: Guild, ann: Member, tmp_path: Path
) -> None:
    server.fail_next("PUT", "/applications/*/commands", 400)
    async with running(server, tmp_path) as bot:
        menus = [one for one in server.commands_of(guild) if one["name"] == "Report message"]
        assert [one["integration_types"] for one in menus] == [[0]]
        assert "nothing on your record" in await bot.asked(server.interact(ann, "mystanding"))
    server.fail_next("PUT", "/applications/*/commands", 403)
    async with running(server, tmp_path) as bot:
        assert "nothing on your record" in await bot.asked(server.interact(ann, "mystanding"))


async def test_an_older_form_of_a_command_is_answered_with_what_to_do(server: DiscordServer, guild: Guild, ann: Member, bot: Bot) -> None:
    bot.client.tree.remove_command("mystanding")
    assert "Reload Discord" in await bot.asked(server.interact(ann, "mystanding"))


async def test_every_member_command_is_offered_in_direct_messages_and_no_other(server: DiscordServer, bot: Bot) -> None:
    offered = {one["name"]: one["contexts"] for one in server.commands_of(None)}
    direct = {name for name, contexts in offered.items() if 1 in contexts}
    assert direct == {
        "report",
        "appeal",
        "nocontact",
        "agreed",
        "callme",
        "mystanding",
        "mydata",
        "forgetme",
        "code",
        "link",
        "unlink",
        "Report message",
    }
    assert [name for name, contexts in offered.items() if 2 in contexts] == ["Report message"]


async def test_discord_offers_every_command_of_the_desk(server: DiscordServer, guild: Guild, bot: Bot) -> None:
    offered = {one["name"] for one in server.commands_of(guild)}
    assert set(COMMANDS) - {"help"} <= offered
    by_moderators = {one["name"] for one in server.commands_of(guild) if one["default_member_permissions"]}
    assert {name for name, command in COMMANDS.items() if command.moderators} == by_moderators - {"steward", "done"}
