"""`steward try` on a real terminal: what a person types is understood, and whoever wants to leave can."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
START_SECONDS_MAX = 60
LEAVE_SECONDS_MAX = 10


class Talk:
    """`steward try` on a terminal of its own, with an empty folder for what is temporary."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.seen = folder, ""
        ours, theirs = pty.openpty()
        self._terminal = ours
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", "try"],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=folder.parent,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(HOUSE), "TMPDIR": str(folder), "TERM": "dumb", "COLUMNS": "200"},
            start_new_session=True,
            preexec_fn=_own_terminal,  # noqa: PLW1509 - no other thread is at work here
        )
        os.close(theirs)

    def until(self, words: str, seconds: float = START_SECONDS_MAX) -> str:
        """What is shown until these words are, from the last look on."""
        begin, end = len(self.seen), time.monotonic() + seconds
        while words not in self.seen[begin:]:
            assert time.monotonic() < end, f"{words!r} is not in {self.seen[begin:]!r}"
            if select.select([self._terminal], [], [], 0.1)[0]:
                self.seen += os.read(self._terminal, 65_536).decode(errors="replace")
        return self.seen[begin:]

    def type(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def ended(self) -> int:
        """The exit code, within some seconds, without another key."""
        end = time.monotonic() + LEAVE_SECONDS_MAX
        while self.process.poll() is None and time.monotonic() < end:
            if select.select([self._terminal], [], [], 0.1)[0]:
                with suppress(OSError):  # the other side has gone
                    self.seen += os.read(self._terminal, 65_536).decode(errors="replace")
        assert self.process.poll() is not None, f"still there after {LEAVE_SECONDS_MAX} seconds: {self.seen[-300:]!r}"
        return self.process.returncode

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self._terminal)


def _own_terminal() -> None:
    """Ctrl-C reaches whoever's terminal it is typed on."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever runs the tests in the background has it ignored, and a child inherits that


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    (tmp_path / "temporary").mkdir()
    one = Talk(tmp_path / "temporary")
    yield one
    one.close()


def test_ctrl_c_at_the_prompt_leaves_at_once_and_leaves_nothing_behind(talk: Talk) -> None:
    talk.until("sam> ")
    assert list(talk.folder.glob("steward-*"))
    talk.type("half a sen\x03")
    assert talk.ended() == 130
    assert "Traceback" not in talk.seen
    assert list(talk.folder.glob("steward-*")) == []


def test_end_of_input_leaves_too(talk: Talk) -> None:
    talk.until("sam> ")
    talk.type("\x04")
    assert talk.ended() == 0
    assert list(talk.folder.glob("steward-*")) == []


def test_commands_are_understood_as_people_type_them(talk: Talk) -> None:
    assert "Steward is awake" in talk.until("sam> ")
    talk.type("/AS dana\n")
    talk.until("dana> ")
    for asked in ("help", "/help"):
        talk.type(f"{asked}\n")
        shown = talk.until("dana> ")
        assert all(part in shown for part in ("/mystanding", "/as NAME", "/quit  leave")), shown
    talk.type('/report he said "you\'re done" to me\n')
    talk.until("dana> ")
    talk.type("/as morgan\n")
    talk.until("morgan> ")
    talk.type("/cases\n")
    assert 'he said "you\'re done" to me' in talk.until("morgan> "), "what somebody quotes is evidence"
    talk.type("/quit now\n")
    assert talk.ended() == 0


@pytest.mark.parametrize(
    ("typed", "hint"), [("as morgan", True), ("Morgan: see you there", True), ("as if", False), ("sam: me again", False)]
)
def test_whoever_tries_to_talk_as_somebody_else_is_told_how(talk: Talk, typed: str, *, hint: bool) -> None:
    talk.until("sam> ")
    talk.type(f"{typed}\n")
    shown = talk.until("sam> ")
    assert ("To talk as morgan, write /as morgan." in shown) is hint


def test_the_bare_word_quit_leaves(talk: Talk) -> None:
    talk.until("sam> ")
    talk.type("quit\n")
    assert talk.ended() == 0


def run(stdin: int | None = None, given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """`steward try` without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "bot", "try"], stdin=stdin, input=given, capture_output=True, timeout=START_SECONDS_MAX, check=True
    )


def test_what_is_piped_in_is_said() -> None:
    shown = run(given=b"good evening all\n/as morgan\n/case 1\n").stdout.decode()
    said = shown[shown.index("now you") :]
    assert "sam: good evening all" in said
    assert "You are morgan." in said
    assert "Case 1" in said


def test_without_a_terminal_nothing_is_waited_for() -> None:
    silent, held_open = os.pipe()  # as where a service or a build runs it: an input that says nothing and does not end
    try:
        shown = run(stdin=silent).stdout.decode()
    finally:
        os.close(silent)
        os.close(held_open)
    assert "now you" not in shown
    assert "now you" not in run(stdin=subprocess.DEVNULL).stdout.decode()
