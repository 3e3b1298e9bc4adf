"""The command line as an operator meets it: what is wrong is said in one clear line, and never as a traceback.

Processes take their second each, so some refusals are asked of the same `main` in this process (`Shell.here`).
"""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner

from bot.__main__ import main
from bot.cli.app import app
from tests.acceptance.processes import TRIGGER

PROGRAM = [sys.executable, "-m", "bot"]
GOLDEN = Path(__file__).parent.parent / "golden" / "policy-errors"
SECONDS_MAX = 60
MOMENT = "2026-03-02T20:{:02}:00Z"
COMMANDS = [
    ["try"],
    ["replay"],
    ["run"],
    ["check"],
    ["score"],
    ["policy"],
    ["policy", "check"],
    ["policy", "test"],
    ["policy", "explain"],
    ["case"],
    ["case", "replay"],
    ["audit"],
    ["audit", "verify"],
    ["data"],
    ["data", "forget"],
    ["doctor"],
    ["model"],
    ["model", "convert"],
    ["images"],
    ["images", "hash"],
    ["images", "card"],
]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    def is_one_clear_line(self, *says: str) -> bool:
        """Refused: exit code 2 and one line on standard error that says these things."""
        assert "Traceback" not in self.err, self.err
        lines = self.err.splitlines()
        assert (self.code, len(lines)) == (2, 1), self.err
        assert all(part in lines[0] for part in says), lines[0]
        return lines[0].startswith("steward: ")


@dataclass(frozen=True, slots=True)
class Shell:
    """A folder to run commands in, with nothing of the machine's own settings."""

    folder: Path
    patch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]

    def here(self, *words: str, called: str = "steward", **settings: str) -> Ended:
        """The same in this process."""
        self.patch.chdir(self.folder)
        self.patch.setattr(sys, "argv", [called, *words])
        for name, value in self.environment(**settings).items():
            self.patch.setenv(name, value)
        self.capture.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            structlog.reset_defaults()
        return Ended(code, *self.capture.readouterr())

    def steward(self, *words: str | bytes, given: bytes = b"", **settings: str) -> Ended:
        done = subprocess.run(
            [*PROGRAM, *words],
            input=given,
            cwd=self.folder,
            env=self.environment(**settings),
            capture_output=True,
            timeout=SECONDS_MAX,
            check=False,
        )
        return Ended(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))

    def environment(self, **settings: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "COVERAGE_PROCESS_START") if name in os.environ}
        house = str(Path(__file__).parents[2])
        return {**kept, "PYTHONPATH": house, "STEWARD_DATABASE_URL": "sqlite+aiosqlite:///steward.db", **settings}

    def transcript(self, *texts: str, name: str = "talk.jsonl") -> str:
        """A file with a line per text, each by another member."""
        lines = [
            {"id": str(number), "room": "branch", "author": f"member{number}", "text": text, "sent_at": MOMENT.format(number)}
            for number, text in enumerate(texts, start=1)
        ]
        (self.folder / name).write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
        return name

    def written(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(one) for one in (self.folder / name).read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, monkeypatch, capsys)


# Help.


@pytest.mark.parametrize("called", ["steward", ".venv/bin/steward"])
def test_what_it_says_to_type_is_typed_as_it_was(shell: Shell, called: str) -> None:
    assert f"`{called} doctor --discord`" in shell.here("doctor", called=called).err
    assert f"Type: {called} doctor --slack" in shell.here("doctor", "--slack", called=called).out


def test_help_lists_the_commands(shell: Shell) -> None:
    ended = shell.steward("--help")
    assert (ended.code, ended.err) == (0, "")
    for words in COMMANDS:
        assert words[0] in ended.out


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_of_each_command_says_what_it_does(words: list[str]) -> None:
    ended = CliRunner().invoke(app, [*words, "--help"])
    assert ended.exit_code == 0
    assert "Usage:" in ended.output
    assert len(ended.output.split("\n\n")) >= 3, "a sentence that says what it does"


@pytest.mark.parametrize("words", [["nonsense"], ["replay"], ["replay", "x", "--wokers", "3"], ["score", "--workers", "0"]])
def test_words_that_are_no_command_are_refused_without_a_traceback(words: list[str]) -> None:
    ended = CliRunner().invoke(app, words)
    assert ended.exit_code == 2
    assert "Usage:" in ended.output
    assert "Traceback" not in ended.output


# Replay.


def test_replay_keeps_what_it_found_and_a_recorded_case_has_the_same_verdict_again(shell: Shell) -> None:
    odd = [f"{TRIGGER}\x00", f"{'la ' * 13_300}{TRIGGER}", "\x00", "", "good evening all of you"]
    ended = shell.steward("replay", shell.transcript(*odd), "--json", "out.jsonl", "--keep", "kept.db")
    assert (ended.code, ended.err) == (0, "")
    shown = shell.written("out.jsonl")
    assert [one["id"] for one in shown] == ["1", "2", "3", "4", "5"]
    for one in shown:
        assert list(one)[:4] == ["id", "findings", "unjudged", "actions"]
    for one in shown[:2]:
        assert "trigger-phrase" in [finding["rule"] for finding in one["findings"]]
        assert "nudge" in one["actions"]
    assert {one["reason"] for one in shown[1]["unjudged"]} <= {"too_long"}
    assert shown[4]["findings"] == []
    kept = "sqlite+aiosqlite:///kept.db"
    again = shell.steward("case", "replay", "2", STEWARD_DATABASE_URL=kept)
    assert (again.code, again.out.splitlines()[-1]) == (0, "case 2: the same verdict"), again.err
    assert shell.here("audit", "verify", STEWARD_DATABASE_URL=kept) == Ended(0, "the audit trail is whole\n", "")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"id": "1", "room": "r", "author": "a", "text": "x", "sent_at": "2026-03-02T20:00:00Z"}\n{"id": \n', ["talk.jsonl:2:"]),
        (b'{"id": "1", "room": "r", "author": "a", "text": "\\ud800", "sent_at": "2026-03-02T20:00:00Z"}\n', ["talk.jsonl:1:"]),
        (b"", ["talk.jsonl", "no messages"]),
    ],
    ids=["broken line", "lone surrogate", "empty file"],
)
def test_transcript_that_cannot_be_read_is_refused_with_its_place(shell: Shell, content: bytes, says: list[str]) -> None:
    (shell.folder / "talk.jsonl").write_bytes(content)
    assert shell.steward("replay", "talk.jsonl").is_one_clear_line(*says)


def test_database_that_is_there_already_is_not_touched(shell: Shell) -> None:
    (shell.folder / "kept.db").write_bytes(b"mine")
    assert shell.here("replay", shell.transcript("hello"), "--keep", "kept.db").is_one_clear_line("kept.db is there already")
    assert (shell.folder / "kept.db").read_bytes() == b"mine"


# Settings, policies, places.


def test_policy_with_five_errors_has_them_all_shown_with_their_places(shell: Shell) -> None:
    folder = GOLDEN / "out-of-bounds"
    expected = (folder / "expected.txt").read_text(encoding="utf-8").splitlines()
    assert len(expected) >= 5
    ended = shell.steward("policy", "check", str(folder))
    assert ended.code == 2
    assert ended.err.splitlines() == [f"steward: {one}" for one in expected]


def test_files_of_a_policy_that_cannot_be_read_hide_no_other_mistakes(shell: Shell) -> None:
    folder = shell.folder / "mine"
    shutil.copytree(GOLDEN / "out-of-bounds", folder)
    (folder / "rules" / "a.yaml").write_bytes(b"id: a\ntitle: \xff\n")
    (folder / "rules" / "b.yaml").write_bytes(b"\xff")
    (folder / "rules" / "x.yaml").mkdir()
    ended = shell.here("policy", "check", "mine")
    lines = ended.err.splitlines()
    assert ended.code == 2
    assert lines[0].startswith("steward: rules/a.yaml:2: ")
    assert lines[1].startswith("steward: rules/b.yaml:1: ")
    assert lines[2].startswith("steward: rules/x.yaml is a folder")
    expected = (folder / "expected.txt").read_text(encoding="utf-8").splitlines()
    assert {f"steward: {one}" for one in expected} <= set(lines)


def test_bank_in_another_encoding_is_one_error_and_not_one_in_every_rule_that_names_it(shell: Shell) -> None:
    shutil.copytree(Path(__file__).parents[2] / "policies" / "labour-social-media", shell.folder / "mine")
    bank = shell.folder / "mine" / "banks" / "idioms.yaml"
    bank.write_bytes(bank.read_bytes().rstrip() + "  # cliché".encode("latin-1") + b"\n")
    ended = shell.here("policy", "check", "mine")
    assert ended.is_one_clear_line("banks/idioms.yaml", "not UTF-8"), ended


def test_file_in_a_misspelt_folder_of_a_policy_is_an_error(shell: Shell) -> None:
    assert "rule/flooding.yaml" in shell.here("policy", "check", str(GOLDEN / "misspelt")).err


def test_policy_that_is_not_there_is_refused(shell: Shell) -> None:
    assert shell.here("check", "hello", "--policy", "nowhere").is_one_clear_line("nowhere", "labour-social-media")


def test_missing_model_is_refused_before_anything_is_judged(shell: Shell) -> None:
    (shell.folder / "said.jsonl").touch()
    ended = shell.here("run", STEWARD_MODEL="nowhere", STEWARD_CONSOLE_IN="said.jsonl")
    assert ended.is_one_clear_line("nowhere/model.onnx is missing")
    assert not (shell.folder / "steward.db").exists()


def test_other_model_counts_for_every_command_that_scores(shell: Shell) -> None:
    assert shell.steward("score", given=b'{"text": "hello"}\n', STEWARD_MODEL="nowhere").is_one_clear_line("nowhere")


@pytest.mark.parametrize("place", ["folder", "file/steward.db", "file"])
def test_database_that_cannot_be_written_is_refused(shell: Shell, place: str) -> None:
    (shell.folder / "folder").mkdir()
    (shell.folder / "file").write_bytes(b"something else " * 100)
    asked = shell.steward if place == "folder" else shell.here
    assert asked("audit", "verify", STEWARD_DATABASE_URL=f"sqlite+aiosqlite:///{place}").is_one_clear_line(place)


def test_every_setting_that_is_wrong_is_named(shell: Shell) -> None:
    ended = shell.here("run", STEWARD_MODE="loud", STEWARD_CRASH_AT="", STEWARD_CONSOLE_IN="")
    assert ended.is_one_clear_line("STEWARD_MODE")
    assert "loud" not in ended.err


def test_broken_line_of_the_console_ends_the_run_with_its_place(shell: Shell) -> None:
    (shell.folder / "said.jsonl").write_text('{"id": 1}\n', encoding="utf-8")
    ended = shell.steward("run", STEWARD_CONSOLE_IN="said.jsonl")
    assert ended.code == 2, ended.err
    assert "Traceback" not in ended.err
    assert ended.err.splitlines()[-1].startswith("steward: said.jsonl:1: ")


ODD = '{"id": "1", "room": "r", "author": "a", "text": "x", "sent_at": "2026-03-02T20:00:00Z"}'


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (ODD.replace("2026-03-02T20:00:00Z", "0001-01-01T00:00:00+14:00"), "sent_at: no chat has this time"),
        (ODD.replace("2026-03-02T20:00:00Z", "9999-12-31T23:59:59-14:00"), "sent_at: no chat has this time"),
        (ODD.replace('"id": "1"', '"id": 1'), "id: Input should be a valid string: write it in quotation marks"),
        (ODD.replace('"author": "a"', '"author": "\\udc00"'), ""),
    ],
)
def test_odd_line_of_a_transcript_is_refused_with_its_place(shell: Shell, line: str, says: str) -> None:
    (shell.folder / "talk.jsonl").write_text(f"\n{line}\n", encoding="utf-8")
    assert shell.here("replay", "talk.jsonl").is_one_clear_line("talk.jsonl:2: ", says)


@pytest.mark.parametrize("content", ['{"mine": 1}\n', "[1]\n", "my own words\n", '{"key": "a"}\n7\n'])
def test_file_of_somebody_else_is_not_written_to_by_the_console(shell: Shell, content: str) -> None:
    (shell.folder / "said.jsonl").touch()
    (shell.folder / "done.jsonl").write_text(content)
    ended = shell.here("run", STEWARD_CONSOLE_IN="said.jsonl", STEWARD_CONSOLE_OUT="done.jsonl")
    assert ended.is_one_clear_line(f"done.jsonl:{content.count(chr(10))}: ", "STEWARD_CONSOLE_OUT")
    assert (shell.folder / "done.jsonl").read_text() == content


def test_console_does_not_write_into_the_file_that_it_reads(shell: Shell) -> None:
    (shell.folder / "said.jsonl").write_text(ODD + "\n")
    ended = shell.here("run", STEWARD_CONSOLE_IN="said.jsonl", STEWARD_CONSOLE_OUT="said.jsonl")
    assert ended.is_one_clear_line("STEWARD_CONSOLE_IN and STEWARD_CONSOLE_OUT are one file")


@pytest.mark.parametrize("words", [["audit", "verify"], ["case", "replay", "1"], ["data", "forget", "1", "--yes"]], ids=" ".join)
@pytest.mark.parametrize("empty", [True, False])
def test_whoever_only_looks_makes_no_database(shell: Shell, words: list[str], *, empty: bool) -> None:
    if empty:
        (shell.folder / "steward.db").touch()
    assert shell.here(*words).is_one_clear_line("there is no database at steward.db")
    assert [one.stat().st_size for one in shell.folder.iterdir()] == [0] * empty


def test_record_that_was_changed_by_hand_is_named(shell: Shell) -> None:
    assert shell.here("replay", shell.transcript(TRIGGER), "--keep", "steward.db").code == 0
    assert shell.here("audit", "verify") == Ended(0, "the audit trail is whole\n", "")
    with closing(sqlite3.connect(shell.folder / "steward.db")) as record:
        record.execute("UPDATE cases SET state='dismissed'")
        record.commit()
    ended = shell.here("audit", "verify")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "the record was changed: case 1 is dismissed, the trail says open\n"


def test_member_who_asked_is_forgotten_by_whoever_runs_steward(shell: Shell) -> None:
    talk = b"/as quentin\n@dana you total wanker, and Pumpernickel is a stupid name\n/as morgan\n/cases\n/uphold 4 because of it\n/as quentin\n/forgetme\n/quit\n"
    said = shell.steward("try", "--keep", "steward.db", given=talk)
    assert said.code == 0, said.err
    place = shell.folder / "steward.db"
    assert b"Pumpernickel" in b"".join(one.read_bytes() for one in shell.folder.glob("steward.db*"))
    looked = shell.here("data", "forget", "1")
    assert (looked.code, len(looked.err.splitlines())) == (2, 1)
    assert looked.is_one_clear_line("Nothing was deleted. To delete it for good, add --yes")
    assert re.search(r"^Request 1, by quentin: this deletes case \d+ and \d+ other records\.$", looked.out.strip())
    assert b"Pumpernickel" in b"".join(one.read_bytes() for one in shell.folder.glob("steward.db*")), "only looked"
    gone = shell.here("data", "forget", "1", "--yes")
    assert (gone.code, gone.err) == (0, "")
    assert gone.out.endswith("\nDeleted, and the member is told. Delete it from backups too.\n")
    assert place.exists()
    assert b"Pumpernickel" not in b"".join(one.read_bytes() for one in shell.folder.glob("steward.db*"))
    assert shell.here("audit", "verify") == Ended(0, "the audit trail is whole\n", "")
    assert shell.here("data", "forget", "1", "--yes").is_one_clear_line("no open request 1")


@pytest.mark.parametrize("words", [["data", "forget"], ["case", "replay"]], ids=" ".join)
@pytest.mark.parametrize("number", ["four", "0", "-1", "1.5", "9" * 30])
def test_number_that_is_none_is_refused_in_plain_words_to_forget_or_replay(shell: Shell, words: list[str], number: str) -> None:
    assert shell.here(*words, "--", number).is_one_clear_line(f"“{number}” is not a number of a case or report")


def test_case_that_is_not_there_is_refused(shell: Shell) -> None:
    shell.here("replay", shell.transcript("hello"), "--keep", "steward.db")
    assert shell.here("case", "replay", "7").is_one_clear_line("there is no case 7")


def test_a_number_that_no_case_can_have_is_refused(shell: Shell) -> None:
    ended = shell.steward("case", "replay", "9" * 20)
    assert ended.code == 2
    assert "Traceback" not in ended.err


# Check.


@pytest.mark.parametrize(
    "text", [f"{'la ' * 13_300}{TRIGGER}".encode(), f"st\xff{TRIGGER} ".encode("latin-1") + b"\xed\xa0\x80"], ids=["long", "odd"]
)
def test_check_judges_long_and_odd_texts(shell: Shell, text: bytes) -> None:
    ended = shell.steward("check", text)
    assert (ended.code, ended.err) == (0, "")
    assert "trigger-phrase" in ended.out or b"\xff" in text


# Score.


def test_score_answers_each_line_in_order_with_any_number_of_workers(shell: Shell) -> None:
    texts = ["hello", "you are a worthless stupid idiot", "", "\ud800", "a\x00b", "x" * 2_000, "hello"] * 6
    given = "".join(json.dumps({"text": text}) + "\n" for text in texts).encode()
    several = shell.steward("score", "--workers", "4", given=given)
    assert (several.code, several.err) == (0, "")
    answers = [json.loads(line)["scores"] for line in several.out.splitlines()]
    assert len(answers) == len(texts)
    assert answers == answers[:7] * 6
    assert answers[0] == answers[6]
    assert answers[1]["insult"] > answers[0]["insult"]


def test_score_with_a_text_in_the_command_says_what_to_type(shell: Shell) -> None:
    assert shell.steward("score", "you are wrong").is_one_clear_line("standard input", "steward check TEXT")


def test_score_answers_while_more_is_to_come(shell: Shell) -> None:
    with subprocess.Popen(
        [*PROGRAM, "score", "--plain"], env=shell.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        for text in (b"hello\n", b'{"text": "not JSON here"}\n'):
            process.stdin.write(text)
            process.stdin.flush()
            assert "toxicity" in json.loads(process.stdout.readline())["scores"]
        process.stdin.close()
        assert process.wait(SECONDS_MAX) == 0


@pytest.fixture(scope="module")
def broken_third_line(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """How `steward score` ends at a broken line."""
    patch = pytest.MonkeyPatch()
    shell = Shell(tmp_path_factory.mktemp("score"), patch, None)  # type: ignore[arg-type]
    return shell.steward("score", given=b'{"text": "hello"}\n{"text": "hello again"}\n{"txt": "hello"}\n{"text": "hello"}\n')


def test_score_refuses_a_broken_line_with_its_number(broken_third_line: Ended) -> None:
    assert broken_third_line.is_one_clear_line("line 3 of standard input", "--plain")


def test_score_answers_every_line_before_a_broken_one(broken_third_line: Ended) -> None:
    assert len(broken_third_line.out.splitlines()) == 2


def test_score_refuses_a_number_that_json_allows_and_python_does_not(shell: Shell) -> None:
    assert shell.steward("score", given=b'{"text": ' + b"9" * 5_000 + b"}\n").is_one_clear_line("line 1 of standard input")


def test_reader_that_goes_away_is_no_error(shell: Shell) -> None:
    program = " ".join(PROGRAM)
    given = b'{"text": "hello"}\n' * 400
    done = subprocess.run(
        ["/bin/sh", "-c", f"{program} score | head -1"],
        input=given,
        env=shell.environment(),
        capture_output=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert len(done.stdout.splitlines()) == 1
    assert b"Traceback" not in done.stderr
    assert b"rror" not in done.stderr


# Try.


def test_try_without_a_terminal_plays_the_sample_and_ends(shell: Shell) -> None:
    ended = shell.steward("try")
    assert (ended.code, ended.err) == (0, "")
    assert "Steward privately to" in ended.out
    assert "clause" in ended.out
    assert "\x1b[" not in ended.out
