"""Whatever a member asks to have forgotten is deleted down to the bytes; what somebody waits for stays, and goes by the same command later.

Knows: what stands where in the record. Must not know: how it is deleted.
Rules: whoever else is in the record loses nothing; each test says what is left as well as what is gone.
"""

import asyncio
import json

import pytest

from bot.cli.showing import forgetting_in_words
from bot.commands import Asker
from bot.core.cases import NotAllowedError
from bot.core.model import ActionKind, Message
from bot.ports import PlatformRefusedError, PlatformUnavailableError
from bot.reporting import forgotten
from bot.store.forgetting import Forgotten
from bot.store.records import Earlier
from bot.store.tables import metadata
from tests.readability import too_hard
from tests.shell.branch import INSULTING, THREATENING, Branch
from tests.shell.test_consent import SHARED, asking
from tests.shell.test_earlier import a_course
from tests.shell.test_linking import elsewhere, linked
from tests.shell.test_retention import WEEKS, WORDS, proved

MEMBER = "quentin-of-the-test"


async def forget(branch: Branch, number: int) -> Forgotten:
    async with branch.parts.transaction() as transaction:
        gone = await forgotten(transaction, number, branch.parts.sentences)
    assert await branch.store.checkpoint()
    return gone


async def lived(branch: Branch) -> int:
    """A member who is in as many tables as we can put them; gives the number of their request to be forgotten."""
    await branch.say(f"{INSULTING} {WORDS[0]}", author=MEMBER)
    await branch.say("@dana hello again", author=MEMBER, mentions=("dana",))
    await branch.say(f"what about it {WORDS[1]}", author="dana", mentions=(MEMBER,))
    await branch.ask("/uphold 1 because of the words")
    await branch.ask(f"/appeal 1 {WORDS[2]}", MEMBER)
    await branch.ask("/dismiss 1 a joke", "robin")
    await branch.ask("/report dana was rude to me and I want it said", MEMBER)
    await branch.ask("/answer 1 we talked to them")
    await branch.ask("/callme add Quentinho", MEMBER)
    await branch.ask("/nocontact dana", MEMBER)
    await branch.ask("/link", MEMBER)
    await branch.ask("/forgetme", MEMBER)
    (number,) = branch.rows("SELECT id FROM reports WHERE kind = 'forget'")[0]
    return int(number)


def tables_with(branch: Branch, words: str) -> set[str]:
    return {name for name in metadata.tables for row in branch.rows(f"SELECT * FROM {name}") if words in str(row)}


async def test_a_member_is_forgotten_down_to_the_bytes(branch: Branch) -> None:
    number = await lived(branch)
    assert {"cases", "contacts", "no_contact", "link_codes", "reports", "notices"} <= tables_with(branch, MEMBER)
    gone = await forget(branch, number)
    assert gone.cases == (1,)
    assert gone.kept == ()
    assert tables_with(branch, MEMBER) == {"reports", "actions"}, "the request, and the letter that answers it"
    assert branch.rows(f"SELECT id FROM reports WHERE reporter = '{MEMBER}'") == [(number,)]
    left = branch.bytes_on_disk()
    assert [word for word in (WORDS[0], WORDS[2], "Quentinho", "rude to me") if word.encode() in left] == []
    assert await proved(branch) == (None, ())
    await branch.perform()
    assert "case 1 of yours, and all else about you" in branch.chat.texts(MEMBER)[-1]
    await branch.later(**WEEKS)
    assert tables_with(branch, MEMBER) == set(), "and after the time of reports that is gone too"


async def test_a_case_that_somebody_waits_for_stays_and_the_member_is_told(branch: Branch) -> None:
    await branch.say(INSULTING, author=MEMBER)
    await branch.ask("/forgetme", MEMBER)
    assert "steward data forget 1" in branch.chat.told[-1][1] or any("steward data forget 1" in one.text for one in branch.chat.performed)
    gone = await forget(branch, 1)
    assert (gone.cases, gone.kept) == ((), (1,))
    await branch.perform()
    assert "Kept until nobody waits for it any more: case 1." in branch.chat.texts(MEMBER)[-1]
    kept = await branch.detail(1)
    assert kept.case.author == MEMBER
    assert all(one.text and one.account == MEMBER for one in kept.notices), "what the member was told of it stays with it"
    assert [one.action.target for one in kept.actions if one.action.kind == "warn"] == [MEMBER]


async def test_nobody_elses_record_is_touched(branch: Branch) -> None:
    await branch.say(INSULTING, author="dana")
    await branch.ask("/uphold 1 because of the words")
    before = branch.rows("SELECT * FROM case_messages")
    number = await lived_beside(branch)
    await forget(branch, number)
    assert branch.rows("SELECT * FROM case_messages") == before
    assert branch.rows("SELECT count(*) FROM strikes") == [(1,)]
    assert await proved(branch) == (None, ())


async def lived_beside(branch: Branch) -> int:
    await branch.say(INSULTING, author=MEMBER)
    await branch.ask("/uphold 2 because of the words")
    await branch.ask("/forgetme", MEMBER)
    return int(branch.rows("SELECT id FROM reports WHERE kind = 'forget'")[0][0])


async def test_whoever_asked_is_not_told_that_nobody_knows_who_did(branch: Branch) -> None:
    await branch.ask("/forgetme", MEMBER)
    await branch.ask("/answer 1 your case is open still")
    answer = branch.chat.texts(MEMBER)[-1]
    assert "your case is open still" in answer
    assert "do not know" not in answer


async def test_a_report_that_is_no_request_is_not_taken_for_one(branch: Branch) -> None:
    await branch.report(reporter="dana")
    with pytest.raises(NotAllowedError, match="no open request 1"):
        await forget(branch, 1)


async def request_of(branch: Branch, account: str = MEMBER) -> int:
    """The member asks to be forgotten; gives the request's number."""
    await branch.ask("/forgetme", account)
    return int(branch.rows(f"SELECT id FROM reports WHERE kind LIKE 'forget%' AND reporter = '{account}' ORDER BY id DESC")[0][0])


async def reports_message(branch: Branch, text: str, *, by: str = MEMBER, about: Message | None = None) -> None:
    """A member reports a message, the latest unless told."""
    await branch.desk.report_message(Asker(account=by, platform="test", room="room"), about or branch.chat.said[-1], text)
    await branch.perform()


# Who reported stays sealed, and their words go.


async def test_report_stays_while_the_answer_to_it_is_on_its_way_and_names_nobody(branch: Branch) -> None:
    await branch.ask("/report dana was rude", MEMBER)
    branch.chat.failures[ActionKind.NOTIFY] = [PlatformUnavailableError("away", retry_seconds=600)]
    await branch.ask("/answer 1 we talked to them")
    number = await request_of(branch)
    assert (await forget(branch, number)).waiting == 1
    branch.chat.failures[ActionKind.NOTIFY] = [PlatformRefusedError("takes no direct messages")] * 2
    await branch.later(minutes=20)
    listed = await branch.ask("/cases")
    assert "The answer to report 1 did not arrive" in listed
    assert [line for line in listed.splitlines() if MEMBER in line and "forgotten but for" not in line] == []
    assert (await forget(branch, number)).whole
    assert MEMBER not in await branch.ask("/cases")
    assert "rude" not in str(branch.rows("SELECT * FROM reports"))
    assert await proved(branch) == (None, ())


async def test_letters_that_were_left_to_people_are_dropped_with_whom_they_were_for(branch: Branch) -> None:
    branch.chat.failures[ActionKind.NOTIFY] = [PlatformRefusedError("takes no direct messages")]
    await branch.ask(f"/nocontact {MEMBER}", "dana")
    assert f"For {MEMBER}: do it by hand" in await branch.ask("/cases")
    await forget(branch, await request_of(branch))
    assert await branch.ask("/cases") == "No open cases, no reports, nothing to do by hand."
    assert await proved(branch) == (None, ())


async def test_letters_to_others_do_not_name_them_any_more(branch: Branch) -> None:
    await branch.ask("/nocontact dana", MEMBER)
    await branch.ask("/nocontact dana", "zoe")
    await branch.say(f"@bo {THREATENING}", author=MEMBER, mentions=("bo",))
    await branch.ask("/dismiss 1 no")
    assert any(MEMBER in text for text in branch.chat.texts("dana"))
    await forget(branch, await request_of(branch))
    assert branch.rows(f"SELECT target FROM actions WHERE text LIKE '%{MEMBER}%'") == []
    assert branch.rows(f"SELECT text LIKE 'You asked that%' FROM actions WHERE target = '{MEMBER}'") == [(1,)], "the answer alone"
    assert branch.rows("SELECT count(*) FROM actions WHERE text LIKE '%zoe%'") == [(1,)]


async def test_words_of_a_report_go_from_the_cards_and_the_trail_of_somebody_elses_case(branch: Branch) -> None:
    await branch.say("hello there", author="dana")
    await reports_message(branch, f"{WORDS[0]} was awful to me")
    await branch.ask("/uphold 1 yes")
    gone = await forget(branch, await request_of(branch))
    assert gone.whole
    assert tables_with(branch, WORDS[0]) == set()
    assert tables_with(branch, MEMBER) == {"reports", "actions"}, "the request, and the letter that answers it"
    assert WORDS[0].encode() not in branch.bytes_on_disk()
    assert "hello there" in await branch.ask("/case 1"), "dana answers for it"
    await branch.ask("/appeal 1 but why", "dana")
    assert "hello there" in branch.chat.performed[-1].text, "a card is made anew"
    assert await proved(branch) == (None, ())


async def test_words_of_a_report_stay_while_its_case_is_open_and_go_later(branch: Branch) -> None:
    await branch.say("hello there", author="dana")
    await reports_message(branch, f"{WORDS[0]} was awful to me")
    number = await request_of(branch)
    gone = await forget(branch, number)
    assert (gone.whole, gone.waiting) == (False, 1)
    assert WORDS[0] in await branch.ask("/case 1")
    assert "audit_values" in tables_with(branch, WORDS[0])
    await branch.perform()
    assert "any more: 1 report or answer. " in branch.chat.texts(MEMBER)[-1]
    await branch.ask("/uphold 1 yes")
    assert (await forget(branch, number)).whole
    assert tables_with(branch, WORDS[0]) == set()


# What somebody waits for, and later does not.


async def test_request_stays_open_until_all_is_gone_and_the_member_is_told_once_of_each(branch: Branch) -> None:
    await branch.say(INSULTING, author=MEMBER)
    number = await request_of(branch)
    for _ in range(2):
        assert (await forget(branch, number)).kept == (1,)
        await branch.perform()
    (told,) = [text for text in branch.chat.texts(MEMBER) if "you asked that" in text.lower()]
    assert "Your request stays open until then" in told
    assert f"Report {number} · {MEMBER} is forgotten but for what somebody waits for: steward data forget {number}" in await branch.ask(
        "/cases"
    )
    assert f"steward data forget {number}" in await branch.ask(f"/answer {number} no")
    assert f"Your request is number {number}" in await branch.ask("/forgetme", MEMBER), "one request, not two"
    await branch.ask("/dismiss 1 a joke")
    assert (await forget(branch, number)).cases == (1,)
    await branch.perform()
    assert "That is done: case 1 of yours" in branch.chat.texts(MEMBER)[-1]
    assert await branch.ask("/cases") == "No open cases, no reports, nothing to do by hand."
    with pytest.raises(NotAllowedError, match=f"no open request {number}"):
        await forget(branch, number)
    assert await proved(branch) == (None, ())


async def test_open_reports_of_theirs_are_named_among_what_stays(branch: Branch) -> None:
    await branch.ask("/report dana was rude", MEMBER)
    number = await request_of(branch)
    assert (await forget(branch, number)).waiting == 1
    await branch.ask("/answer 1 we talked to them")
    assert (await forget(branch, number)).whole


async def test_task_that_is_left_to_people_stays_until_it_is_done(branch: Branch) -> None:
    await branch.say(THREATENING, author=MEMBER)
    for kind in (ActionKind.UNMUTE, ActionKind.UNHIDE):
        branch.chat.failures[kind] = [PlatformRefusedError("no permission")]
    await branch.ask("/dismiss 1 no")
    before = await branch.ask("/cases")
    assert "lift the mute: do it by hand" in before
    number = await request_of(branch)
    assert (await forget(branch, number)).kept == (1,)
    assert "lift the mute: do it by hand" in await branch.ask("/cases")
    await branch.desk.done_by_hand(Asker(account="morgan", platform="test"), 1)
    await branch.perform()
    assert (await forget(branch, number)).cases == (1,)


async def test_what_moderators_were_never_told_stays_readable(branch: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(server: str, text: str, key: str) -> None:
        raise PlatformRefusedError(f"no channel on {server}: {len(text)} characters of {key}")

    monkeypatch.setattr(branch.chat, "tell_moderators", refuse)
    await branch.ask(f"/report dana did something terrible in the {WORDS[1]}", "zoe")
    await forget(branch, await request_of(branch))
    left = [line for line in (await branch.ask("/cases")).splitlines() if line.startswith("For ")]
    assert any(WORDS[1] in line for line in left)


async def test_answer_about_a_detail_stays_in_a_case_that_is_open(fresh: Branch) -> None:
    branch = await fresh.open(asking())
    await branch.say(SHARED, mentions=("dana",))
    await branch.ask("/agreed 1 no", "dana")
    number = await request_of(branch, "dana")
    gone = await forget(branch, number)
    assert (gone.kept, gone.waiting) == ((), 1)
    assert branch.rows("SELECT answer FROM consents WHERE account = 'dana'") == [("no",)]
    await branch.ask("/uphold 1 yes")
    assert (await forget(branch, number)).whole
    assert branch.rows("SELECT account FROM consents WHERE account = 'dana'") == []
    assert not [row for row in branch.rows('SELECT "values" FROM audit_values') if json.loads(row[0]).get("by") == "dana"]


async def test_moderator_who_asks_to_be_forgotten_does_not_decide_an_appeal_in_a_case_they_reported(branch: Branch) -> None:
    await branch.say(INSULTING)
    await reports_message(branch, "bad", by="robin")
    await branch.ask("/uphold 1 yes", "morgan")
    await branch.ask("/appeal 1 no", "alex")
    await forget(branch, await request_of(branch, "robin"))
    assert "you reported it" in await branch.ask("/dismiss 1 x", "robin")


async def test_what_a_moderator_decided_about_others_stays_in_the_trail(branch: Branch) -> None:
    await branch.say(INSULTING)
    await branch.ask("/uphold 1 because of the words", "robin")
    await branch.ask("/nocontact dana", "robin")
    await forget(branch, await request_of(branch, "robin"))
    left = [json.loads(row[0]) for row in branch.rows('SELECT "values" FROM audit_values')]
    assert [one["decision"] for one in left if one.get("by") == "robin"] == ["uphold"]
    assert not [one for one in left if one.get("requester")]


async def test_linked_accounts_stay_linked_while_a_case_of_theirs_is_kept(branch: Branch) -> None:
    await branch.say(THREATENING)
    await linked(branch)
    number = await request_of(branch, "alex")
    assert (await forget(branch, number)).kept == (1,)
    assert "Case 1:" in await elsewhere(branch, "/mystanding")
    assert "We have your appeal on case 1" in await elsewhere(branch, "/appeal 1 sorry")
    await branch.ask("/dismiss 1 no")
    assert (await forget(branch, number)).whole
    assert branch.rows("SELECT * FROM accounts") == []
    assert branch.rows("SELECT * FROM members") == []
    assert "7001" not in str(branch.rows('SELECT "values" FROM audit_values'))


# The audit trail.


async def test_values_of_cases_that_were_deleted_before_go_too(branch: Branch) -> None:
    await branch.say(INSULTING, author=MEMBER)
    await branch.ask(f"/uphold 1 because {WORDS[2]} said it")
    await branch.later(**WEEKS)
    assert branch.rows("SELECT count(*) FROM cases") == [(0,)]
    assert "audit_values" in tables_with(branch, WORDS[2])
    await forget(branch, await request_of(branch))
    assert tables_with(branch, WORDS[2]) == set()
    assert tables_with(branch, MEMBER) == {"reports", "actions"}
    assert await proved(branch) == (None, ())


async def test_values_of_the_same_name_on_another_platform_stay(branch: Branch) -> None:
    for platform in ("test", "other"):
        asker = Asker(account=MEMBER, platform=platform)
        await branch.desk.ask("/nocontact dana quietly", asker)
        await branch.desk.ask("/callme add Quentinho" + platform, asker)
    async with branch.parts.transaction() as transaction:  # as they were written before a platform stood in them
        mine = await transaction.audit("no_contact_ended", values={"requester": MEMBER, "other": "dana"})
    await forget(branch, await request_of(branch))
    left = branch.rows(f'SELECT sequence, "values" FROM audit_values WHERE "values" LIKE \'%{MEMBER}%\' ORDER BY sequence')
    assert [json.loads(values).get("platform") for _, values in left] == ["other", "other", None]
    assert left[-1][0] == mine, "nobody knows whose it is"


async def test_values_without_a_platform_go_where_nobody_else_has_the_name(branch: Branch) -> None:
    async with branch.parts.transaction() as transaction:
        await transaction.audit("no_contact", values={"requester": MEMBER, "other": "dana"})
        await transaction.audit("no_contact", values={"requester": "dana", "other": MEMBER})
    await forget(branch, await request_of(branch))
    left = branch.rows(f'SELECT "values" FROM audit_values WHERE "values" LIKE \'%{MEMBER}%\'')
    assert [json.loads(values)["requester"] for (values,) in left] == ["dana"], "that is what dana asked"


# Older messages that a finding rests on.


async def test_case_that_is_forgotten_while_its_older_messages_are_read_stops_nothing(fresh: Branch) -> None:
    branch = await a_course(fresh)
    await branch.ask("/uphold 1 yes")
    number = await request_of(branch, "alex")
    read, gone = branch.chat.read, list[Forgotten]()

    async def read_late(room: str, message_id: str) -> Message | None:
        if not gone:
            gone.append(await forget(branch, number))
        return await read(room, message_id)

    branch.chat.read = read_late  # type: ignore[method-assign]
    await asyncio.wait_for(branch.service.casebook.read_earlier(), 10)
    assert [one.cases for one in gone] == [(1,)]
    assert await proved(branch) == (None, ())


async def test_older_words_of_theirs_are_not_read_again_into_the_case_of_another(branch: Branch) -> None:
    await branch.say(INSULTING)
    words = branch.message(f"{WORDS[0]} of mine", author=MEMBER)
    branch.chat.said.append(words)
    async with branch.parts.transaction() as transaction:
        await transaction.add_earlier(
            [Earlier(case=1, step=1, platform="test", room="room", message=words.id, author=MEMBER, sent_at=words.sent_at)]
        )
    await forget(branch, await request_of(branch))
    await branch.later(minutes=1)
    assert branch.rows("SELECT author, text, state FROM earlier") == [("", "", "gone")]


async def test_older_words_in_a_case_of_theirs_that_is_kept_stay(fresh: Branch) -> None:
    branch = await a_course(fresh)
    await forget(branch, await request_of(branch, "alex"))
    assert {author for (author,) in branch.rows("SELECT author FROM earlier")} == {"alex"}


# What is said of it.


async def test_answer_that_does_not_arrive_is_found_by_mydata(branch: Branch) -> None:
    number = await request_of(branch)
    await forget(branch, number)
    branch.chat.failures[ActionKind.NOTIFY] = [PlatformRefusedError("takes no direct messages")]
    await branch.perform()
    assert f"The answer to report {number} did not arrive" in await branch.ask("/cases")
    asker = Asker(account=MEMBER, platform="test")
    (request,) = json.loads(await branch.desk.mydata(asker))["reports you made"]
    assert "That is done" in request["answer"]


async def test_answer_by_words_says_that_nothing_was_deleted_and_it_can_be_deleted_still(branch: Branch) -> None:
    await branch.say(INSULTING, author=MEMBER)
    await branch.ask("/dismiss 1 a joke")
    number = await request_of(branch)
    shown = await branch.ask(f"/answer {number}")
    assert f"steward data forget {number}" in shown
    assert "nothing is deleted" in shown
    said = await branch.ask(f"/answer {number} we still need it")
    assert "nothing was deleted" in said
    assert f"steward data forget {number}" in said
    assert "Nothing was deleted. They write: we still need it" in branch.chat.texts(MEMBER)[-1]
    assert branch.rows("SELECT count(*) FROM cases") == [(1,)]
    gone = await forget(branch, number)
    assert (gone.cases, gone.whole) == ((1,), True)
    with pytest.raises(NotAllowedError, match=f"no open request {number}"):
        await forget(branch, number)


async def test_request_that_was_answered_by_words_is_listed_again_while_something_is_kept(branch: Branch) -> None:
    await branch.say(INSULTING, author=MEMBER)
    number = await request_of(branch)
    await branch.ask(f"/answer {number} we still need it")
    assert (await forget(branch, number)).kept == (1,)
    assert "is forgotten but for what somebody waits for" in await branch.ask("/cases")
    await branch.ask("/dismiss 1 a joke")
    assert (await forget(branch, number)).whole
    assert "forgotten" not in await branch.ask("/cases")


async def test_what_they_read_is_plain_english(branch: Branch) -> None:
    sentences = branch.parts.sentences
    fields = {"report": 4, "cases": "cases 3 and 5", "kept": "case 7 and 2 reports or answers", "answer": "We still need it."}
    names = ("report_forgotten", "report_forgotten_part", "report_forget_answered")
    assert too_hard({name: sentences[name].format_map(fields) for name in names}) == []


@pytest.mark.parametrize(
    ("gone", "says"),
    [
        (Forgotten(cases=(4,), rows=1), "this deletes case 4 and 1 other record."),
        (Forgotten(rows=2), "this deletes 2 other records."),
        (Forgotten(cases=(3, 4)), "this deletes cases 3 and 4."),
        (Forgotten(rows=1, kept=(5,), waiting=1), "1 other record. Kept, because somebody waits for it: case 5 and 1 report or answer."),
        (Forgotten(kept=(5, 7)), "this deletes nothing yet. Kept, because somebody waits for it: cases 5 and 7."),
    ],
)
async def test_whoever_deletes_reads_whose_it_is_and_how_much(branch: Branch, gone: Forgotten, says: str) -> None:
    number = await request_of(branch)
    async with branch.parts.transaction() as transaction:
        request = await transaction.report(number)
    assert request is not None
    said = forgetting_in_words(request, gone)
    assert said.startswith(f"Request {number}, by {MEMBER}: this deletes ")
    assert said.endswith(says)
