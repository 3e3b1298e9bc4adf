"""What rule authors read is what the code does."""

from pathlib import Path

from bot.catalogue import placed
from bot.core.signals import SIGNALS

README = Path(__file__).parents[2] / "policies" / "README.md"


def test_the_catalogue_in_the_readme_is_made_from_the_code() -> None:
    text = README.read_text(encoding="utf-8")
    assert text == placed(text)


def test_every_signal_says_what_it_measures() -> None:
    assert all(kind.__doc__ and len(kind.__doc__) > 30 for kind in SIGNALS.values())
