"""The core and reading are pure: a fresh interpreter that loads them has loaded nothing that could reach the outside."""

import subprocess
import sys

import pytest

FORBIDDEN = (
    "asyncio sqlite3 socket logging random sqlalchemy aiosqlite alembic pydantic structlog onnxruntime tokenizers numpy yaml typer rich "
    "discord slack_bolt slack_sdk aiohttp tldextract PIL imagehash"
).split()
CORE = [f"bot.core.{room}" for room in ("model", "text", "signals", "policy", "judge", "respond", "cases", "notices")]


@pytest.mark.parametrize("rooms", [CORE, ["bot.reading.disguises"]])
def test_a_fresh_interpreter_that_loads_a_pure_room_has_loaded_nothing_else(rooms: list[str]) -> None:
    code = f"import sys; {'; '.join(f'import {room}' for room in rooms)}; print(sorted(set({FORBIDDEN!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
