"""One member on two platforms: codes that link, one record, and recusal by either account; what people did by hand."""

import re
from datetime import timedelta

import pytest

from bot.commands import Asker
from bot.core.model import ActionKind
from bot.core.naming import plain
from bot.linking import CODE_LETTERS, TRIES_MAX
from tests.shell.branch import INSULTING, THREATENING, Branch

CODE = re.compile(r"/link ([A-Z0-9]{4}-[A-Z0-9]{4})")


async def elsewhere(branch: Branch, line: str, account: str = "7001") -> str:
    """Ask on another platform."""
    return plain(await branch.desk.ask(line, Asker(account=account, platform="discord")))


async def code_of(branch: Branch, account: str = "7001") -> str:
    found = CODE.search(await elsewhere(branch, "/link", account))
    assert found, "a code is given"
    return found[1]


async def linked(branch: Branch, account: str = "alex", other: str = "7001") -> None:
    assert "one record now" in await branch.ask(f"/link {await code_of(branch, other)}", account)


async def test_linked_accounts_have_one_record_one_ladder_and_one_export(branch: Branch) -> None:
    await branch.say(INSULTING)
    assert "nothing on your record" in await elsewhere(branch, "/mystanding")
    await linked(branch)
    for said in (await branch.ask("/mystanding", "alex"), await elsewhere(branch, "/mystanding")):
        assert "Case 1:" in said
        assert "count now: 1.0" in said
    async with branch.parts.transaction() as transaction:
        strikes = await transaction.strikes_of("discord", "7001", since=branch.clock.now() - timedelta(days=1))
    assert [one.case for one in strikes] == [1]
    data = await elsewhere(branch, "/mydata")
    assert '"donkey' in data or "donkey" in data
    assert '"account": "alex"' in data
    assert "We have your appeal on case 1" in await elsewhere(branch, "/appeal 1")
    assert "Linked: alex on Test" in plain(await branch.desk.member(Asker(account="morgan", platform="discord"), "7001"))


async def test_code_is_used_once_and_holds_for_ten_minutes(branch: Branch) -> None:
    code = await code_of(branch)
    await branch.later(minutes=10)
    assert "older than 10 minutes" in await branch.ask(f"/link {code}", "alex")
    code = await code_of(branch)
    await branch.later(minutes=9)
    assert "one record now" in await branch.ask(f"/link {code.lower().replace('-', ' ')}", "alex")
    assert "wrong, used" in await branch.ask(f"/link {code}", "bo")
    assert "nothing on your record" in await branch.ask("/mystanding", "bo")


async def test_newer_code_replaces_the_one_before(branch: Branch) -> None:
    first, second = await code_of(branch), await code_of(branch)
    assert "wrong, used" in await branch.ask(f"/link {first}", "alex")
    assert "one record now" in await branch.ask(f"/link {second}", "alex")


async def test_code_itself_stands_nowhere_on_disk(branch: Branch) -> None:
    code = await code_of(branch)
    held = branch.bytes_on_disk()
    assert code.encode() not in held
    assert code.replace("-", "").encode() not in held


async def test_nobody_guesses(branch: Branch) -> None:
    code = await code_of(branch)
    for _ in range(TRIES_MAX):
        assert "wrong, used" in await branch.ask("/link AAAA-AAAA", "mallory")
    assert "too often" in await branch.ask(f"/link {code}", "mallory")
    assert "one record now" in await branch.ask(f"/link {code}", "alex")
    await branch.later(hours=1)
    assert "wrong, used" in await branch.ask("/link AAAA-AAAA", "mallory")
    assert len(set(CODE_LETTERS)) ** 8 > 10**11


async def test_code_typed_in_the_same_chat_links_nothing_and_stays_good(branch: Branch) -> None:
    code = await code_of(branch)
    assert "in the other chat" in await elsewhere(branch, f"/link {code}", "7002")
    assert "one record now" in await branch.ask(f"/link {code}", "alex")


async def test_account_has_one_partner_on_each_platform(branch: Branch) -> None:
    await linked(branch)
    assert "linked already" in await branch.ask(f"/link {await code_of(branch)}", "bo")
    assert "linked already" in await branch.ask(f"/link {await code_of(branch, '7002')}", "alex")
    await branch.ask("/unlink", "alex")
    await linked(branch, "bo")


async def test_unlinked_account_has_its_own_record_again(branch: Branch) -> None:
    await branch.say(INSULTING)
    await linked(branch)
    assert "record of its own" in await elsewhere(branch, "/unlink")
    assert "nothing on your record" in await elsewhere(branch, "/mystanding")
    assert "Case 1:" in await branch.ask("/mystanding", "alex")
    assert "not linked" in await elsewhere(branch, "/unlink")
    assert "not linked" in await branch.ask("/unlink", "alex")
    async with branch.parts.transaction() as transaction:
        kinds = [entry.kind for entry in await transaction.audit_entries()]
    assert (kinds.count("linked"), kinds.count("unlinked")) == (1, 1)


@pytest.mark.parametrize("line", ["/case 1", "/dismiss 1", "/uphold 1", "/change 1 minor"])
async def test_moderator_is_kept_out_of_what_their_other_account_did(branch: Branch, line: str) -> None:
    await branch.say(INSULTING)
    branch.parts.moderators.moderate("discord", "guild", ["7001"])
    await linked(branch)
    assert "the case is about you" in await elsewhere(branch, line)
    assert "Case 1" not in await elsewhere(branch, "/cases")


async def test_who_decided_by_one_account_does_not_decide_the_appeal_by_the_other(branch: Branch) -> None:
    await branch.say(INSULTING)
    branch.parts.moderators.moderate("discord", "guild", ["7001"])
    await linked(branch, "morgan")
    assert "upheld" in await branch.ask("/uphold 1", "morgan")
    await branch.ask("/appeal 1", "alex")
    assert "another moderator decides the appeal" in await elsewhere(branch, "/dismiss 1")
    assert "dismissed" in await branch.ask("/dismiss 1", "robin")


# By hand


async def test_what_is_done_by_hand_is_looked_at_and_put_on_record_once(branch: Branch) -> None:
    branch.chat.repeats.pop(ActionKind.HIDE)
    branch.chat.repeats.pop(ActionKind.MUTE)
    await branch.say(THREATENING)
    morgan = Asker(account="morgan", platform="test")
    assert "You are asked not to post until" in await branch.ask("/mystanding", "alex")
    said = await branch.desk.done_by_hand(morgan, 1)
    assert "hide: I looked: the message still stands" in said
    assert "mute: I cannot see that from here" in said
    assert {(await branch.states())[key] for key in ("1 hide", "1 mute")} == {"manual", "done"}
    branch.chat.said.clear()
    assert "hide: I looked: it is so" in await branch.desk.done_by_hand(morgan, 1)
    await branch.perform()
    assert branch.chat.news()[-1] == "morgan did it by hand: hide."
    performed = branch.rows("SELECT action_key FROM audit WHERE kind = 'performed' AND action_key LIKE '%/hide'")
    assert len(performed) == 1
