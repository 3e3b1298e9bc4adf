"""Settings: all mistakes at once, no secret shown, every one explained in the README."""

from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError, load_settings

ROOT = Path(__file__).parents[2]


def test_every_setting_has_its_heading_in_the_readme_and_its_line_in_the_example() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    for name in set(Settings.model_fields) - {"crash_at"}:
        assert f"### STEWARD_{name.upper()}\n" in readme
        assert f"STEWARD_{name.upper()}=" in example


def test_all_mistakes_are_said_at_once_and_values_are_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEWARD_MODE", "shout-secret")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "STEWARD_MODE" in str(caught.value)
    assert "shout-secret" not in str(caught.value)


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEWARD_MODE", "")
    assert load_settings().mode == "shadow"
