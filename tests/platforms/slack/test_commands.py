"""Steward's commands, shortcuts, buttons and forms as members and moderators of a Slack workspace use them."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.core.model import Message
from bot.platforms.slack.commands import REPORT_MESSAGE, REPORT_SOMETHING, RUN
from bot.platforms.slack.managing import ADMINS_ONLY
from bot.platforms.slack.reception import MORE, WENT_WRONG
from tests.platforms.long_code import with_long_code
from tests.platforms.slack.at_work import Bot, manifest, running
from tests.servers.slack import Channel, Member, SlackServer

# The manifest


def test_manifest_offers_exactly_the_commands_and_shortcuts_that_there_are() -> None:
    features = manifest()["features"]
    assert {one["command"] for one in features["slash_commands"]} == {f"/{name}" for name in RUN}
    assert {(one["type"], one["callback_id"]) for one in features["shortcuts"]} == {
        ("message", REPORT_MESSAGE),
        ("global", REPORT_SOMETHING),
    }
    assert all(one["should_escape"] for one in features["slash_commands"])
    assert all(len(one["name"]) <= 24 and len(one["description"]) <= 150 for one in features["shortcuts"])


def test_manifest_has_every_scope_and_event_that_steward_needs() -> None:
    found = manifest()
    needed = (
        "channels:history groups:history channels:read groups:read users:read chat:write im:write im:history commands reactions:read "
        "channels:manage groups:write"
    )
    assert set(needed.split()) <= set(found["oauth_config"]["scopes"]["bot"])
    events = "message.channels message.groups message.im reaction_added reaction_removed member_joined_channel app_home_opened"
    assert set(found["settings"]["event_subscriptions"]["bot_events"]) == set(events.split())
    assert found["settings"]["socket_mode_enabled"]
    assert found["settings"]["interactivity"]["is_enabled"]
    assert found["features"]["app_home"]["home_tab_enabled"]
    assert found["features"]["app_home"]["messages_tab_enabled"]
    assert not found["features"]["app_home"]["messages_tab_read_only_enabled"]
    about = found["display_information"]
    assert len(about["name"]) <= 35
    assert len(about["description"]) <= 140
    assert 174 <= len(about["long_description"]) <= 4000


# Members


async def test_a_member_reports_in_words(ann: Member, bot: Bot) -> None:
    words = 'it\'s "not" fair: look at a < b & #general'
    said = await bot.asked(ann.runs(f"/report {words.replace('&', '&amp;').replace('<', '&lt;')}", bot.server.general))
    assert "Your report is number 1" in said
    assert await bot.reports() == [(ann.id, "", words)]


async def test_a_member_reports_another_one_and_not_themselves(ann: Member, morgan: Member, bot: Bot) -> None:
    assert "number 1" in await bot.asked(ann.runs(f"/report <@{morgan.id}|morgan> he shouts at <@{ann.id}|ann>"))
    assert await bot.asked(ann.runs(f"/report <@{ann.id}|ann> me")) == "You cannot report yourself."
    assert await bot.reports() == [(ann.id, morgan.id, "he shouts at @ann")]


async def test_a_report_without_words_opens_a_form(ann: Member, morgan: Member, bot: Bot) -> None:
    form = (await ann.runs("/report").answer()).opened
    sent = ann.submits(form, {"why": "he follows me\naround", "about": morgan.id})
    assert (await sent.acknowledged()).errors == {}
    await bot.server.holds(lambda: len(ann.ephemerals) == 1)
    assert "Your report is number 1" in ann.ephemeral_texts[0]
    assert await bot.reports() == [(ann.id, morgan.id, "he follows me\naround")]


async def test_something_is_reported_by_the_global_shortcut_and_answered_directly(ann: Member, bot: Bot) -> None:
    form = (await ann.opens_shortcut(REPORT_SOMETHING).answer()).opened
    ann.submits(form, {"why": "somebody tears our posters down"})
    assert "Your report is number 1" in await bot.told(ann)
    assert await bot.reports() == [(ann.id, "", "somebody tears our posters down")]


async def test_a_reported_message_is_kept_even_if_it_is_deleted_meanwhile(ann: Member, morgan: Member, bot: Bot) -> None:
    message = morgan.says(bot.server.general, "something nasty")
    form = (await ann.opens_shortcut(REPORT_MESSAGE, message).answer()).opened
    morgan.deletes(message)
    ann.submits(form, {"why": "it is nasty"})
    await bot.server.holds(lambda: len(ann.ephemerals) == 1)
    assert "Your report is number 1" in ann.ephemeral_texts[0]
    community = await bot.community()
    async with community.parts.transaction() as transaction:
        detail = await transaction.case_detail(1)
    assert detail is not None
    assert [(one.message.text, one.message.id, one.message.room) for one in detail.messages] == [
        ("something nasty", message.ts, bot.server.general.id)
    ]
    assert (detail.case.author, detail.case.server) == (morgan.id, bot.team)


async def test_a_message_where_the_bot_is_not_can_be_reported(ann: Member, morgan: Member, bot: Bot) -> None:
    between = bot.server.world.direct_channel(ann.id, morgan.id)
    assert between is not None
    message = morgan.says(between, "I know where you live")
    form = (await ann.opens_shortcut(REPORT_MESSAGE, message).answer()).opened
    await ann.submits(form).acknowledged()
    await bot.server.holds(lambda: len(ann.ephemerals) == 1)
    community = await bot.community()
    async with community.parts.transaction() as transaction:
        detail = await transaction.case_detail(1)
    assert detail is not None
    assert [one.message.text for one in detail.messages] == ["I know where you live"]


async def test_the_bots_own_message_is_not_reported(ann: Member, bot: Bot) -> None:
    own = await bot.posts(bot.server.general, {"text": "a notice", "blocks": []})
    assert "my own message" in await bot.asked(ann.opens_shortcut(REPORT_MESSAGE, own))


async def test_a_form_that_was_opened_before_a_restart_is_worked_on_after_it(
    slack: SlackServer, ann: Member, morgan: Member, tmp_path: Path
) -> None:
    async with running(slack, tmp_path) as before:
        await before.breach(morgan)
        (said,) = before.chat.said
        form = (await ann.opens_shortcut(REPORT_MESSAGE, slack.general.messages[said.id]).answer()).opened
    async with running(slack, tmp_path) as after:
        after.chat.said.append(said)
        ann.submits(form, {"why": "it is nasty"})
        await slack.holds(lambda: len(ann.ephemerals) == 1)
        assert "Your report is number 1" in ann.ephemeral_texts[0]


async def test_a_message_that_is_gone_after_a_restart_is_reported_in_words(
    slack: SlackServer, ann: Member, morgan: Member, tmp_path: Path
) -> None:
    async with running(slack, tmp_path):
        form = (await ann.opens_shortcut(REPORT_MESSAGE, morgan.says(slack.general, "not for long")).answer()).opened
    async with running(slack, tmp_path) as after:
        ann.submits(form, {"why": "it was nasty"})
        await slack.holds(lambda: len(ann.ephemerals) == 1)
        assert "I cannot read that message" in ann.ephemeral_texts[0]
        assert await after.reports() == []


async def test_a_member_appeals_their_own_case_once(ann: Member, morgan: Member, bot: Bot) -> None:
    number = await bot.breach(ann)
    assert "We have your appeal on case 1" in await bot.asked(ann.runs(f'/appeal {number} it was "a joke"'))
    assert "have your appeal on case 1 already" in await bot.asked(ann.runs(f"/appeal {number}"))
    assert await bot.asked(morgan.runs(f"/appeal {number}")) == "You have no case 1."
    assert bot.rows("SELECT text FROM appeals") == [('it was "a joke"',)]


async def test_an_appeal_without_a_number_asks_which_case(ann: Member, morgan: Member, bot: Bot) -> None:
    assert "nothing on your record" in await bot.asked(morgan.runs("/appeal"))
    await bot.breach(ann)
    await bot.breach(ann, channel=bot.server.add_channel("events", ann))
    form = (await ann.runs("/appeal").answer()).opened
    options = next(one["options"] for one in form.elements if one["action_id"] == "case")
    assert [one["value"] for one in options] == ["2", "1"]
    ann.submits(form, {"case": "2", "why": "a joke"})
    await bot.server.holds(lambda: len(ann.ephemerals) == 1)
    assert "We have your appeal on case 2" in ann.ephemeral_texts[0]


async def test_the_button_under_a_notice_appeals_also_after_a_restart(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    from bot.platforms.slack.blocks import notice

    async with running(slack, tmp_path) as before:
        await before.breach(ann)
        letter = await before.posts(ann.direct, notice(before.letter(ann)))
    async with running(slack, tmp_path):
        form = (await ann.presses(letter, "Appeal").answer()).opened
        assert form.body["title"]["text"] == "Appeal case 1"
        ann.submits(form, {"why": "a joke"})
        await slack.holds(lambda: len(ann.ephemerals) == 1)
        assert "We have your appeal on case 1" in ann.ephemeral_texts[0]


async def test_a_member_gets_their_data_whole_in_direct_messages(ann: Member, bot: Bot) -> None:
    for number in range(5):
        await bot.asked(ann.runs(f"/report {number} {'&lt;much&gt; &amp; more ' * 80}"))
    assert "everything that is kept" in await bot.asked(ann.runs("/mydata"))
    await bot.server.holds(lambda: len(ann.dms) >= 2 and ann.dms[-1].text.split()[3] == ann.dms[-1].text.split()[-1])
    parts = [one.blocks[0]["elements"][0]["elements"][0]["text"] for one in ann.dms]
    data = json.loads("".join(parts))
    assert [one["text"][:3] for one in data["reports you made"]] == ["0 <", "1 <", "2 <", "3 <", "4 <"]


async def test_forgetting_is_asked_for_only_after_a_second_press(ann: Member, bot: Bot) -> None:
    asked = ann.runs("/forgetme")
    await bot.asked(asked)
    assert await bot.reports() == []
    assert "Your request is number 1" in await bot.asked(ann.presses(asked.messages[0], "Yes, ask for it"))
    assert [one[0] for one in await bot.reports()] == [ann.id]


async def test_the_code_of_conduct_can_be_read_whole_and_by_clause(ann: Member, bot: Bot) -> None:
    clauses = (await bot.community()).parts.policy.clauses
    whole = await bot.asked(ann.runs("/code"))
    assert all(one.title in whole for one in clauses)
    one = await bot.asked(ann.runs(f"/code {clauses[0].number}"))
    assert clauses[0].title in one
    assert clauses[1].title not in one
    assert "here is no clause 99" in await bot.asked(ann.runs("/code 99"))


async def test_unwanted_contact_goes_on_record(ann: Member, morgan: Member, bot: Bot) -> None:
    assert morgan.mention in await bot.asked(ann.runs(f"/nocontact <@{morgan.id}|morgan>"))
    assert "ame one member" in await bot.asked(ann.runs("/nocontact morgan"))
    assert bot.rows("SELECT target, author FROM no_contact") == [(ann.id, morgan.id)]
    await (await bot.community()).settle()
    assert (bot.letter(morgan).case, bot.letter(morgan).server) == (0, bot.team)


async def test_names_by_which_others_call_a_member_are_theirs_alone(ann: Member, morgan: Member, bot: Bot) -> None:
    assert "given no names" in await bot.asked(ann.runs("/callme"))
    assert "words about “Big Spud”" in await bot.asked(ann.runs("/callme add Big Spud"))
    assert "word that people write every day" in await bot.asked(ann.runs("/callme add budget"))
    assert "2 to 30 letters" in await bot.asked(morgan.runs(f"/callme add <@{ann.id}|ann> Tattie"))
    assert "given no names" in await bot.asked(morgan.runs("/callme list"))
    assert "not given this name" in await bot.asked(morgan.runs("/callme remove big spud"))
    assert "no longer read “big spud”" in await bot.asked(ann.runs("/callme remove big spud"))


async def test_request_for_no_contact_is_listed_renewed_ended_and_told_only_once(ann: Member, morgan: Member, bot: Bot) -> None:
    who = f"<@{morgan.id}|morgan>"

    async def no_contact(words: str) -> str:
        said = await bot.asked(ann.runs(f"/nocontact {words}".strip()))
        await (await bot.community()).settle()
        return said

    assert "made no such request" in await no_contact("")
    assert "as evidence only" in await no_contact(f"{who} quietly")
    assert bot.chat.texts(morgan.id) == []
    assert "not told" in await no_contact("list")
    assert "I will tell" in await no_contact(who)
    assert "They were told on" in await no_contact(who)
    assert "They were told on" in await no_contact(f"quietly {who}")
    assert len(bot.chat.texts(morgan.id)) == 1
    assert "now holds until" in await no_contact(f"renew {who}")
    assert "is over" in await no_contact(f"end {who}")
    assert "Say whose" in await no_contact("end")
    for wrong in (f"{who} {who}", f"{who} loudly", f"renew end {who}"):
        assert "ame one member" in await no_contact(wrong)


async def test_question_about_contact_is_answered_by_its_button_also_after_a_restart(
    slack: SlackServer, ann: Member, morgan: Member, tmp_path: Path
) -> None:
    from bot.platforms.slack.blocks import notice

    async with running(slack, tmp_path) as before:
        community = await before.community()
        fields = {"platform": "slack", "server": before.team, "room": slack.general.id, "author": ann.id, "mentions": (morgan.id,)}
        said = ann.says(slack.general, f"{morgan.mention} please stop messaging me")
        await community.service.accept(
            Message(community=community.name, id=said.ts, text=said.text, sent_at=datetime.now(UTC), **fields)  # type: ignore[arg-type]
        )
        await community.settle()
        question = await before.posts(ann.direct, notice(before.letter(ann)))
    async with running(slack, tmp_path) as after:
        assert "I will tell" in await after.asked(ann.presses(question, "Yes, tell them"))
        await (await after.community()).settle()
        assert "asks you to leave them alone" in after.chat.texts(morgan.id)[0]
        assert "They were told on" in await after.asked(ann.presses(question, "Only keep it as evidence"))


async def test_what_members_write_calls_and_links_nobody(ann: Member, morgan: Member, bot: Bot) -> None:
    await bot.asked(ann.runs("/report &lt;!channel&gt; &lt;https://evil.example|good&gt;"))
    shown = morgan.runs("/cases")
    await bot.asked(shown)
    assert "&lt;!channel&gt; &lt;https://evil.example|good&gt;" in shown.messages[0].text
    texts = [one["text"] for one in shown.messages[0].blocks if one["type"] == "section"]
    assert all(one["verbatim"] for one in texts)
    assert not any("<!channel>" in one["text"] or "<https:" in one["text"] for one in texts)


# Written to the bot


async def test_a_member_writes_to_the_bot_as_if_by_command(ann: Member, bot: Bot) -> None:
    number = await bot.breach(ann)
    ann.writes_to_bot(f"appeal {number} it was a joke")
    assert "We have your appeal on case 1" in await bot.told(ann)
    ann.writes_to_bot("report: they mock me")
    assert "Your report is number 1" in await bot.told(ann, 2)
    ann.writes_to_bot("hello, is anybody there?")
    helped = await bot.told(ann, 3)
    assert "I am a program" in helped
    assert "/appeal CASE [WHY]: ask another moderator" in helped
    assert "/cases" not in helped
    ann.writes_to_bot("report")
    assert "Say what is wrong" in await bot.told(ann, 4)
    assert bot.rows("SELECT text FROM reports") == [("they mock me",)]


async def test_the_bot_does_not_answer_itself(ann: Member, bot: Bot) -> None:
    ann.writes_to_bot("hello")
    await bot.told(ann)
    await bot.server.settled()
    ann.writes_to_bot("mystanding")
    await bot.told(ann, 2)
    assert len(ann.dms) == 2


# Moderators


async def test_a_moderator_reads_cases_and_members(ann: Member, morgan: Member, bot: Bot) -> None:
    await bot.breach(ann)
    assert "Case 1" in await bot.asked(morgan.runs("/cases"))
    shown = await bot.asked(morgan.runs("/case 1"))
    assert ann.mention in shown
    assert "donkey" in shown
    assert "Case 1" in await bot.asked(morgan.runs(f"/member <@{ann.id}|ann>"))


async def test_a_member_is_told_nothing_of_what_moderators_see(ann: Member, morgan: Member, bot: Bot) -> None:
    await bot.breach(ann)
    for line in ("/cases", "/case 1", f"/member <@{ann.id}>", "/dismiss 1", "/uphold 1", "/change 1 minor", "/change 1"):
        said = await bot.asked(ann.runs(line))
        assert "donkey" not in said
        assert "is for moderators" in said or "nly moderators" in said
    assert bot.rows("SELECT * FROM reviews") == []


async def test_moderators_decide_by_command(morgan: Member, bot: Bot) -> None:
    for number in range(4):
        await bot.breach(bot.server.add_member(f"member{number}"))
    assert "upheld" in await bot.asked(morgan.runs("/uphold 1 it's plain"))
    assert "dismissed" in await bot.asked(morgan.runs("/dismiss 2"))
    assert "changed" in await bot.asked(morgan.runs("/change 3 minor a slip"))
    form = (await morgan.runs("/change 4").answer()).opened
    morgan.submits(form, {"severity": "grave", "hours": "24", "why": "again"})
    await bot.server.holds(lambda: len(morgan.ephemerals) == 4)
    assert "Case 4 is changed" in morgan.ephemeral_texts[3]
    assert "here is no case 9" in await bot.asked(morgan.runs("/uphold 9"))
    assert "by its number" in await bot.asked(morgan.runs("/uphold nine"))
    decided = [("uphold", "it's plain"), ("dismiss", ""), ("change", "a slip"), ("change", "again")]
    assert bot.rows("SELECT decision, reason FROM reviews ORDER BY id") == decided


async def test_a_moderator_is_kept_out_of_their_own_case(morgan: Member, bot: Bot) -> None:
    await bot.breach(morgan, "you will be sorry")
    assert "Case 1" not in await bot.asked(morgan.runs("/cases"))
    assert "about you" in await bot.asked(morgan.runs("/case 1"))
    assert "about you" in await bot.asked(morgan.runs("/dismiss 1"))


async def test_what_is_wrong_with_a_form_is_said_beside_its_field(ann: Member, morgan: Member, bot: Bot) -> None:
    await bot.breach(ann)
    form = (await morgan.runs("/change 1").answer()).opened
    nothing_said = morgan.submits(form, {"why": "hm"})
    await nothing_said.answer()
    assert nothing_said.errors == {"severity": "Say how grave it is, or for how many hours to mute."}
    misspelt = morgan.submits(form, {"hours": "two"})
    await misspelt.answer()
    assert misspelt.errors == {"hours": "Write the hours as a number from 1 to 672."}
    assert form in morgan.views
    morgan.submits(form, {"hours": "2h"})
    await bot.server.holds(lambda: len(morgan.ephemerals) == 1)
    assert "Case 1 is changed" in morgan.ephemeral_texts[0]
    assert form not in morgan.views


# How a workspace is run


async def test_whoever_administrates_the_workspace_sets_steward_up(bot: Bot) -> None:
    olive, cards = bot.server.owner, bot.server.add_channel("cards", with_bot=False)
    form = (await olive.runs("/steward setup").answer()).opened
    olive.submits(form, {"mode": "shadow", "cards": cards.id, "group": "@moderators"})
    await bot.server.holds(lambda: len(olive.ephemerals) == 1)
    said = olive.ephemeral_texts[0]
    assert "Mode: shadow" in said
    assert f"everybody in this workspace can read <#{cards.id}>" in said
    assert "type /invite" in said
    setup = bot.communities.setup("slack", bot.team)
    assert (setup.escalation_channel, setup.moderator_role, setup.set_up) == (cards.id, "@moderators", True)
    assert bot.set_up == [bot.team]
    again = (await olive.runs("/steward setup").answer()).opened
    before = {one["action_id"]: one for one in again.elements}
    assert before["cards"]["initial_conversation"] == cards.id
    assert before["mode"]["initial_option"]["value"] == "shadow"
    assert before["group"]["initial_value"] == "@moderators"
    assert "Rules are enforced" in await bot.asked(olive.runs("/steward mode enforce"))
    assert "Mode: enforce" in await bot.asked(olive.runs("/steward"))
    assert "read again" in await bot.asked(olive.runs("/steward policy"))
    assert "/steward setup" in await bot.asked(olive.runs("/steward do something"))
    olive.submits(again, {"mode": "enforce", "policy": "none"})
    await bot.server.holds(lambda: "There is no policy none." in olive.ephemeral_texts)


async def test_nobody_else_sets_steward_up(ann: Member, morgan: Member, bot: Bot) -> None:
    for line in ("/steward", "/steward setup", "/steward mode shadow", "/steward policy"):
        assert (await bot.asked(morgan.runs(line))).casefold() == f"{ADMINS_ONLY}.".casefold()
    assert "/mystanding: your cases" in await bot.asked(ann.runs("/steward help"))
    assert bot.set_up == []


async def test_who_is_no_admin_any_more_does_not_send_the_form(bot: Bot) -> None:
    alex = bot.server.add_member("alex", is_admin=True)
    form = (await alex.runs("/steward setup").answer()).opened
    alex.user.is_admin = False
    alex.submits(form, {"mode": "shadow"})
    await bot.server.holds(lambda: len(alex.ephemerals) == 1)
    assert alex.ephemeral_texts[0].casefold() == f"{ADMINS_ONLY}.".casefold()
    assert not bot.communities.setup("slack", bot.team).set_up


# One member on both platforms


async def test_a_code_from_another_chat_makes_one_record(ann: Member, bot: Bot) -> None:
    from bot.commands import Asker

    community = await bot.community()
    said = await community.desk.ask("/link", Asker(account="7001", platform="discord"))
    code = next(word for word in said.split() if len(word) == 9 and word[4] == "-")
    assert "have one record now" in await bot.asked(ann.runs(f"/link {code}"))
    number = await bot.breach(ann)
    assert f"Case {number}" in await community.desk.ask("/mystanding", Asker(account="7001", platform="discord"))
    assert "used or older" in await bot.asked(ann.runs(f"/link {code}"))
    assert "record of its own" in await bot.asked(ann.runs("/unlink"))
    assert "not linked" in await bot.asked(ann.runs("/unlink"))
    assert "/link " in await bot.asked(ann.runs("/link"))


# In time, once, and whatever goes wrong


async def test_a_command_that_comes_twice_is_worked_on_once(ann: Member, bot: Bot) -> None:
    bot.server.duplicate_next()
    await bot.asked(ann.runs("/report once"))
    await bot.asked(ann.runs("/mystanding"))
    assert len(await bot.reports()) == 1


async def test_an_answer_that_the_response_address_does_not_take_comes_directly(ann: Member, bot: Bot) -> None:
    one = ann.runs("/mystanding")
    one.uses = 5
    assert "nothing on your record" in await bot.told(ann)


async def test_a_form_that_opens_too_late_says_so(slack: SlackServer, bot: Bot) -> None:
    slack.fail_next("views.open", ConnectionResetError, times=5)
    assert "Please try again" in await bot.asked(slack.owner.runs("/steward setup"))


async def test_a_form_whose_opening_was_answered_too_late_is_not_called_failed(ann: Member, bot: Bot) -> None:
    bot.server.fail_next("views.open", ConnectionResetError, performed=True)
    form = (await ann.runs("/report").answer()).opened
    ann.submits(form, {"why": "he shouts"})
    await bot.server.holds(lambda: len(ann.ephemerals) == 1)
    assert "Your report is number 1" in ann.ephemeral_texts[0]


async def test_whatever_goes_wrong_is_said_in_one_line_and_logged_without_words(ann: Member, bot: Bot, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "steward.db")) as database:
        database.execute("DROP TABLE reports")
    with capture_logs() as logs:
        assert await bot.asked(ann.runs("/report a secret matter")) == WENT_WRONG
    errors = [one["event"] for one in logs if one["log_level"] == "error"]
    assert [one for one in errors if one != "the database cannot be written"] == ["a command failed"], "the hourly look may meet it too"
    assert "secret" not in str(logs)
    assert "/actions/" not in str(logs)


async def test_a_long_answer_comes_in_pieces_that_slack_takes(ann: Member, bot: Bot) -> None:
    with_long_code(await bot.community(), "much to say & " * 110)
    asked = ann.runs("/code")
    await bot.asked(asked)
    await bot.server.holds(lambda: len(asked.messages) == 5)
    assert all(f"no {number}." in asked.text for number in range(20))
    assert all(sum(len(one["text"]["text"]) for one in each.blocks) <= 12_000 for each in asked.messages)


async def test_an_answer_that_is_too_long_for_slack_says_that_there_is_more(ann: Member, bot: Bot) -> None:
    with_long_code(await bot.community(), "&" * 1_900)
    asked = ann.runs("/code")
    await bot.asked(asked)
    await bot.server.holds(lambda: len(asked.messages) == 5)
    assert asked.messages[-1].blocks[-1]["text"]["text"] == MORE


@pytest.mark.parametrize("channel", [True, False])
async def test_commands_work_in_channels_and_in_direct_messages(ann: Member, bot: Bot, channel: bool) -> None:
    place: Channel | None = bot.server.general if channel else None
    assert "nothing on your record" in await bot.asked(ann.runs("/mystanding", place))
