"""What people do to each other over time, through the whole service: requests, letters, support cards, earlier messages."""

from datetime import timedelta

from bot.core.model import ActionKind
from tests.core.policies import rule
from tests.shell.branch import INSULTING, RULES, THREATENING, Branch, compiled

CONTACT = {
    "reminder": rule(
        "reminder", "{all: [{refused_contact: {at_least: 1}}, {not: {refused_contact: {at_least: 2}}}]}", status="enforce", severity="minor"
    ),
    "unwelcome": rule("unwelcome", "{refused_contact: {at_least: 2}}", status="enforce"),
}
COURSE = {"course": rule("course", "{course_of_conduct: {at_least: 2}}", status="review")}
HOSTILE = "@dana you donkey"


async def rules_of(branch: Branch, text: str, *, author: str = "alex", **more: object) -> list[str]:
    outcome = await branch.say(text, author=author, mentions=("dana",), **more)
    return [finding.rule for finding in outcome.verdict.findings]


async def test_request_binds_once_the_other_was_told_and_begins_with_a_reminder(fresh: Branch) -> None:
    branch = await fresh.open(compiled(rules=CONTACT))
    assert "I will tell alex" in await branch.ask("/nocontact alex", "dana")
    (letter,) = [one for one in branch.chat.performed if one.target == "alex"]
    assert "dana asks you to leave them alone" in letter.text.replace("\ue000@", "").replace("\ue001", "")
    await branch.later(hours=1)
    assert await rules_of(branch, "@dana I am sorry") == ["reminder"]
    await branch.later(hours=1)
    assert await rules_of(branch, "@dana and another thing") == ["unwelcome"]
    assert await branch.ask("/mystanding", "dana") == "There is nothing on your record."
    assert "Case 1" in await branch.ask("/mystanding", "alex")


async def test_request_that_was_not_delivered_does_not_bind(fresh: Branch) -> None:
    branch = await fresh.open(compiled(rules=CONTACT))
    del branch.chat.repeats[ActionKind.NOTIFY]
    await branch.ask("/nocontact alex", "dana")
    await branch.later(hours=1)
    assert await rules_of(branch, "@dana hello") == []
    assert "not told" in await branch.ask("/nocontact", "dana")
    assert "For alex: do it by hand" in await branch.ask("/cases")


async def test_quiet_request_tells_nobody_and_does_not_bind(fresh: Branch) -> None:
    branch = await fresh.open(compiled(rules=CONTACT))
    assert "as evidence only" in await branch.ask("/nocontact alex quietly", "dana")
    assert branch.chat.performed == []
    await branch.later(hours=1)
    assert await rules_of(branch, "@dana hello") == []


async def test_request_ends_lapses_and_is_renewed(fresh: Branch) -> None:
    branch = await fresh.open(compiled(rules=CONTACT))
    await branch.ask("/nocontact alex", "dana")
    await branch.later(days=80)
    assert "now holds until" in await branch.ask("/nocontact renew alex", "dana")
    await branch.later(days=80)
    assert await rules_of(branch, "@dana hello") == ["reminder"]
    assert await branch.ask("/nocontact end alex", "dana") == "Your request about alex is over."
    assert "tomorrow" in await branch.ask("/nocontact alex", "dana")
    await branch.later(hours=1)
    assert await rules_of(branch, "@dana hello") == []


async def test_at_most_five_requests_at_a_time(branch: Branch) -> None:
    for name in ("a", "b", "c", "d", "e"):
        await branch.ask(f"/nocontact {name}", "dana")
    assert "5 such requests already" in await branch.ask("/nocontact f", "dana")
    await branch.ask("/nocontact end a", "dana")
    assert "I will tell f" in await branch.ask("/nocontact f", "dana")


async def test_objection_in_a_room_is_asked_about_privately_and_once(fresh: Branch) -> None:
    branch = await fresh.open(compiled(rules=CONTACT))
    await branch.say("@alex leave me alone", author="dana", mentions=("alex",))
    await branch.say("@alex I said leave me alone", author="dana", mentions=("alex",))
    (text,) = branch.chat.texts("dana")
    assert "/nocontact alex" in text
    assert branch.chat.texts("alex") == []
    await branch.later(hours=1)
    assert await rules_of(branch, "@dana but why") == []


async def test_target_of_a_threat_is_helped_at_once_and_it_is_on_nobodys_record(branch: Branch) -> None:
    await branch.say(f"@dana {THREATENING}", mentions=("dana",))
    (text,) = branch.chat.texts("dana")
    assert "was hidden" in text
    assert "Officers: Ask an officer." in text
    assert await branch.ask("/mystanding", "dana") == "There is nothing on your record."


async def test_earlier_messages_of_a_finding_are_read_and_what_is_gone_is_said(fresh: Branch) -> None:
    branch = await fresh.open(compiled(rules=COURSE))
    branch.scorer.table["donkey"] = {"toxicity": 0.95}
    for _ in range(3):
        await branch.later(days=1)
        await rules_of(branch, HOSTILE)
    branch.chat.said = [one for one in branch.chat.said if one.id != "1"]
    await branch.later(minutes=1)
    (finding,) = (await branch.detail()).findings
    assert finding.finding.messages == ("1", "2")
    shown = await branch.ask("/case 1")
    assert "(no longer available)" in shown
    assert "alex in room: “@dana you donkey”" in shown
    assert "hostile on 3 days" in shown
    assert branch.rows("SELECT state FROM earlier ORDER BY message") == [("gone",), ("read",)]


async def test_many_against_one_is_a_card_about_the_target_and_on_nobodys_record(fresh: Branch) -> None:
    branch = await fresh.open(compiled(rules=COURSE))
    branch.scorer.table["donkey"] = {"toxicity": 0.95}
    for author in ("a", "b", "c", "d"):
        await rules_of(branch, HOSTILE, author=author)
    assert branch.chat.told == []
    for author in ("e", "f"):
        await rules_of(branch, HOSTILE, author=author)
    ((_, text, _),) = branch.chat.told
    assert "Support for dana: 5 members were hostile to them, 5 messages" in text
    assert branch.rows("SELECT count(*) FROM cases") == [(0,)]


async def test_answer_in_kind_counts_one_less_and_the_one_who_began_does_not(branch: Branch) -> None:
    await branch.say(f"@dana {INSULTING}", mentions=("dana",))
    answer = await branch.say(f"@alex {INSULTING} too", author="dana", mentions=("alex",))
    assert [str(finding.severity) for finding in answer.verdict.findings] == ["minor"]
    assert "counts one step less" in branch.chat.texts("dana")[0]
    again = await branch.say(f"@dana {INSULTING} again", mentions=("dana",))
    assert [str(finding.severity) for finding in again.verdict.findings] == ["medium"]


async def test_new_account_is_new_for_its_first_ten_messages(fresh: Branch) -> None:
    new = rule("new", "{new_account: {younger_than: 7d}}", status="review")
    branch = await fresh.open(compiled(rules={**RULES, "new": new}))
    made = branch.clock.now() - timedelta(days=1)
    found = []
    for number in range(12):
        outcome = await branch.say(f"message {number}", account_created_at=made)
        found.append(bool(outcome.verdict.findings))
    assert found == [True] * 10 + [False] * 2
