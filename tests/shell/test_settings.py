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


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"STEWARD_COMMUNITY=a\nSTEWARD_MODE=\xff\n", [".env:2: ", "UTF-8"]),
        ("STEWARD_COMMUNITY=hush\n".encode("utf-16"), [".env:1: ", "UTF-16"]),
        ("STEWARD_COMMUNITY=hush\n".encode("utf-16-le"), [".env:1: ", "UTF-16"]),
        (b'\n# note\n\nSTEWARD_DISCORD_TOKEN="hush\nSTEWARD_COMMUNITY=a\n', [".env:4: "]),
        (b"STEWARD_COMMUNITY=a\nhush hush words\n", [".env:2: "]),
        (b"STEWARD_COMMUNITY=a\nhush\n", [".env:2: "]),
        (b"STEWARD_COMMUNITTY=hush\n", [".env:1: ", "did you mean STEWARD_COMMUNITY?"]),
        (b"STEWARD_XYZ=hush\n", [".env:1: ", "STEWARD_XYZ", ".env.example"]),
    ],
)
def test_file_that_cannot_be_used_is_named_with_its_line_and_never_shown(folder: Path, content: bytes, says: list[str]) -> None:
    (folder / ".env").write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    (line,) = str(caught.value).splitlines()
    assert all(part in line for part in says), line
    assert "hush" not in line


def test_a_folder_in_the_place_of_the_file_is_named(folder: Path) -> None:
    (folder / ".env").mkdir()
    with pytest.raises(SettingsError, match=r"^\.env is a folder"):
        load_settings()


def test_unknown_variable_of_ours_is_an_error_and_others_are_not(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_text("OTHERS=1\n")
    monkeypatch.setenv("STEWARD_IMAGE_TAG", "latest")  # whoever deploys may name things of their own so
    assert load_settings().mode == "shadow"
    monkeypatch.setenv("STEWARD_MODES", "enforce")
    with pytest.raises(SettingsError, match=r"^there is no setting STEWARD_MODES: did you mean STEWARD_MODE\?$"):
        load_settings()


def test_file_as_notepad_saves_it_is_read(folder: Path) -> None:
    (folder / ".env").write_text("STEWARD_COMMUNITY=valley\r\nSTEWARD_MODE='enforce'\r\n", encoding="utf-8-sig")
    assert (load_settings().community, load_settings().mode) == ("valley", "enforce")


@pytest.mark.parametrize("token", ["hush hush", "hüsh", "hush\u200b", "hush\x07", "“hush”"])
@pytest.mark.parametrize("name", ["DISCORD_TOKEN", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_ADMIN_TOKEN"])
def test_token_that_cannot_be_one_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, name: str, token: str) -> None:
    monkeypatch.setenv(f"STEWARD_{name}", token)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"STEWARD_{name}: there is a space in it")
    assert "sh" not in line.replace("Steward", "")
