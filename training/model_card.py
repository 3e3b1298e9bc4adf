"""Writes MODEL_CARD.md from card.json, so that the card's figures are always those of the weights beside it.

Knows what readers of the card must be told. Must not measure anything. Rule: no figure stands here that card.json does
not hold.
"""

import json
from pathlib import Path
from typing import Any

from training.evaluate import BASELINE
from training.places import HEADS

_SETS = """\
| set | rows prepared | licence | used for |
|---|---|---|---|
| Civil Comments with toxic spans | 14,209 | CC0 | fractions of raters for five heads |
| Jigsaw Toxic Comment Classification (half civil, civil, six labels) | 13,825 | labels CC0, text CC-BY-SA 3.0 | toxicity; six labels for 955 |
| CAD, Contextual Abuse Dataset | 13,233 | CC-BY-4.0 | Reddit politics: attacks on persons, identities, affiliations |
| Dynamically Generated Hate | 36,800 | CC-BY-4.0 | identity attack and its near misses |
| HatemojiBuild | 3,900 | CC-BY-4.0 | the same with emoji |
| Measuring Hate Speech | 21,114 | CC-BY-4.0 | identity attack |
| HateXplain | 15,300 | MIT | identity attack, toxicity |
| Davidson, hate speech and offensive language | 10,100 | MIT | obscene; identity attack |
| EDOS (sexist rows only) | 3,394 | CC0 | sexism, threats against women |
| ConvAbuse | 1,450 | CC-BY-4.0 | short abuse said to a bot, sexual harassment |
| Fox News comments | 1,488 | MIT | political comments |
| IRC disentanglement | 16,900 | CC-BY-4.0 | civil chat |
| training/written | see training/README.md | Apache-2.0, written for this project | British party chat in contrast pairs |

Counts are rounded; how many of them a run saw stands in the log of training/README.md. Only sets whose licence allows the weights to be shared were used. None of their text is here."""

_USE = """\
## What it is for, and what it is not for

It gives each message six scores for a moderation program whose rules ask more than a score, whose actions are
explained, open to appeal and undone by a person. It is not for judging people, for any decision without those, or for
other languages than English."""

_HARM = """\
## Known failures, and whom they may hurt

- **People who name their own group, or who report what was said to them.** A group's name, a slur that is quoted to
  report it, a word that its own group has reclaimed: public sets teach that such words are attacks. The written lines
  push against it; the figures of the held-out categories above say how far.
- **Speakers of dialects.** Two sets of tweets (Davidson, HateXplain) were labelled by people who often took African
  American English for offence. Casual profanity of one of them teaches only `obscene`, yet the bias is not gone.
- **The ones who are threatened in plain words.** Veiled threats and advances without a crude word are missed more often than any other
  breach. A low score is no sign that nothing happened: reports by members are needed beside it.
- **The ones who are hurt in the mildest words.** Of the texts that a head of the whole model doubts at most one in 250 leaves at an early exit with a low
  score ("hope its terminal", "Why aren't you dead yet?"): its words are those of harmless ones.
- **Whoever denies, forbids or answers abuse.** The words of an attack count also where they are denied ("it's not true that they cheat": two of five such sentences score as hatred) or told off
  ("leave them alone"). The plainest forms ("you are not an idiot") are read by asking the model about the same said outright; the rest is not.
- **Words with two meanings.** "Everyone out for a fag" scores as hatred of gay men. The bot's policy reads some 200 such phrases in their harmless meaning; a branch adds its own.
- **Irony, teasing and insider words.** Praise that is meant to hurt passes; teasing between friends may not.
- **Nothing at all.** The heads for identity attacks, threats and sexual talk are sometimes sure of themselves on short odd texts: a name with
  a stray word, a slip of the keyboard ("those pkgs are not suppprted yet"). Rules ask for more than one score.
- **Groups that are merely named.** A few plain sentences score high for some groups; the widest gap between two groups stands above. A name alone
  may score ("Muslims" 0.68, "gays" 0.83, "a jew" 0.97 for an identity attack). Sentences in
  which an angry word stands beside a group ("Israelis are all tired of being told how they may mourn"), or groups are compared ("Women are paid less
  than men in this country"), are still taken for attacks by one score; a rule asks for two. Below 0.5
  the scale is steep, so that a name moves a plain sentence by under 0.03; in log-odds it moves it as before, and a sentence near 0.5 may tip over
  with one group and not with another.
- **A breach among harmless sentences.** Although sentences count by themselves for a share, one to three civil ones beside it hide much: of 2,000 held-out
  lines 34 % instead of 58 % of the breaches are above 0.8. What matters in a long message may have to be reported by members.
- **Disguised words.** The bot reads disguised words as they are meant before the model sees them, in up to six ways; each of 70
  disguises costs one abusive message in twenty at most that is found in plain spelling; words written by ear cost one in seven, digits in words
  that are run together one in twelve, l for i one in fifteen. Of 54 ways that somebody else thought of 27 cost one in twenty
  at most; Welsh, Cockney or nursery spelling of every word, silent letters and echoed syllables cost a third to two thirds, secret languages and digits that nobody uses nearly all.
- The written lines are by few writers. A bag-of-words model separates their sides better than a guess
  (training/README.md), so the figures on them flatter the model."""


def _dev_table(figures: dict[str, Any]) -> str:
    limit = f"{figures['threshold']:g}"
    out = [
        f"| dev set | head | texts | AUC (earlier run) | macro F1 at 0.5 (earlier run) | recall at {limit} | false alarms at {limit} |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, heads in figures["dev"].items():
        for head, values in heads.items():
            before = BASELINE.get((name, head))
            area, decision = (f" ({before[0]:.3f})", f" ({before[1]:.3f})") if before else ("", "")
            out.append(
                f"| {name} | {head} | {values['texts']:,} | {values['auc']:.3f}{area} |"
                f" {values['macro_f1_at_0.5']:.3f}{decision} | {100 * values[f'recall_at_{limit}']:.1f} % |"
                f" {100 * values[f'false_alarms_at_{limit}']:.2f} % |"
            )
    return "\n".join(out)


def _civil_table(figures: dict[str, Any]) -> str:
    out = ["| civil texts | head | above 0.5 | above 0.8 |", "|---|---|---|---|"]
    for name, heads in figures["civil"].items():
        for head, values in heads.items():
            if head != "texts":
                out.append(
                    f"| {name} ({heads['texts']:,}) | {head} | {values['percent_above_0.5']:.2f} % | {values['percent_above_0.8']:.2f} % |"
                )
    return "\n".join(out)


def _written_table(figures: dict[str, Any]) -> str:
    limit = f"{figures['threshold']:g}"
    held = figures["written"].get("held_out")
    if held is None:
        return "No category is held out: these weights were trained on every written line."
    out = [
        f"{held['lines']} lines of categories that training never saw: {100 * held['pairs_in_order']:.1f} % of"
        f" {held['couples']} couples in the right order, {100 * held['right_side_at_0.5']:.1f} % of lines on the right"
        f" side of 0.5, {100 * held[f'right_side_at_{limit}']:.1f} % of {limit}.",
        "",
        f"| category | lines | pairs in order | right side of 0.5 | breaches above {limit} | fine above {limit} |",
        "|---|---|---|---|---|---|",
    ]
    out.extend(
        f"| {name} | {values['lines']} | {100 * values['pairs_in_order']:.0f} % |"
        f" {100 * values['right_side_at_0.5']:.0f} % | {100 * values.get(f'breach_caught_at_{limit}', 0):.0f} % |"
        f" {100 * values.get(f'fine_above_{limit}', 0):.0f} % |"
        for name, values in held["categories"].items()
    )
    out += ["", f"| head | yes | AUC | recall at {limit} | false alarms at {limit} | recall at 1 % false alarms |"]
    out.append("|---|---|---|---|---|---|")
    out.extend(
        f"| {head} | {values['yes']} | {values['auc']:.3f} | {100 * values[f'recall_at_{limit}']:.0f} % |"
        f" {100 * values[f'false_alarms_at_{limit}']:.1f} % |"
        f" {100 * values['recall_at_1_percent_false_alarms']:.0f} % |"
        for head, values in held["heads"].items()
    )
    return "\n".join(out)


def _frames_table(figures: dict[str, Any]) -> str:
    out = ["| head | widest gap of two groups' means | between | widest in one sentence |", "|---|---|---|---|"]
    out.extend(
        f"| {head} | {values['widest_mean_gap']:.3f} | {values['between']} | {values['widest_in_one_frame']:.2f} |"
        for head, values in figures["frames"].items()
    )
    return "\n".join(out)


def _layers(after: int) -> str:
    return f"after {after} layers" if after else "before the first layer"


def write_model_card(folder: Path) -> None:
    """Write folder/MODEL_CARD.md from folder/card.json."""
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    figures = card["figures"]
    size = (folder / "model.onnx").stat().st_size / 1e6
    early = "; ".join(
        f"{' and '.join(f'{share:g} % of {name}' for name, share in one['percent_of'].items())} have left {_layers(one['after_layers'])}"
        for one in card["exits"]
    )
    text = f"""\
# The embedded toxicity model

A 6-layer encoder ({card["base"]})
with {len(HEADS)} heads ({", ".join(HEADS)}) and {len(card["heads"]) - len(HEADS)} outputs
that say who is attacked; a linear model of words and pairs of words is added to the heads. ONNX, {card["quantisation"]}, {size:.1f} MB, {card["tokens_max"]} word pieces at most (a longer
text is read in windows that overlap, and its highest scores count; the sentences of one window are read too where the whole is in doubt), one message a run. Trained
{card["trained_at"]}, licence Apache-2.0. SHA-256 of model.onnx: `{card["sha256"]}`.

A score is calibrated per head on development data: above 0.8 hardly any civil sentence of politicians or fine written
line, at 0.5 the best decisions. What each head means is defined in training/written/README.md; how the model is made
again is in training/README.md.

Small heads on the way let a text go that none of the others will doubt; their low scores are the answer then, and the layers behind them are not
computed ({early}). All figures below are with them.

{_USE}

## Data

{_SETS}

## Figures of these weights

Measured on model.onnx as it is here. Beside them, in brackets, those of the earlier run that was to be beaten. They are
for development: the thresholds were chosen on the same data.

{_dev_table(figures)}

Texts of which nothing deserves an action (politicians' sentences; real chat that training did not see):

{_civil_table(figures)}

### Written lines

{_written_table(figures)}

### Groups

Sixteen fine sentences with some thirty groups each (training/frames.py): a group's name should move no score.

{_frames_table(figures)}

{_HARM}
"""
    (folder / "MODEL_CARD.md").write_text(text, encoding="utf-8")
