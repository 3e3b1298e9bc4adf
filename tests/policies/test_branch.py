"""What a branch fills in beside the shipped policy stands in a file of its own, and the example of it compiles."""

import re
from pathlib import Path

import pytest

from bot.compiler.policy import compile_policy
from bot.folders import UnreadableError, find_policy, read_policy_files

FOLDER = find_policy("labour-social-media")
EXAMPLE = (FOLDER / "branch.yaml.example").read_text(encoding="utf-8")


def test_the_example_filled_in_is_a_policy() -> None:
    files = dict(read_policy_files(FOLDER))
    files.pop("branch.yaml", None)
    policy = compile_policy(files | {"branch.yaml": re.sub(r"^#(?=[a-z]|  )", "", EXAMPLE, flags=re.MULTILINE)})
    shipped = compile_policy(files)
    assert policy.safeguarding_contact
    assert policy.outside_contact
    assert set(shipped.public_figures) < set(policy.public_figures)
    assert [route.name for route in policy.routes] == [route.name for route in shipped.routes], "the example's routes are those that ship"


def test_as_it_stands_it_changes_nothing() -> None:
    files = dict(read_policy_files(FOLDER))
    files.pop("branch.yaml", None)
    assert compile_policy(files | {"branch.yaml": EXAMPLE}).routes == compile_policy(files).routes


@pytest.mark.parametrize("name", ["branch.yml", "branch.yaml.txt"])
def test_a_file_with_nearly_that_name_is_not_passed_over_in_silence(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("under_18: []\n", encoding="utf-8")
    with pytest.raises(UnreadableError, match=f"{name} is not read: the name has to be branch.yaml"):
        read_policy_files(tmp_path)
