"""Every clause of the code leads to something that Steward does, and the README says what."""

from pathlib import Path

from bot.core.model import Status
from bot.coverage import BESIDES, coverage, placed
from bot.folders import load_policy

README = Path(__file__).parents[2] / "README.md"
POLICY = load_policy("labour-social-media")


def test_the_table_in_the_readme_is_made_from_the_policy() -> None:
    text = README.read_text(encoding="utf-8")
    assert text == placed(text, POLICY)


def test_every_rule_that_is_on_stands_in_the_table() -> None:
    table = coverage(POLICY)
    assert all(f"`{rule.id}`" in table for rule in POLICY.rules if rule.status is not Status.OFF)


def test_every_clause_has_a_rule_or_something_besides() -> None:
    served = {number for rule in POLICY.rules if rule.status is not Status.OFF for number in rule.clauses}
    # Clause 7 (accounts that hide in order to abuse) is judged by who people are over time, not by what one message says.
    assert {clause.number for clause in POLICY.clauses} - served - BESIDES.keys() <= {"7"}
