"""What members are answered is plain English: every command they have, with and without a record, and every refusal in the code.

Knows: the desk, the shipped policy. Must not know: platforms; what moderators alone can ask is not measured, but their refusals stand
among the members' and are.
Rules: answers are asked of a real desk, so that a new command without its line here is noticed; refusals are read from the source,
because no test reaches them all; numbers, names and times stand where they will stand (tests/readability.py says what is measured).
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from bot.commands import COMMANDS
from bot.folders import find_policy, load_policy, read_policy_files
from tests.readability import too_hard
from tests.shell.branch import Branch

POLICY = "labour-social-media"
ROOT = Path(__file__).parents[2]
REFUSALS = frozenset({"NotAllowedError", "_refused", "_refuses", "_says"})
"""What takes the text of a refusal, or of a short answer, as its first argument."""
LINES = (
    "agreed",
    "agreed 1 yes",
    "agreed 99 no",
    "agreed 1 perhaps",
    "callme",
    "callme list",
    "callme add",
    "callme add Spud",
    "callme add budget",
    "callme add Robin",
    "callme list again",
    "callme remove Spud",
    "callme remove Nobody",
    "help",
    "code",
    "code 6",
    "code 99",
    "report",
    "report Alex wrote something nasty in the room at noon",
    "appeal",
    "appeal 1 It was a joke among friends",
    "appeal 1 again",
    "appeal 77",
    "mystanding",
    "nocontact",
    "nocontact dana",
    "nocontact morgan quietly",
    "nocontact alex",
    "nocontact renew dana",
    "nocontact end dana",
    "nocontact dana",
    "forgetme",
    "link",
    "link ABCD-EFGH",
    "unlink",
    "dance",
    "cases",
)
MACHINE = frozenset({"mydata"})
"""Answers that are data and not sentences."""


@pytest.fixture
async def shipped(fresh: Branch) -> Branch:
    """A branch with the shipped policy, in which alex has been muted and dana has no record."""
    branch = await fresh.open((load_policy(POLICY), read_policy_files(find_policy(POLICY))))
    branch.scorer.table["liar"] = {"insult": 0.97, "toxicity": 0.97}
    for _ in range(2):
        await branch.say("@dana you pathetic liar", mentions=("dana",))
        await branch.later(hours=2)
    return branch


async def test_whatever_members_are_answered_is_plain_english(shipped: Branch) -> None:
    asked = [(account, line) for account in ("alex", "dana") for line in LINES]
    answers = {f"/{line}, asked by {account}": await shipped.ask(f"/{line}", account) for account, line in asked}
    assert "Case 2" in answers["/mystanding, asked by alex"], "there is a record to read"
    hard = too_hard(answers)
    assert not hard, "\n\n".join(["too hard to read:", *hard])


@pytest.mark.parametrize(
    ("text", "scores"),
    [
        ("I am going to break your legs", {"threat": 0.97, "toxicity": 0.97}),
        ("you are a stupid paki", {"identity_attack": 0.97, "insult": 0.97, "toxicity": 0.97}),
        ("you live at 14 Mill Lane, don't you", {}),
    ],
    ids=["threat", "slur", "private detail"],
)
async def test_who_was_hit_reads_of_every_route_in_plain_english_and_nothing_is_repeated(
    fresh: Branch, text: str, scores: dict[str, float]
) -> None:
    policy = load_policy(POLICY)
    branch = await fresh.open((policy, read_policy_files(find_policy(POLICY))))
    branch.scorer.table = {text.rsplit(maxsplit=1)[-1]: scores}
    await branch.say(f"@dana {text}", mentions=("dana",))
    (read,) = branch.chat.texts("dana")
    assert all(route.text in read for route in policy.routes)
    assert text not in read
    assert too_hard({"help": read}) == []


def test_every_command_of_members_is_asked() -> None:
    names = {name for name, command in COMMANDS.items() if not command.moderators}
    assert names - {line.split()[0] for line in LINES} - MACHINE == set()


def constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The texts that a module gives a name."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from ((target.id, node.value.value) for target in node.targets if isinstance(target, ast.Name))


TREES = {file: ast.parse(file.read_text(encoding="utf-8")) for file in sorted((ROOT / "bot").rglob("*.py"))}
CONSTANTS = {name: text for tree in TREES.values() for name, text in constants(tree)}


def refusals(file: Path) -> Iterator[tuple[str, str]]:
    """The texts of a module that say why something is not done, by their line."""
    known = CONSTANTS | dict(constants(TREES[file]))
    for node in ast.walk(TREES[file]):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in REFUSALS and node.args:
            text = filled(node.args[0], known)
            if text:
                yield f"{file.relative_to(ROOT)}:{node.lineno}", f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def filled(argument: ast.expr, known: Mapping[str, str]) -> str:
    """The text that an argument stands for, with a number in the place of each value; "" for what is made elsewhere."""
    match argument:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else "12" for part in parts)
        case ast.Name(id=name):
            return known.get(name, "")
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="format")):
            return known[name].format_map({"told": "12:00 on 2 March", "until": "12:00 on 31 May", "case": "12"})
    return ""


def test_refusals_are_found_in_the_source() -> None:
    assert "You cannot report yourself." in dict(refusals(ROOT / "bot" / "commands.py")).values()
    texts = dict(refusals(ROOT / "bot" / "nocontact.py"))
    assert any(text.startswith("They were told on 12:00") for text in texts.values())


def test_every_refusal_is_plain_english() -> None:
    hard = too_hard({name: text for file in TREES for name, text in refusals(file)})
    assert not hard, "\n\n".join(["too hard to read:", *hard])
