"""What cards and lists say of an action, in words."""

import pytest

from bot.core.model import ActionKind
from bot.core.notices import to_do


@pytest.mark.parametrize("kind", ActionKind)
def test_what_is_left_to_do_is_in_words_for_every_kind_of_action(kind: ActionKind) -> None:
    said = to_do([kind])
    assert len(said.split()) > 1, said
    assert to_do([kind, ActionKind.MUTE]) == f"{said}, mute the member"
