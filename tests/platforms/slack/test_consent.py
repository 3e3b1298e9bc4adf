"""Whether somebody agreed to their details in a room, asked and answered on Slack: by buttons, by command, after a restart."""

from pathlib import Path
from typing import Any

from tests.platforms.slack.connected import Steward, steward
from tests.platforms.slack.test_likes import rows, until
from tests.servers.slack import Interaction, Member, Message, SlackServer
from tests.shell.test_consent import NUMBER, asking

DAY = 25 * 60 * 60 * 1_000_000


async def shared(at_work: Steward, ann: Member, dora: Member) -> tuple[Message, Message, Message]:
    """Let ann write dora's number; gives that, what ann is asked, and what dora is told."""
    said = await at_work.says(ann, at_work.server.general, f"{dora.mention} is on {NUMBER}, give her a ring")
    await until(lambda: bool(ann.dms and dora.dms))
    await at_work.settled()
    return said, ann.dms[0], dora.dms[0]


async def answered(one: Interaction) -> str:
    await one.acknowledged()
    await one.answer()
    assert not one.problem
    return one.text


def labels(message: Message) -> list[str]:
    return [each["text"]["text"] for each in message.elements if each["type"] == "button"]


def answers(folder: Path) -> dict[Any, Any]:
    return dict(rows(folder, "SELECT account, answer FROM consents"))


async def test_the_author_says_by_a_button_that_they_agreed(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    dora = slack.add_member("dora")
    async with steward(slack, tmp_path, policy=asking()) as at_work:
        said, question, _ = await shared(at_work, ann, dora)
        assert labels(question) == ["Yes, they agreed", "No, or I am not sure"]
        assert NUMBER not in question.words
    async with steward(slack, tmp_path, policy=asking()) as at_work:
        assert "they agreed" in await answered(ann.presses(question, "Yes, they agreed"))
        await at_work.settled()
        assert answers(tmp_path) == {ann.id: "yes", dora.id: ""}
        (case,) = await at_work.cases(ann)
        assert NUMBER not in "".join(row.action.text for row in case.actions)
        assert slack.general.message(said.ts) is not None


async def test_the_owner_objects_by_a_button_and_the_message_is_gone(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    dora = slack.add_member("dora")
    async with steward(slack, tmp_path, policy=asking(), admin_token=slack.add_admin_token()) as at_work:
        said, _, told = await shared(at_work, ann, dora)
        assert labels(told) == ["I did not agree", "I agreed", "Go to the message"]
        assert "may be yours" in told.words
        assert "the moderators are told" in await answered(dora.presses(told, "I did not agree"))
        await until(lambda: slack.general.message(said.ts) is None)
        await at_work.settled()
        assert "did not agree to it" in ann.dm_texts[-1]


async def test_an_objection_without_the_right_to_delete_is_a_task_for_people(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    dora = slack.add_member("dora")
    async with steward(slack, tmp_path, policy=asking()) as at_work:
        said, _, told = await shared(at_work, ann, dora)
        await answered(dora.presses(told, "I did not agree"))
        await at_work.settled()
        assert slack.general.message(said.ts) is not None
        assert "if you still see it" in ann.dm_texts[-1]
        (case,) = await at_work.cases(ann)
        assert [str(row.state) for row in case.actions if row.action.kind == "hide"] == ["manual"]


async def test_a_question_that_was_put_to_another_is_not_answered(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    dora, eve = slack.add_member("dora"), slack.add_member("eve")
    async with steward(slack, tmp_path, policy=asking()) as at_work:
        await shared(at_work, ann, dora)
        assert await answered(eve.runs("/agreed 1 no")) == "Nobody asked you about case 1."
        assert answers(tmp_path) == {ann.id: "", dora.id: ""}
        assert "Please take the message out" in await answered(ann.runs("/agreed 1 no"))


async def test_silence_over_a_restart_goes_to_the_moderators(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    dora = slack.add_member("dora")
    async with steward(slack, tmp_path, policy=asking()) as at_work:
        await shared(at_work, ann, dora)
    rows(tmp_path, f"UPDATE consents SET answer_by = answer_by - {DAY}")
    async with steward(slack, tmp_path, policy=asking()) as at_work:
        await until(lambda: answers(tmp_path) == {ann.id: "none", dora.id: ""})
        await at_work.settled()
        (case,) = await at_work.cases(ann)
        assert any("no answer in time" in row.action.text for row in case.actions)
