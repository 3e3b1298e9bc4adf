"""Values as JSON and moments as numbers read back exactly."""

import json
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from bot.core.model import (
    Context,
    Evidence,
    Recent,
    Role,
    Scored,
    Segment,
    Words,
)
from bot.store.tables import from_microseconds, to_microseconds
from bot.store.values import decode, encode

NOW = datetime(2026, 3, 1, 12, 0, 0, 123457, tzinfo=UTC)


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-7)), timezone(timedelta(hours=5, minutes=30))])))
def test_moment_reads_back_to_the_microsecond(moment: datetime) -> None:
    assert from_microseconds(to_microseconds(moment)) == moment


TEXT = st.text(st.characters(codec=None), max_size=20)


@given(
    TEXT,
    st.dictionaries(st.text(max_size=5), st.floats(allow_nan=False, allow_infinity=False)),
    st.frozensets(st.text(max_size=5)),
    st.lists(st.builds(Words, text=TEXT, start=st.integers(), end=st.integers(), masked=st.booleans()), max_size=3),
    st.none() | st.floats(allow_nan=False),
)
def test_value_decodes_to_what_was_encoded(
    text: str, scores: dict[str, float], holders: frozenset[str], words: list[Words], value: float | None
) -> None:
    context = Context(scores=(Scored(values=scores),), recent=(Recent(id="1", author="a", text=text, sent_at=NOW),), office_holders=holders)
    assert decode(Context, json.loads(json.dumps(encode(context)))) == context
    evidence = Evidence(signal=text, role=Role.JOINED, words=tuple(words), value=value)
    assert decode(Evidence, json.loads(json.dumps(encode(evidence)))) == evidence


def test_field_that_a_row_does_not_have_takes_its_default() -> None:
    assert decode(Segment, {"role": "said", "text": "x", "gone": 1}) == Segment(role=Role.SAID, text="x")
