"""A bank of sources is well founded, and is no weapon against members or the press."""

import pytest

from bot.compiler.policy import PolicyError, compile_policy
from bot.folders import find_policy, read_policy_files

FILES = read_policy_files(find_policy("labour-social-media"))
WHOLE = {
    "entry": "hate.example.org",
    "reason": "spreads hate",
    "evidence": "three years of it",
    "proposed_by": "alex",
    "seconded_by": "dana",
    "review_by": "2027-03-31",
}


def problems(kind: str = "domains", **changed: str) -> str:
    entry = "".join(f"\n    {key}: {value}" for key, value in {**WHOLE, **changed}.items() if value)
    files = {**FILES, "banks/more-sources.yaml": f"name: more-sources\nkind: {kind}\nentries:\n  -{entry[4:]}\n"}
    files["policy.yaml"] += "own_accounts: [x.com/dana]\n"
    try:
        compile_policy(files)
    except PolicyError as error:
        return str(error)
    return ""


def test_a_whole_entry_is_taken() -> None:
    assert problems() == ""


@pytest.mark.parametrize("missing", ["reason", "evidence", "proposed_by", "seconded_by", "review_by"])
def test_an_entry_needs_everything_that_makes_it_fair(missing: str) -> None:
    assert f"has no {missing}" in problems(**{missing: ""})


def test_nobody_seconds_what_they_proposed() -> None:
    assert "the same" in problems(seconded_by="Alex")


def test_the_day_of_review_is_a_day() -> None:
    assert "is no day" in problems(review_by="soon")


def test_a_members_own_account_is_refused() -> None:
    assert "own account" in problems("accounts", entry="x.com/dana")


@pytest.mark.parametrize("title", ["bbc.co.uk", "dailymail.co.uk", "theguardian.com"])
def test_a_news_title_is_refused(title: str) -> None:
    assert "news title" in problems(entry=title)
