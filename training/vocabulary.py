"""Makes the tokenizer: the base's own, with the commonest emoji in the places of its unused entries.

Knows tokenizer.json. Must not know rows. Rules: tokenizer.json alone decides how a text is read, in training and at
run time (no text is changed before it); the number of entries stays that of the base; an emoji's first embedding is
the mean of the word pieces of its name, so that it means something before it was ever seen.
"""

import json
import unicodedata
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from training.places import TOKENS_MAX

_FLAGS = {
    "GB": "britain", "EU": "europe", "US": "america", "PS": "palestine", "IL": "israel", "UA": "ukraine",
    "RU": "russia", "IE": "ireland", "FR": "france", "DE": "germany", "IN": "india", "PK": "pakistan", "BD": "bangladesh",
    "CN": "china", "TR": "turkey", "PL": "poland", "RO": "romania", "NG": "nigeria", "JM": "jamaica", "IR": "iran",
    "IQ": "iraq", "SY": "syria", "AF": "afghanistan", "SO": "somalia", "ES": "spain", "IT": "italy",
}  # fmt: skip

_ALWAYS = (
    "😀😁😂🤣😃😄😅😆😉😊😋😎😍😘🥰😗😙😚🙂🤗🤩🤔🤨😐😑😶🙄😏😣😥😮🤐😯😪😫🥱😴😌😛😜😝🤤😒😓😔😕🙃🤑😲🙁😖😞😟😤😢😭😦😧😨😩🤯"
    "😬😰😱🥵🥶😳🤪😵🥴😠😡🤬😷🤒🤕🤢🤮🤧😇🥳🥺🤠🤡🤥🤫🤭🧐🤓😈👿👹👺💀👻👽🤖💩🙈🙉🙊👋🤚✋👌🤏✌🤞🤟🤘🤙👈👉👆🖕👇☝👍👎✊👊"
    "🤛🤜👏🙌👐🤝🙏💅🤳💪👂👃🧠👀👅👄💋👶🧒👦👧👨👩👴👵👮👷🤴👸👳🧕🤵👰🤰🎅🦸🧙🧟🙍🙎🙅🙆💁🙋🙇🤦🤷🚶🏃💃🕺👯👫👬👭💏💑👪"
    "🐶🐱🐭🐹🐰🦊🐻🐼🐨🐯🦁🐮🐷🐽🐸🐵🐒🦍🐔🐧🐦🐤🦆🦅🦉🐺🐗🐴🦄🐝🐛🐌🐞🐜🕷🐢🐍🦎🐙🐟🐬🐳🦈🐊🐘🐪🐫🐑🐐🐕🐩🐈🐓🐇🐀🌹🌻🌈🔥💧🌊"
    "🍎🍌🍑🍒🍆🥑🥥🌽🥕🍞🧀🥓🍔🍟🍕🌭🌮🍗🍖🍺🍻🍷☕🎂🍰🎉🎈🎁🏆⚽🎯🎮🎲🎵🎶🎤🎸🚗🚌🚑🚒🚓🚀✈🚢🏠🏡🏢🏥🏫⛪🕌🕍🔪🔫💣🗡⚔"
    "🔨🪓🏹🛡💊💉⚰🚬🧨📢📣📱💻📷📺📚📰💰💵💸💳📝📌📅🔒🔑❤🧡💛💚💙💜🖤💔💯💢💥💤💦💨🕳✅❌❓❗‼⛔🚫🔞☠⚠♀♂✝☪✡☮☯🏳🏴🚩"
    "🏻🏼🏽🏾🏿🗳📈📉🗑🚮🪦🤌🫡🫠🥲😮🧻🦠😹🙀👁🛑♿⭐✨🌟🌍🌎⚡☀🌧❄🎄⏰⌛♻🌱🥀🐉🦂🦟🪳🐖🐄🐂🐃🙃🌚🌝☭⚒"
)


def emoji_names() -> dict[str, str]:
    """Return each emoji that gets an entry, with the words that its first embedding is made from."""
    named = {sign: unicodedata.name(sign, "").lower() for sign in dict.fromkeys(_ALWAYS)}
    flags = {"".join(chr(0x1F1E6 + ord(letter) - 65) for letter in code): f"{name} flag" for code, name in _FLAGS.items()}
    return {sign: name for sign, name in (named | flags).items() if name}


def build(base: Path) -> tuple[str, dict[int, list[int]]]:
    """Return tokenizer.json as text, and for each emoji's entry the entries whose mean is its first embedding."""
    content: dict[str, Any] = json.loads((base / "tokenizer.json").read_text(encoding="utf-8"))
    content["truncation"] = {"max_length": TOKENS_MAX, "strategy": "LongestFirst", "stride": 0, "direction": "Right"}
    content["padding"] = None
    reader = Tokenizer.from_str(json.dumps(content))
    vocabulary: dict[str, int] = content["model"]["vocab"]
    unused = [name for name in vocabulary if name.startswith("[unused")]
    origins: dict[int, list[int]] = {}
    for (sign, name), place in zip(emoji_names().items(), unused, strict=False):
        number = vocabulary.pop(place)
        vocabulary[sign] = number
        origins[number] = reader.encode(name, add_special_tokens=False).ids
        content["added_tokens"].append({
            "id": number, "content": sign, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": False, "special": False,
        })  # fmt: skip
    content["added_tokens"].sort(key=lambda entry: entry["id"])
    content["model"]["vocab"] = dict(sorted(vocabulary.items(), key=lambda pair: pair[1]))
    return json.dumps(content, ensure_ascii=False), origins
