"""Blocks as a page that looks somewhat like Slack, for people to look at.

Knows: Block Kit's blocks that Steward uses. Must not know: who looks, what is right.
Rules: what is unknown is shown as such.
"""

import html
import re
from collections.abc import Iterable, Mapping
from typing import Any

STYLE = """
body{font:15px/1.46 Lato,"Noto Sans",Arial,sans-serif;color:#1d1c1d;margin:16px;columns:2;column-gap:28px;background:#fff}
.m{border:1px solid #ddd;border-radius:8px;padding:10px 16px;margin:0 0 18px;break-inside:avoid-column}
h3{font-size:18px;margin:8px 0 4px}.s{margin:8px 0;white-space:pre-wrap;display:flex;justify-content:space-between;gap:12px}
.c{font-size:12px;color:#616061;margin:6px 0;white-space:pre-wrap}.b{display:inline-block;border:1px solid #bbb;border-radius:4px;padding:4px 12px;
font-weight:700;font-size:14px;margin:4px 8px 4px 0;white-space:nowrap;height:22px}.primary{background:#007a5a;color:#fff;border-color:#007a5a}
.danger{color:#e01e5a;border-color:#e01e5a}.u{background:#e8f5fa;color:#1264a3;border-radius:3px;padding:0 2px}hr{border:0;border-top:1px solid #ddd}
"""


def page(messages: Iterable[Iterable[Mapping[str, Any]]], names: Mapping[str, str]) -> str:
    """A page of messages."""
    shown = "".join(f'<div class="m">{"".join(_block(one, names) for one in each)}</div>' for each in messages)
    return f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style>{shown}'


def _block(block: Mapping[str, Any], names: Mapping[str, str]) -> str:
    match block["type"]:
        case "header":
            return f"<h3>{html.escape(block['text']['text'])}</h3>"
        case "section":
            return f'<div class="s"><span>{_words(block["text"]["text"], names)}</span>{_button(block.get("accessory"))}</div>'
        case "context":
            return "".join(f'<div class="c">{_words(one["text"], names)}</div>' for one in block["elements"])
        case "actions":
            return f"<div>{''.join(map(_button, block['elements']))}</div>"
        case "divider":
            return "<hr>"
    return f"<b>?? {html.escape(str(block))}</b>"


def _button(one: Mapping[str, Any] | None) -> str:
    return f'<span class="b {one.get("style", "")}">{html.escape(one["text"]["text"])}</span>' if one else ""


def _words(text: str, names: Mapping[str, str]) -> str:
    def mention(found: re.Match[str]) -> str:
        sign, what = found[1], found[2]
        return f'<span class="u">{"#" if sign == "#" else "@"}{html.escape(names.get(what, what.split("^")[-1]))}</span>'

    shown = re.sub(r"<([@#!])([^>|]*)(?:\|[^>]*)?>", mention, text)
    return re.sub(r"(^|\n)\*([^*\n]+)\*", r"\1<b>\2</b>", shown)
