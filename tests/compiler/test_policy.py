"""A policy compiles wholly, or every mistake in it is said at once.

Knows: compiler/policy.py, the policies with mistakes in tests/golden/policy-errors. Must not know: the shipped policy.
"""

import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.compiler import policy as policies
from bot.compiler.policy import PolicyError, compile_policy
from bot.compiler.source import Problem
from bot.core import policy as core_policy
from bot.core.model import ActionKind, Kind, Severity, Shared, Status
from bot.core.policy import All, Example, Limit, Not, Rung, Test
from bot.core.signals import Aim, AimedAt, BankWords, Label, PassesOn, Passing, Score

GOLDEN = Path(__file__).parents[1] / "golden" / "policy-errors"
RULE, BANK, TALK, ROOT = "rules/personal-attack.yaml", "banks/attacks.yaml", "ordinary-talk/budget.yaml", "policy.yaml"


def small() -> dict[str, str]:
    """The policy that the head of compiler/policy.py shows."""
    assert policies.__doc__
    parts = re.split(r"^=== (.+)\n", policies.__doc__, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def changed(file: str, old: str, new: str) -> dict[str, str]:
    files = small()
    assert files[file].count(old) == 1
    return files | {file: files[file].replace(old, new)}


def complaints(files: Mapping[str, str]) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        compile_policy(files)
    assert str(caught.value).splitlines() == [str(problem) for problem in caught.value.problems]
    return str(caught.value).splitlines()


def problems_of(files: Mapping[str, str]) -> tuple[Problem, ...]:
    try:
        compile_policy(files)
    except PolicyError as error:
        return error.problems
    return ()


def with_condition(condition: str) -> dict[str, str]:
    """The small policy with another condition, a flow of YAML."""
    files = small()
    head, tail = files[RULE].split("when:")[0], files[RULE].split("examples:")[1]
    return files | {RULE: f"{head}when: {condition}\nexamples:{tail}"}


def test_the_policy_shown_in_the_head_of_the_file_compiles() -> None:
    policy = compile_policy(small())
    assert (policy.name, policy.languages, policy.appeal_hours) == ("example-branch", ("en",), 72)
    assert policy.clause("1").title == "Respect"
    assert policy.ladder == (
        Rung(strikes=1, answer=ActionKind.WARN),
        Rung(strikes=3, answer=ActionKind.MUTE, mute=timedelta(minutes=10)),
    )
    assert policy.limits[ActionKind.ESCALATE] == Limit(count=30, per=timedelta(hours=1))
    assert ActionKind.URGENT not in policy.limits
    assert policy.retention.contacts == timedelta(days=90)
    grave = policy.severities[Severity.GRAVE]
    assert (grave.hides, grave.member, grave.moderators, grave.strike) == (True, ActionKind.MUTE, ActionKind.URGENT, 4)
    assert policy.severities[Severity.MEDIUM].moderators is None


def test_a_rule_has_its_signals_as_data() -> None:
    rule = compile_policy(small()).rule("personal-attack")
    assert (rule.status, rule.severity, rule.clauses) == (Status.ENFORCE, Severity.MEDIUM, ("1",))
    score = Test(Score(label=Label.INSULT, at_least=0.8))
    words = Test(BankWords(bank="attacks"))
    quote = Not(Test(PassesOn(what=Passing.QUOTE)))
    assert rule.when == All((core_policy.Any((score, words)), Test(AimedAt(at=Aim.PERSON)), quote))


def test_examples_have_a_history_in_the_order_of_time_with_every_repetition() -> None:
    examples = compile_policy(small()).rule("personal-attack").examples
    first, second = examples.violations
    assert (first.say, first.author, first.mentions, first.pair) == ("@dana you clown", "sam", ("dana",), "clown")
    assert second.reply_to == "dana"
    assert [(one.author, one.ago.total_seconds()) for one in second.before] == [("dana", 10_800), ("sam", 120), ("sam", 110), ("sam", 100)]
    assert {one.repeat for one in second.before} == {1}
    assert examples.allowed[1] == Example(shares=(Shared(text="Minutes of the last meeting", link="https://example.org/minutes"),))


def test_ordinary_talk_has_lines_and_histories() -> None:
    (talk,) = compile_policy(small()).ordinary_talk
    assert (talk.name, talk.lines, talk.histories[0].title) == ("budget", ("This budget is a disgrace",), "A row that ends well")
    assert [one.author for one in talk.histories[0].messages] == ["alex", "dana"]


def test_banks_are_found_in_text_and_asked_for_entries() -> None:
    files = small() | {
        "banks/hosts.yaml": "name: hosts\nkind: domains\nmasked: yes\nentries: [{entry: hate.example, reason: r, evidence: e, proposed_by: alex, seconded_by: dana, review_by: 2027-03-31}]\n"
    }
    policy = compile_policy(files)
    assert [found.bank for found in policy.index.find("What a waste of space, you clowns")] == ["attacks", "attacks"]
    assert policy.entries("hosts") == {"hate.example"}
    assert (policy.masked("hosts"), policy.masked("attacks")) == (True, False)
    assert policy.banks["attacks"].entries[1].reason == "said of people, never of views"


def test_cases_are_kept_for_as_long_as_a_member_may_appeal() -> None:
    assert complaints(changed(ROOT, "cases: 104w", "cases: 25w")) == ["policy.yaml:19:20: 25w is outside 180d to 3650d"]
    assert compile_policy(changed(ROOT, "cases: 104w", "cases: 180d")).retention.cases == timedelta(days=180)


def test_public_figures_are_a_bank_that_rules_can_ask_about() -> None:
    files = with_condition("{all: [{words: attacks}, {not: {words: public-figures}}]}")
    figures = "public_figures: [Merriweather, Lord Pell]\n"
    policy = compile_policy(files | {ROOT: files[ROOT] + figures})
    assert [one.bank for one in policy.index.find("lord pell and Merriweather's clowns")] == ["public-figures", "public-figures", "attacks"]
    assert any("public-figures" in one for one in complaints(files)), "without names there is no such bank"
    own = files | {ROOT: files[ROOT] + figures, "banks/public-figures.yaml": files[BANK].replace("name: attacks", "name: public-figures")}
    assert "write them here, and delete banks/public-figures.yaml" in complaints(own)[0]
    assert "is empty, or nothing is left of it" in complaints(files | {ROOT: files[ROOT] + 'public_figures: ["Pell", "\u200b"]\n'})[0]


def test_an_entry_with_a_choice_is_each_of_its_phrases() -> None:
    bank = "name: menaces\nkind: words\nentries:\n  - slash {your|his} tyres\n"
    policy = compile_policy(small() | {"banks/menaces.yaml": bank})
    assert [found.phrase for found in policy.index.find("I will slash his tyres")] == ["slash his tyres"]
    (twice,) = complaints(small() | {"banks/menaces.yaml": bank + "  - slash his tyres\n"})
    assert "'slash his tyres' stands here twice" in twice
    (broken,) = complaints(small() | {"banks/menaces.yaml": bank + '  - "{you} are next"\n'})
    assert "write it as in 'slash {your|his} tyres'" in broken


def test_a_policy_without_banks_of_words_finds_nothing() -> None:
    files = with_condition("{score: {label: insult, at_least: 0.8}}")
    del files[BANK]
    assert compile_policy(files).index.find("you clown") == []


@pytest.mark.parametrize("name", sorted(path.name for path in GOLDEN.iterdir()))
def test_every_mistake_of_a_broken_policy_is_said_at_once(name: str) -> None:
    folder = GOLDEN / name
    files = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*.yaml")}
    assert "\n".join(complaints(files)) + "\n" == (folder / "expected.txt").read_text(encoding="utf-8")


def test_a_policy_without_its_main_file_says_so_once() -> None:
    files = small()
    del files[ROOT]
    assert complaints(files) == ["policy.yaml:1:1: the file is missing"]
    assert complaints({}) == ["policy.yaml:1:1: the file is missing"]


def test_a_pair_of_one_is_a_mistake() -> None:
    files = changed(RULE, "pair: clown\n      note", "pair: clowns\n      note")
    assert [line.partition(": ")[2] for line in complaints(files)] == [
        "only one example belongs to the pair 'clown'; did you mean 'clowns'?",
        "only one example belongs to the pair 'clowns'; did you mean 'clown'?",
    ]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("{score: {label: insult}}", "the key 'at_least' is missing here"),
        ("{score: {label: insult, at_least: 1.5}}", "1.5 is out of bounds; allowed is 0 to 1"),
        ("{score: insult}", "expected keys with values ('key: value'), not a text"),
        ("{words: [attacks]}", "expected a text, not a list"),
        ("{words: {bank: attacks, role: sayd}}", "'sayd' is not a choice here; did you mean 'said'?"),
        ("{all: []}", "nothing in this list, at least 1 expected"),
        ("{any: {words: attacks}}", "expected a list, not keys with values; write each value on a line of its own, after '- '"),
        ("{not: []}", "expected keys with values ('key: value'), not a list"),
        ("{}", "one condition is expected here, not 0; list several under all: or any:"),
        ("{words: attacks, aimed_at: person}", "one condition is expected here, not 2; list several under all: or any:"),
        ("{'': attacks}", "expected a text, and here is nothing"),
        ("{nott: []}", "'nott' is not a signal; did you mean 'not'?"),
    ],
)
def test_a_wrong_condition_is_one_clear_line(condition: str, expected: str) -> None:
    (line,) = complaints(with_condition(condition))
    assert re.fullmatch(rf"rules/personal-attack\.yaml:8:\d+: {re.escape(expected)}", line)


def test_a_rule_stands_behind_other_rules_that_there_are() -> None:
    second = (
        small()[RULE]
        .replace("id: personal-attack", "id: perhaps")
        .replace("severity: medium", "severity: medium\nbehind: [personal-attack]")
    )
    files = {**small(), "rules/perhaps.yaml": second}
    assert compile_policy(files).rule("perhaps").behind == ("personal-attack",)
    for wrong, hint in (("personal-atack", "; did you mean 'personal-attack'?"), ("perhaps", "")):
        files["rules/perhaps.yaml"] = second.replace("behind: [personal-attack]", f"behind: [{wrong}]")
        (line,) = complaints(files)
        assert line.startswith(f"rules/perhaps.yaml:6:10: there is no rule '{wrong}' to name here")
        assert hint in line


def test_a_rule_that_is_off_needs_no_examples() -> None:
    files = small()
    files[RULE] = files[RULE].split("examples:")[0]
    assert len(complaints(files)) == 2
    files[RULE] = files[RULE].replace("status: enforce", "status: off")
    assert compile_policy(files).rule("personal-attack").status is Status.OFF


def test_an_example_may_be_an_edit_in_a_thread() -> None:
    policy = compile_policy(
        changed(RULE, "pair: clown\n    - say: You", "pair: clown\n      kind: edited\n      thread: t1\n    - say: You")
    )
    example = policy.rule("personal-attack").examples.violations[0]
    assert (example.kind, example.thread) == (Kind.EDITED, "t1")


def test_a_rule_may_serve_several_clauses() -> None:
    second = '  - {number: "2", title: Care, summary: Take care., read_at: "https://example.org/code"}\nseverities:'
    files = changed(ROOT, "severities:", second) | {RULE: small()[RULE].replace('clause: "1"', 'clause: "1, 2"')}
    assert compile_policy(files).rule("personal-attack").clauses == ("1", "2")


def test_the_digest_changes_with_every_file_and_its_name() -> None:
    files = small()
    digest = compile_policy(files).digest
    assert digest == compile_policy(dict(reversed(files.items()))).digest
    assert len(digest) == 64
    for file in files:
        assert compile_policy(files | {file: files[file] + "# one comment more\n"}).digest != digest
    renamed = {("ordinary-talk/other.yaml" if file == TALK else file): text for file, text in files.items()}
    assert compile_policy(renamed).digest != digest


def test_rules_are_sorted_by_id_whatever_their_files_order() -> None:
    files = small()
    for name in ("personal", "personal-attack-2", "a"):
        files[f"rules/{name}.yaml"] = files[RULE].replace("id: personal-attack ", f"id: {name} ")
    ids = [rule.id for rule in compile_policy(files).rules]
    assert ids == sorted(ids)
    assert len(ids) == 4


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_policy_compiles_or_complains_and_never_fails_otherwise(data: st.DataObject) -> None:
    files = small()
    file = data.draw(st.sampled_from(sorted(files)))
    lines = files[file].split("\n")
    number = data.draw(st.integers(0, len(lines) - 1))
    match data.draw(st.sampled_from(["drop", "double", "cut", "replace"])):
        case "drop":
            del lines[number]
        case "double":
            lines.insert(number, lines[number])
        case "cut":
            lines[number] = lines[number][: data.draw(st.integers(0, len(lines[number])))]
        case _:
            lines[number] = re.sub(
                r": [^{\[#]+?(?=[,}\]]|$)", data.draw(st.sampled_from([": []", ": {}", ": x", ":", ": 9"])), lines[number]
            )
    problems = problems_of(files | {file: "\n".join(lines)})
    assert list(problems) == sorted(set(problems))


def test_compiling_loads_nothing_that_reads_or_waits() -> None:
    code = (
        "import sys, bot.compiler.policy; print([m for m in ('asyncio', 'sqlite3', 'socket', 'logging', 'pydantic') if m in sys.modules])"
    )
    root = Path(__file__).parents[2]
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert printed.stdout == "[]\n"


MEANINGS = "name: other-meanings\nkind: words\nentries:\n  - {entry: fag break, reads: cigarette break}\n"


def test_the_model_reads_what_a_phrase_means_and_the_rules_what_is_written() -> None:
    policy = compile_policy(small() | {"banks/other-meanings.yaml": MEANINGS})
    assert policy.meanings.read("on a fag break") == "on a cigarette break"
    assert [one.phrase for one in policy.index.find("on a fag break")] == ["fag break"]
    assert compile_policy(small()).meanings.read("on a fag break") == "on a fag break"


def test_a_meaning_stands_in_its_bank_and_there_alone() -> None:
    (lacking,) = complaints(small() | {"banks/other-meanings.yaml": MEANINGS + "  - dyke road\n"})
    assert "'dyke road' does not say what it means" in lacking
    assert "{entry: fag break, reads: cigarette break}" in lacking
    elsewhere = MEANINGS.replace("other-meanings", "pubs")
    (astray,) = complaints(small() | {"banks/pubs.yaml": elsewhere})
    assert "'reads' has no place here" in astray


def test_a_key_of_a_meaning_that_is_written_wrong_is_one_mistake() -> None:
    wrong = MEANINGS + "  - {entry: dyke road, read: the road}\n"
    (said,) = complaints(small() | {"banks/other-meanings.yaml": wrong})
    assert "unknown key 'read'; did you mean 'reads'?" in said


def test_a_branch_adds_its_names_and_gives_its_own_texts() -> None:
    branch = "office_holders: [slack/U0123ABCD]\npublic_figures: [Okafor]\noutside_contact: the regional office\nroutes: [{name: Ama, text: Ask her.}]\n"
    files = small()
    before, after = compile_policy(files), compile_policy(files | {"branch.yaml": branch})
    assert after.office_holders == (*before.office_holders, "slack/U0123ABCD")
    assert after.public_figures == (*before.public_figures, "Okafor")
    assert after.outside_contact == "the regional office"
    assert [route.name for route in after.routes] == ["Ama"]
    assert after.digest != before.digest


def test_a_branch_that_says_nothing_yet_changes_nothing() -> None:
    assert compile_policy(small() | {"branch.yaml": "# not yet\n\n  # later\n"}).routes == compile_policy(small()).routes


@pytest.mark.parametrize(
    ("branch", "said"),
    [
        ("appeal_hours: 1\n", "branch.yaml:1:1: 'appeal_hours' has no place in branch.yaml; here stand office_holders"),
        ("under_18: discord/1\n", "branch.yaml:1:11: expected a list"),
        ("routes: []\nroutes: []\n", "branch.yaml:2:1: "),
        ("under_18: [123456789012345679]\n", "branch.yaml:1:12: '123456789012345679' is no account; write discord/ and the number"),
        ("under_18: [discord:123456789012345679]\n", "branch.yaml:1:12: 'discord:123456789012345679' is no account"),
        ("under_18: [Dana Price]\n", "branch.yaml:1:12: 'Dana Price' is no account"),
        ("under_18: [discord/@dana]\n", "branch.yaml:1:12: 'discord/@dana' is no account"),
        ("office_holders: [discord/123456789012345678 discord/123456789012345679]\n", "branch.yaml:1:18: "),
        ("- office_holders\n", "branch.yaml:1:1: expected keys with values"),
    ],
)
def test_what_is_wrong_in_it_is_said_with_its_place(branch: str, said: str) -> None:
    assert any(line.startswith(said) for line in complaints(small() | {"branch.yaml": branch})), complaints(
        small() | {"branch.yaml": branch}
    )
