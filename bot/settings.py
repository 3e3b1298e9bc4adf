"""Settings from the environment, and from a file .env in the folder where Steward is started.

Knows: names, kinds and defaults of settings. Must not know: what they are used for.
Rules: all mistakes at once, in one clear text; an empty variable is one that is not set; a secret is never printed.
"""

from pathlib import Path
from typing import Literal

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "STEWARD_"


class SettingsError(Exception):
    """Settings that cannot be used, all of them, one a line."""


class Settings(BaseSettings):
    """What `steward run` reads from the environment; the README has a heading for each."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
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


def load_settings() -> Settings:
    """Read the environment. Raises SettingsError with every mistake, never showing a value."""
    try:
        return Settings()
    except ValidationError as error:
        lines = (f"{PREFIX}{'_'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in error.errors(include_input=False))
        raise SettingsError("\n".join(lines)) from error
