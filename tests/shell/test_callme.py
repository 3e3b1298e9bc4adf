"""The names by which members say that others call them: which are taken, what they do, and that they are no weapon against critics."""

import json
from functools import cache

import pytest

from bot.commands import COMMANDS, Asker
from bot.core.judge import judge
from bot.core.model import Context, Status
from bot.core.policy import Policy
from bot.folders import load_policy
from bot.names import ALSO_WORDS, Names
from bot.store.values import decode, encode
from tests.core.policies import POLICY, rule
from tests.shell.branch import RULES, Branch, compiled

AIMED = {**RULES, "aimed": rule("aimed", "{all: [{score: {label: insult, at_least: 0.8}}, {aimed_at: member}]}", status="enforce")}


async def opened(fresh: Branch, *, text: str = POLICY) -> Branch:
    policy, source = compiled(text=text, rules=AIMED)
    return await fresh.open((policy, source))


async def named(branch: Branch, text: str, *, author: str = "alex", platform: str = "test") -> tuple[str, ...]:
    """Whom the finding about a message is about; () where there is none."""
    outcome = await branch.say(text, author=author, platform=platform)
    return next((one.names for one in outcome.verdict.findings if one.rule == "aimed"), ())


@cache
def shipped() -> Policy:
    return load_policy("labour-social-media")


_nobody_known = Names()


def refused(name: str, *own: str) -> str:
    """Which refusal the shipped policy gives; "" where the name is taken."""
    return str(_nobody_known.refusal(name, shipped(), own or ("U1",), taken=False) or "")


# What they do.


async def test_words_about_a_given_name_are_aimed_at_the_member(fresh: Branch) -> None:
    branch = await opened(fresh)
    assert await named(branch, "Spud is a donkey and a liar and should be thrown out") == ()
    assert "words about “Spud” as words about you" in await branch.ask("/callme add Spud", "dana")
    assert await named(branch, "spud is a donkey and a liar and should be thrown out") == ("dana",)
    assert await named(branch, "this budget is for a donkey, and so says spud to all of us here") == ()


async def test_name_of_two_words_counts_as_one(fresh: Branch) -> None:
    branch = await opened(fresh)
    await branch.ask("/callme add Spanner Dave", "dana")
    assert await named(branch, "spanner dave is a donkey and should be thrown out of here") == ("dana",)
    assert await named(branch, "spanner or dave is a donkey and should be thrown out of here") == ()


async def test_name_is_known_through_a_disguise(fresh: Branch) -> None:
    branch = await opened(fresh)
    await branch.ask("/callme add Spud", "dana")
    assert await named(branch, "Ѕpud is a donkey and a liar and should be thrown out") == ("dana",)  # noqa: RUF001 - a Cyrillic letter


async def test_what_the_member_says_of_themselves_is_aimed_at_nobody(fresh: Branch) -> None:
    branch = await opened(fresh)
    await branch.ask("/callme add Spud", "dana")
    assert await named(branch, "spud is a donkey today, sorry for that one and all the others", author="dana") == ()


async def test_short_name_counts_only_with_its_capital(fresh: Branch) -> None:
    branch = await opened(fresh)
    said = await branch.ask("/callme add Al", "dana")
    assert "only where it is written with a capital" in said
    assert await named(branch, "et al is a donkey of a phrase that nobody here will ever need") == ()
    assert await named(branch, "Al is a donkey and a liar and should be thrown out") == ("dana",)


async def test_first_name_that_is_also_a_word_counts_within_a_sentence_only(fresh: Branch) -> None:
    branch = await opened(fresh)
    assert "does not begin a sentence" in await branch.ask("/callme add Will", "dana")
    for ordinary in (
        "you all will is a donkey of a phrase",
        "So it goes. Will is a donkey of a word to begin with",
        "WHAT WILL IS A DONKEY",
    ):
        assert "dana" not in await named(branch, ordinary)
    assert await named(branch, "everybody knows that Will is a donkey and a liar") == ("dana",)


async def test_name_is_known_on_the_members_other_platform(fresh: Branch) -> None:
    branch = await opened(fresh)
    await branch.ask("/callme add Spud", "dana")
    assert await named(branch, "spud is a donkey and a liar and should be thrown out", platform="other") == ()
    async with branch.parts.transaction() as transaction:
        await transaction.link_account("member-1", "test", "dana")
        await transaction.link_account("member-1", "other", "U7")
    assert await named(branch, "spud is a donkey and a liar and should be thrown out", platform="other") == ("U7",)
    listed = await branch.desk.ask("/callme", Asker(account="U7", platform="other"))
    assert "Spud" in listed


async def test_name_counts_in_its_own_community_alone(fresh: Branch) -> None:
    branch = await opened(fresh)
    async with branch.store.transaction("elsewhere", branch.clock.now()) as transaction:
        await transaction.give_name("test", "dana", name="spud", written="Spud")
    assert await named(branch, "spud is a donkey and a liar and should be thrown out") == ()


async def test_given_names_are_known_after_a_new_start(fresh: Branch) -> None:
    branch = await opened(fresh)
    await branch.ask("/callme add Spud", "dana")
    await branch.close()
    branch = await opened(fresh)
    assert await named(branch, "spud is a donkey and a liar and should be thrown out") == ("dana",)


async def test_case_rests_on_the_name_and_is_judged_again_the_same(fresh: Branch) -> None:
    branch = await opened(fresh)
    await branch.ask("/callme add Spud", "dana")
    outcome = await branch.say("spud is a donkey and a liar and should be thrown out")
    (message,) = (await branch.detail()).messages
    await branch.ask("/callme remove spud", "dana")
    assert decode(Context, encode(message.context)) == message.context
    assert judge(message.message, message.context, branch.parts.policy).findings == outcome.verdict.findings


# Who sees them.


async def test_card_and_case_say_that_it_is_a_given_name_and_show_the_words_as_written(fresh: Branch) -> None:
    branch = await opened(fresh)
    for name in ("Spud", "Tattie"):
        await branch.ask(f"/callme add {name}", "dana")
    await branch.say("SPUD is a donkey and a liar and should be thrown out")
    shown = await branch.ask("/case 1")
    assert "a name that the member has given: “SPUD”" in shown
    read = [*(plain for plain in branch.chat.texts("alex")), shown, await branch.ask("/member dana"), await branch.ask("/cases")]
    assert all("Tattie" not in text for text in read)
    assert all("given" not in text for text in branch.chat.texts("alex"))


async def test_hurtful_name_is_taken_and_masked_for_all_but_the_member(fresh: Branch) -> None:
    branch = await opened(fresh)
    said = await branch.ask("/callme add Frobnitz", "dana")
    assert "Frobnitz" in said
    assert "Frobnitz" in await branch.ask("/callme list", "dana")
    await branch.say("frobnitz is a donkey and a liar and should be thrown out")
    for text in (await branch.ask("/case 1"), *branch.chat.texts("alex"), *(action.text for action in branch.chat.performed)):
        assert "frobnitz" not in text.casefold()
    assert "a name that the member has given: “f*******”" in await branch.ask("/case 1")


async def test_names_are_in_the_members_data_and_nobody_elses(fresh: Branch) -> None:
    branch = await opened(fresh)
    await branch.ask("/callme add Spud", "dana")
    mine = json.loads(await branch.ask("/mydata", "dana"))["names by which you say that others call you"]
    assert [one["written"] for one in mine] == ["Spud"]
    assert "Spud" not in await branch.ask("/mydata", "alex")
    assert "given no names" in await branch.ask("/callme list", "alex")
    assert "Spud" not in await branch.ask("/callme", "morgan")


async def test_names_are_erased_with_the_member_down_to_the_bytes_and_forgotten_at_once(fresh: Branch) -> None:
    branch = await opened(fresh)
    await branch.ask("/callme add Spudmarker", "dana")
    assert await named(branch, "spudmarker is a donkey and a liar and should be thrown out", author="dana") == ()
    assert "names that you had given are deleted" in await branch.ask("/forgetme", "dana")
    assert branch.rows("SELECT count(*) FROM given_names") == [(0,)]
    await branch.store.checkpoint()
    assert b"Spudmarker" not in branch.bytes_on_disk()
    assert b"spudmarker" not in branch.bytes_on_disk()
    assert await named(branch, "spudmarker is a donkey and a liar and should be thrown out") == ()


async def test_names_that_another_process_erased_are_forgotten_within_a_minute(fresh: Branch) -> None:
    branch = await opened(fresh)
    await branch.ask("/callme add Spud", "dana")
    assert await named(branch, "spud is a donkey and a liar and should be thrown out") == ("dana",)
    async with branch.parts.transaction() as transaction:
        assert await transaction.forget_names("test", "dana") == 1
    await branch.later(minutes=1)
    assert await named(branch, "spud is a donkey and a liar and should be thrown out") == ()


async def test_audit_trail_says_that_a_name_was_given_and_not_which(fresh: Branch) -> None:
    branch = await opened(fresh)
    await branch.ask("/callme add Spud", "dana")
    await branch.ask("/callme remove Spud", "dana")
    assert branch.rows("SELECT kind FROM audit ORDER BY sequence")[-2:] == [("name_given",), ("name_taken_back",)]
    assert "pud" not in str(branch.rows('SELECT "values" FROM audit_values'))


# What can be asked.


async def test_names_are_added_listed_and_taken_back(fresh: Branch) -> None:
    branch = await opened(fresh)
    for name in ("Spud", "Big Dave", "Tattie", "O'Malley", "Zoë"):
        assert "words about you" in await branch.desk.ask(f'/callme add "{name}"', Asker(account="dana", platform="test"))
    assert "5 names already" in await branch.ask("/callme add Neep", "dana")
    assert "given this name already" in await branch.ask("/callme add SPUD", "dana")
    listed = await branch.ask("/callme list", "dana")
    assert [name in listed for name in ("Spud", "Big Dave", "Tattie", "O'Malley", "Zoë")] == [True] * 5
    assert "no longer read “tattie”" in await branch.ask("/callme remove tattie", "dana")
    assert "not given this name" in await branch.ask("/callme remove tattie", "dana")
    assert "words about you" in await branch.ask("/callme add Neep", "dana")
    assert await named(branch, "tattie is a donkey and a liar and should be thrown out") == ()


@pytest.mark.parametrize("line", ["/callme add", "/callme remove", "/callme list Spud", "/callme rename Spud", "/callme Spud"])
async def test_what_is_not_understood_is_answered_with_how(fresh: Branch, line: str) -> None:
    branch = await opened(fresh)
    assert "rite /callme add and a name" in await branch.ask(line, "dana")
    assert branch.rows("SELECT count(*) FROM given_names") == [(0,)]


async def test_nobody_gives_or_takes_back_a_name_of_somebody_else(fresh: Branch) -> None:
    branch = await opened(fresh)
    branch.service.learn("dana", "Dana Miller")
    await branch.ask("/callme add Spud", "dana")
    for line in ("/callme add Spud", "/callme add spud", "/callme add Dana", "/callme add Miller", "/callme add dana miller"):
        for account in ("alex", "morgan"):
            assert "omebody else here may be called that" in await branch.ask(line, account)
    for line in ("/callme add @dana Tattie", "/callme add <@1> Tattie", "/callme add dana: Tattie"):
        assert "2 to 30 letters" in await branch.ask(line, "morgan")
    assert "not given this name" in await branch.ask("/callme remove Spud", "morgan")
    assert branch.rows("SELECT account, written FROM given_names") == [("dana", "Spud")]
    assert not COMMANDS["callme"].moderators


@pytest.mark.parametrize("name", ["D", "x" * 31, "one two three four", "Sp0d", "sp_ud", "*", "Spud!", "\u200b\u200b", "Spud\u202e"])
def test_what_is_no_name_is_refused(name: str) -> None:
    assert refused(name) == "called_form"


# The weapon: a name is added to have critics muted.


@pytest.mark.parametrize(
    "name",
    [
        *("budget", "Budget", "BUDGET", "budg\u0435t", "the budget", "council", "leader", "Labour", "Tory", "policy", "vote"),
        *(
            "Tory voters",
            "it",
            "so",
            "you",
            "everyone",
            "the party",
            "comrade",
            "Monday",
            "May",
            "remainers",
            "centrists",
            "muslims",
            "jew",
            "gay",
        ),
    ],
)
def test_ordinary_words_are_refused_in_any_disguise(name: str) -> None:
    assert refused(name) == "called_ordinary"


def test_every_word_that_ordinary_talk_writes_in_lower_case_is_refused() -> None:
    lines = [line for talk in shipped().ordinary_talk for line in talk.lines]
    spoken = {word.strip(".,!?;:()") for line in lines for word in line.split()}
    spoken = {word for word in spoken if word.isalpha() and word.islower() and 2 < len(word) <= 30}
    taken = {word for word in spoken if refused(word) == ""}
    slurs = {word for word in taken if any(found.bank == "slurs" for found in shipped().index.find(word))}
    assert len(spoken) > 500
    assert taken - slurs <= ALSO_WORDS


@pytest.mark.parametrize("name", ["Starmer", "starmer", "Keir Starmer", "Farage", "Khan"])
def test_names_of_public_life_are_refused(name: str) -> None:
    assert refused(name) == "called_public"


async def test_names_of_office_holders_are_refused_to_all_but_themselves(fresh: Branch) -> None:
    branch = await opened(fresh, text=POLICY.replace("office_holders: [chair]", "office_holders: [test/chair]\npublic_figures: [Okafor]"))
    branch.service.learn("chair", "Councillor Ngozi Okafor")
    for name in ("Ngozi", "Ngozi Okafor", "Councillor Ngozi Okafor"):
        assert "omebody else here may be called that" in await branch.ask(f"/callme add {name}", "alex")
    assert "name of public life" in await branch.ask("/callme add Okafor", "alex")
    assert "words about you" in await branch.ask("/callme add Okafor", "chair")


@pytest.mark.parametrize(
    "name",
    ["Al", "Jo", "Ed", "Di", "Mo", "Will", "Mark", "Grace", "Rose", "Spud", "Big Dave", "Zoë", "O'Malley", "Jean-Paul", "Mark Johnson"],
)
def test_real_names_are_taken(name: str) -> None:
    assert refused(name) == ""


def test_slur_is_taken() -> None:
    assert refused("paki") == ""


async def test_shadow_mode_takes_names_too(fresh: Branch) -> None:
    policy, source = compiled(rules=AIMED)
    branch = await fresh.open((policy, source), mode=Status.SHADOW)
    assert "words about you" in await branch.ask("/callme add Spud", "dana")
