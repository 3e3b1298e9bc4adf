"""A bank of images and the images of examples are read strictly, with places."""

import pytest

from bot.compiler.policy import PolicyError, compile_policy
from bot.core.policy import Picture
from tests.core.policies import BANKS, POLICY
from tests.core.test_images import KNOWN, RULES

WHOLE = {"entry": f'"{KNOWN}"', "reason": "r", "proposed_by": "alex", "seconded_by": "dana", "review_by": "2027-03-31"}


def problems(*, rule: str = RULES["known"], **changed: str) -> str:
    entry = "".join(f"\n    {key}: {value}" for key, value in {**WHOLE, **changed}.items() if value)
    bank = f"name: images\nkind: images\nentries:\n  -{entry[4:]}\n"
    files = {"policy.yaml": POLICY, **BANKS, "banks/images.yaml": bank, "rules/known.yaml": rule}
    try:
        compile_policy(files)
    except PolicyError as error:
        return str(error)
    return ""


def test_a_whole_entry_is_taken_without_evidence() -> None:
    assert problems() == ""


@pytest.mark.parametrize("missing", ["reason", "proposed_by", "seconded_by", "review_by"])
def test_a_known_image_has_what_makes_it_fair(missing: str) -> None:
    assert f"banks/images.yaml:4:5: '{KNOWN[:1]}" in problems(**{missing: ""})
    assert f"has no {missing}" in problems(**{missing: ""})


def test_nobody_seconds_their_own_image() -> None:
    assert "the same" in problems(seconded_by="Alex")


@pytest.mark.parametrize("entry", ["abc", f'"{KNOWN.upper()}"', f'"{KNOWN}0"', "picture.png"])
def test_what_is_no_hash_is_refused_with_how_to_get_one(entry: str) -> None:
    said = problems(entry=entry)
    assert "banks/images.yaml:4:5" in said
    assert "steward images hash FILE" in said


def test_an_empty_bank_of_images_is_an_error() -> None:
    files = {"policy.yaml": POLICY, **BANKS, "banks/images.yaml": "name: images\nkind: images\nentries: []\n"}
    with pytest.raises(PolicyError, match=r"banks/images\.yaml"):
        compile_policy(files)


def test_a_rule_for_images_wants_a_bank_of_images() -> None:
    said = problems(rule=RULES["known"].replace("bank: images", "bank: clowns"))
    assert "'clowns' is a bank of words" in said
    assert "images" in said


def examples(images: str) -> str:
    return RULES["known"].replace("{say: one}", f"{{images: {images}}}")


def test_images_of_an_example_are_read_alone_or_with_a_spoiler() -> None:
    rule = examples(f'["{KNOWN}", {{spoiler: yes}}, {{}}]')
    files = {"policy.yaml": POLICY, **BANKS, "banks/images.yaml": "name: images\nkind: images\nentries:\n  - " + flow()}
    policy = compile_policy({**files, "rules/known.yaml": rule})
    assert policy.rule("known").examples.violations[0].images == (Picture(hash=KNOWN), Picture(spoiler=True), Picture())


def flow() -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in WHOLE.items()) + "}\n"


@pytest.mark.parametrize(
    ("images", "said"),
    [("[abc]", "'abc' is no hash of an image"), ("[]", "nothing in this list"), ("[{spolier: yes}]", "did you mean 'spoiler'?"),
     ("[{hash: abc}]", "'abc' is no hash of an image"), ("[{spoiler: perhaps}]", "yes or no")],
)  # fmt: skip
def test_mistakes_in_an_examples_images_are_said_with_their_place(images: str, said: str) -> None:
    found = problems(rule=examples(images))
    assert said in found
    assert "rules/known.yaml:" in found
