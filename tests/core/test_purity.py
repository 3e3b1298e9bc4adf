"""The core is pure: a fresh interpreter that loads it has loaded nothing that could reach the outside."""

import subprocess
import sys

FORBIDDEN = (
    "asyncio sqlite3 socket logging random sqlalchemy aiosqlite alembic pydantic structlog onnxruntime tokenizers numpy yaml typer rich "
    "discord slack_bolt slack_sdk aiohttp tldextract PIL imagehash"
).split()
ROOMS = ("model", "text", "signals", "policy", "judge", "respond", "cases", "notices")


def test_a_fresh_interpreter_that_loads_the_core_has_loaded_nothing_else() -> None:
    code = f"import sys; {'; '.join(f'import bot.core.{room}' for room in ROOMS)}; print(sorted(set({FORBIDDEN!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
