"""kill -9 and a restart neither lose nor repeat anything."""

import random
import shutil
import signal
import time
from pathlib import Path

import pytest

from tests.acceptance.processes import END, TRIGGER, Chat, line

BREACHES = {"3", "6", "9", "12"}


@pytest.fixture(scope="session")
def proven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that remembers that the policy passed: proving it again in every test would only take time."""
    chat = Chat(tmp_path_factory.mktemp("proven"))
    chat.say(END)
    chat.finish()
    return chat.database


def small_chat(folder: Path, database: Path | None = None) -> Chat:
    chat = Chat(folder)
    if database:
        shutil.copy(database, chat.database)
    for number in range(1, 15):
        text = TRIGGER if str(number) in BREACHES else f"see you at the stall at {number}"
        chat.say(line(number, text, author=f"member{number}"))
    return chat


@pytest.mark.parametrize(
    "point",
    [
        "received:5",
        "scored:1",
        "before_commit:1",
        "before_commit:3",
        "after_commit:1",
        "after_commit:3",
        "before_performing:1",
        "after_performing:1",
        "after_performing:3",
        "before_marking_done:2",
    ],
)
def test_killed_at_a_named_point_nothing_is_lost_or_repeated(tmp_path: Path, point: str, proven: Path) -> None:
    chat = small_chat(tmp_path, proven)
    chat.crash(point)
    chat.say(END)
    chat.finish()
    chat.must_be_whole(BREACHES)


def test_a_migration_that_was_killed_leaves_nothing_behind_and_is_done_again(tmp_path: Path) -> None:
    chat = small_chat(tmp_path)
    chat.crash("migrating:1")
    assert chat.rows("SELECT name FROM sqlite_master WHERE type = 'table'") == []
    chat.say(END)
    chat.finish()
    chat.must_be_whole(BREACHES)


def test_what_was_missed_while_it_was_down_gets_a_card_and_no_penalty(tmp_path: Path) -> None:
    chat = Chat(tmp_path)
    chat.say(line(1, "good evening"), END)
    chat.finish()
    chat.said.write_text("", encoding="utf-8")
    chat.say(line(1, "good evening"), line(2, "@gwen I am going to break your legs on Saturday", mentions=["gwen"]), END)
    chat.finish()
    assert {one["kind"] for one in chat.performed()} == {"urgent"}
    assert chat.rows("SELECT late_seconds IS NOT NULL FROM cases") == [(1,)]
    assert chat.rows("SELECT count(*) FROM strikes") == [(0,)]


def test_killed_twenty_times_at_random_nothing_is_lost_or_repeated(tmp_path: Path, proven: Path) -> None:
    kill_at_random(tmp_path, proven, seed=20)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
def test_killed_at_random_again_and_again_nothing_is_lost_or_repeated(tmp_path: Path, proven: Path, seed: int) -> None:
    kill_at_random(tmp_path, proven, seed=seed)


def kill_at_random(tmp_path: Path, database: Path, *, seed: int) -> None:
    """Twenty kills at moments that nobody chose, while people talk."""
    chance = random.Random(seed)
    chat = Chat(tmp_path)
    shutil.copy(database, chat.database)
    chat.say(line(1, "hello"))
    breaches: set[str] = set()
    number = 1
    for _ in range(20):
        process = chat.start()
        ends = time.monotonic() + chance.uniform(0.3, 3.0)
        while time.monotonic() < ends:
            number += 1
            breach = chance.random() < 0.3
            chat.say(line(number, TRIGGER if breach else f"see you at the stall at {number}", author=f"member{chance.randrange(5)}"))
            breaches |= {str(number)} if breach else set()
            time.sleep(chance.uniform(0.0, 0.08))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    chat.say(END)
    chat.finish()
    chat.must_be_whole(breaches)
