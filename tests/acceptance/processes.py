"""Steward as a real process with the console platform, a real database, the real model: to be killed with -9 and started again."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

TRIGGER = "steward please check this lantern"
END = '{"end": true}'


def line(number: int, text: str, *, author: str = "alex", room: str = "branch", **more: object) -> str:
    """One line of the chat, said now."""
    return json.dumps({"id": str(number), "room": room, "author": author, "text": text, "sent_at": datetime.now(UTC).isoformat(), **more})


@dataclass(frozen=True, slots=True)
class Chat:
    """A folder with a chat, its database and what was performed."""

    folder: Path

    @property
    def said(self) -> Path:
        return self.folder / "said.jsonl"

    @property
    def database(self) -> Path:
        return self.folder / "steward.db"

    def say(self, *lines: str) -> None:
        with self.said.open("a", encoding="utf-8") as file:
            file.write("".join(one + "\n" for one in lines))

    def start(self, *, crash_at: str = "") -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "bot", "run"],
            env={
                "PATH": os.environ["PATH"],
                "STEWARD_DATABASE_URL": f"sqlite+aiosqlite:///{self.database}",
                "STEWARD_CONSOLE_IN": str(self.said),
                "STEWARD_CONSOLE_OUT": str(self.folder / "done.jsonl"),
                "STEWARD_MODE": "enforce",
                "STEWARD_MODERATORS": "morgan, robin",
                "STEWARD_CRASH_AT": crash_at,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self) -> str:
        """Run to the end of the chat; gives what was logged."""
        process = self.start()
        try:
            _, logged = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            _, logged = process.communicate()
            raise AssertionError(f"did not end: {logged[-2000:]}") from None
        assert process.returncode == 0, logged[-2000:]
        return logged

    def crash(self, at: str) -> None:
        """Run until it kills itself at a named point."""
        process = self.start(crash_at=at)
        _, logged = process.communicate(timeout=120)
        assert process.returncode == -signal.SIGKILL, f"{at} was never reached: {logged[-2000:]}"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database)) as database:
            return database.execute(query).fetchall()

    def performed(self) -> list[dict[str, Any]]:
        return [json.loads(one) for one in (self.folder / "done.jsonl").read_text(encoding="utf-8").splitlines()]

    def must_be_whole(self, breaches: set[str]) -> None:
        """Each breach in exactly one case, nobody else in any; each action performed once, with one audit entry; a whole trail."""
        in_cases = [message for (message,) in self.rows("SELECT message FROM case_messages")]
        assert sorted(in_cases) == sorted(breaches)
        keys = [one["key"] for one in self.performed()]
        assert len(keys) == len(set(keys))
        committed = dict(self.rows("SELECT key, state FROM actions"))
        assert set(committed) == set(keys)
        assert set(committed.values()) <= {"done"}
        entries = [key for (key,) in self.rows("SELECT action_key FROM audit WHERE kind = 'performed'")]
        assert sorted(entries) == sorted(keys)
        verified = subprocess.run(
            [sys.executable, "-m", "bot", "audit", "verify"],
            env={"PATH": os.environ["PATH"], "STEWARD_DATABASE_URL": f"sqlite+aiosqlite:///{self.database}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert verified.returncode == 0, verified.stderr
