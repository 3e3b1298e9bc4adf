"""Which windows of a long text are read."""

from hypothesis import given
from hypothesis import strategies as st

from bot.toxicity.windows import ENDS_MAX, windows

LENGTH = 94


def test_a_short_text_is_read_whole_at_once() -> None:
    assert windows(20, length=LENGTH).ranges == ((0, 20),)


def test_an_empty_text_is_one_empty_window() -> None:
    assert windows(0, length=LENGTH).ranges == ((0, 0),)


def test_a_very_long_text_is_read_at_both_ends_and_says_so() -> None:
    chosen = windows(100_000, length=LENGTH)
    assert not chosen.whole
    assert len(chosen.ranges) == 2 * ENDS_MAX
    assert chosen.ranges[0][0] == 0
    assert chosen.ranges[-1][1] == 100_000


@given(st.integers(0, 5_000), st.lists(st.integers(0, 5_000), max_size=4))
def test_what_is_pointed_out_is_read_and_windows_are_never_too_long(tokens: int, places: list[int]) -> None:
    inside = [place for place in places if place < tokens]
    chosen = windows(tokens, length=LENGTH, pointed_out=inside)
    assert all(0 <= start <= end <= tokens and end - start <= LENGTH for start, end in chosen.ranges)
    assert list(chosen.ranges) == sorted(set(chosen.ranges))
    assert all(any(start <= place < end for start, end in chosen.ranges) for place in inside)


@given(st.integers(0, 700))
def test_a_text_that_is_read_whole_has_no_gap(tokens: int) -> None:
    chosen = windows(tokens, length=LENGTH)
    assert chosen.whole
    covered = {place for start, end in chosen.ranges for place in range(start, end)}
    assert covered == set(range(tokens))


@given(st.integers(95, 700))
def test_no_phrase_of_half_a_window_is_cut(tokens: int) -> None:
    chosen = windows(tokens, length=LENGTH)
    half = LENGTH // 2
    assert all(any(start <= at and at + half <= end for start, end in chosen.ranges) for at in range(tokens - half))
