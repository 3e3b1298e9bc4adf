"""Settings from the environment, and from a file .env in the folder where Steward is started.

Knows: names, kinds and defaults of settings. Must not know: what they are used for.
Rules: all mistakes at once, in one clear text; an empty variable is one that is not set; a secret is never printed, so no line of .env
is, whatever is wrong with it.
"""

import difflib
import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from dotenv.parser import parse_stream
from pydantic import SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "STEWARD_"
FILE = ".env"
FOR_TESTS = ("STEWARD_EMULATE", "STEWARD_TEST_PICTURES")
"""What our tests read besides."""
SAVE_IT = "save the file as UTF-8 (Notepad: Save as, Encoding: UTF-8)"


class SettingsError(Exception):
    """Settings that cannot be used, all of them, one a line."""


class Settings(BaseSettings):
    """What `steward run` reads from the environment; the README has a heading for each."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=FILE,
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    database_url: str = "sqlite+aiosqlite:///var/steward.db"
    community: str = "main"
    mode: Literal["shadow", "enforce"] = "shadow"
    policy: str = "labour-social-media"
    model: Path | None = None
    scorer: str = ""
    moderators: str = ""
    escalation_channel: str = ""
    moderator_role: str = ""
    discord_token: SecretStr | None = None
    discord_api_url: str = ""
    discord_gateway_url: str = ""
    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_admin_token: SecretStr | None = None
    slack_api_url: str = ""
    slack_port: int = 3000
    console_in: Path | None = None
    console_out: Path | None = None
    crash_at: str = ""

    @field_validator("discord_token", "slack_bot_token", "slack_app_token", "slack_signing_secret", "slack_admin_token")
    @classmethod
    def _sendable(cls, secret: SecretStr | None) -> SecretStr | None:
        """Refuse what no token holds: it could not be sent, and the error of the library would show it."""
        if secret and not all("!" <= sign <= "~" for sign in secret.get_secret_value()):
            raise ValueError("there is a space in it, or a letter that no token has: copy it again, without anything around it")
        return secret


def load_settings() -> Settings:
    """Read the environment. Raises SettingsError with every mistake, never showing a value."""
    names, mistakes = _read_file(Path(FILE))
    mistakes += _unknown([*names, *((name, "") for name in os.environ)])
    if any(one.startswith(FILE) for one in mistakes):  # what cannot be read has no values to look at
        raise SettingsError("\n".join(mistakes))
    try:
        found = Settings()
    except ValidationError as error:
        lines = (
            f"{PREFIX}{'_'.join(map(str, one['loc'])).upper()}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors(include_input=False)
        )
        raise SettingsError("\n".join([*mistakes, *lines])) from error
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    return found


def _read_file(path: Path) -> tuple[list[tuple[str, str]], list[str]]:
    """The names that the file sets, each with its place, and what is wrong with its lines."""
    if path.is_dir():
        return [], [f"{path} is a folder: settings stand in a file of that name, so move the folder away"]
    try:
        raw = path.read_bytes() if path.exists() else b""
    except OSError as error:
        return [], [f"{path} cannot be read: {error.strerror}"]
    if b"\0" in raw or raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return [], [f"{path}:1: this is not UTF-8, it looks like UTF-16: {SAVE_IT}"]
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return [], [f"{path}:{line}: this is not UTF-8: {SAVE_IT}"]
    names, mistakes = [], []
    for one in parse_stream(io.StringIO(text)):
        string = one.original.string
        blank = string[: len(string) - len(string.lstrip())].count("\n")
        place = f"{path}:{one.original.line + blank}"
        if one.error or (one.key and one.value is None):
            mistakes.append(f"{place}: this is no setting: write NAME=value, and close each quotation mark in its line")
        elif one.key:
            names.append((one.key, f"{place}: "))
    return names, mistakes


def _unknown(names: Iterable[tuple[str, str]]) -> Iterator[str]:
    """What begins like a setting of ours and is none: a misspelt one would be as if it were not there."""
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    for name, place in dict.fromkeys(names):
        if name.upper().startswith(PREFIX) and name.upper() not in (*known, *FOR_TESTS):
            near = difflib.get_close_matches(name.upper().removeprefix(PREFIX), [one.removeprefix(PREFIX) for one in known], n=1)
            if not near and not place:
                continue  # the environment is not ours alone: another program may set STEWARD_VERSION
            advice = f"did you mean {PREFIX}{near[0]}?" if near else ".env.example lists them all"
            yield f"{place}there is no setting {name[:NAME_CHARS_MAX]}: {advice}"


NAME_CHARS_MAX = 60
"""So much of an unknown name is repeated."""
