"""From each public set's own labels to the six heads: targets between 0 and 1, and a weight per head (0 = masked).

Knows the columns of the sets. Must not know models or files. Rules: what a set does not say is masked, never zero;
fractions of raters stay fractions; a zero that a set gives for another reason than ours (dynhate: "not hate" says
nothing about insults) counts only where the text holds no word of abuse, and then with half a weight.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from training.places import ATTACKED, HEADS

Row = Mapping[str, Any]
Target = tuple[float, float]  # value, weight

SURE = 1.0
WEAK = 0.5
FAINT = 0.3

# Only to decide which masks to lift: swear words (the obscene head is defined by the words themselves), and words
# that make "not hateful" say nothing about "not abusive".
SWEARING = re.compile(
    r"\b(?:\w*f+u+c+k+\w*|f[*@#.]+c?k\w*|fck\w*|\w*sh[i1*]t+\w*|cunt\w*|twat\w*|wank\w*|bitch\w*|b[*]tch\w*|bastard\w*"
    r"|dick|dicks|dickhead\w*|cock|cocks|cocksuck\w*|puss(?:y|ies)|asshole\w*|arsehole\w*|ass|asses|dumbass\w*|whore\w*"
    r"|slut\w*|tits|bollocks|prick|pricks|motherf\w*|nigg\w+|fag|fags|faggot\w*|wtf|stfu|milf|cum|jizz|bullsh\w+|hoe|hoes)\b",
    re.IGNORECASE,
)
ABUSE = re.compile(
    r"\b(?:stupid|idiot\w*|moron\w*|dumb\w*|retard\w*|scum\w*|loser\w*|ugly|fat|pathetic|disgust\w*|trash|garbage|kill\w*"
    r"|die|hate\w*|liar\w*|clown\w*|pigs?|vermin|filth\w*|shut up|hang\w*|rape\w*|murder\w*|useless|worthless|crap"
    r"|evil|sick|weirdo\w*|creep\w*|coward\w*|thick|brainless|traitor\w*|nazi\w*|jerk\w*|psycho\w*|freak\w*)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One training text: targets and weights in the order of HEADS; whom it attacks, where its source says so; what the teacher says each
    of TEACHES means by each head (training/teacher.py), one after the other, below zero where it says nothing.

    Rows of one `bundle` stay in one batch: "same/…" differ in a group's name alone, "order/…" stand on two sides of the line.
    """

    source: str
    text: str
    targets: tuple[float, ...]
    weights: tuple[float, ...]
    attacked: tuple[str, ...] | None = None
    bundle: str | None = None
    taught: tuple[float, ...] | None = None

    @property
    def is_public(self) -> bool:
        """Whether it is of a public set, and not written for this project."""
        return not self.source.startswith(("written/", "swaps/"))


def _civil_spans(row: Row) -> dict[str, Target]:
    fractions = {
        "toxicity": row["toxic_frac"],
        "insult": row["insult_frac"],
        "threat": row["threat_frac"],
        "obscene": row["obscene_frac"],
        "identity_attack": row["identity_attack_frac"],
    }
    return {head: (float(value), SURE) for head, value in fractions.items()}


def _all_zero(weight: float = SURE) -> dict[str, Target]:
    return dict.fromkeys(HEADS, (0.0, weight))


def _jigsaw_half(row: Row) -> dict[str, Target]:
    return {"toxicity": (0.9, SURE)} if row["toxic"] else _all_zero()


def _jigsaw_neg(_row: Row) -> dict[str, Target]:
    return _all_zero()


def _jigsaw_sample6(row: Row) -> dict[str, Target]:
    found: dict[str, Target] = {
        "toxicity": (float(row["toxic"]), SURE),
        "insult": (float(row["insult"]), SURE),
        "threat": (float(row["threat"]), SURE),
        "obscene": (float(row["obscene"]), SURE),
        "identity_attack": (float(row["identity_hate"]), SURE),
    }
    if not row["toxic"]:
        found["sexual"] = (0.0, SURE)
    return found


def _cad(row: Row) -> dict[str, Target]:
    person = "PersonDirectedAbuse" in row["labels"]
    identity = "IdentityDirectedAbuse" in row["labels"]
    affiliation = "AffiliationDirectedAbuse" in row["labels"]
    if not (person or identity or affiliation):
        return dict.fromkeys(("toxicity", "insult", "threat", "identity_attack"), (0.0, SURE)) | {"sexual": (0.0, FAINT)}
    # Contempt for an absent crowd that holds a view is not toxicity to every careful reader, hence the fraction.
    found: dict[str, Target] = {"toxicity": (1.0 if person or identity else 0.8, SURE)}
    found["identity_attack"] = (float(identity), SURE)
    if person:
        found["insult"] = (1.0, SURE)
    elif identity and not affiliation:
        found["insult"] = (0.25, WEAK)
    return found


def _hate(row: Row) -> dict[str, Target]:
    """Hate is an identity attack and toxic; its absence says nothing else, except where no abusive word stands."""
    if row["toxic"]:
        return {"toxicity": (1.0, SURE), "identity_attack": (1.0, SURE)}
    found: dict[str, Target] = {"identity_attack": (0.0, SURE)}
    if not (SWEARING.search(row["text"]) or ABUSE.search(row["text"])):
        found |= {"toxicity": (0.0, WEAK), "insult": (0.0, WEAK), "threat": (0.0, FAINT)}
    return found


def _hatemojibuild(row: Row) -> dict[str, Target]:
    return _hate(row) | {"threat": (float(row["threat"]), SURE)}


def _hatexplain(row: Row) -> dict[str, Target]:
    if row["label"] == "normal":
        return dict.fromkeys(("toxicity", "identity_attack"), (0.0, SURE)) | {
            "insult": (0.0, WEAK),
            "threat": (0.0, WEAK),
        }
    hate = row["label"] == "hatespeech"
    return {"toxicity": (1.0 if hate else 0.85, SURE), "identity_attack": (1.0 if hate else 0.25, SURE)}


def _davidson(row: Row) -> dict[str, Target]:
    hate_share = row["n_hate"] / row["n_annot"]
    if row["class_"] == "neither":
        return dict.fromkeys(("toxicity", "obscene", "identity_attack"), (0.0, SURE)) | {
            "insult": (0.0, WEAK),
            "threat": (0.0, WEAK),
        }
    if row["class_"] == "hate":
        return {"toxicity": (1.0, SURE), "identity_attack": (max(hate_share, 0.6), SURE)}
    # Casual profanity, much of it in dialect: obscene, and silent on toxicity.
    return {"obscene": (row["n_offensive"] / row["n_annot"], SURE), "identity_attack": (hate_share, WEAK)}


def _edos(row: Row) -> dict[str, Target]:
    if not row["toxic"]:
        return {}
    strong = row["label_category"][0] in "12"
    value = 1.0 if strong else 0.85
    return {
        "toxicity": (value, SURE),
        "identity_attack": (value, SURE),
        "threat": (float(row["threat"]), SURE),
    }


def _convabuse(row: Row) -> dict[str, Target]:
    share = float(row["abuse_frac"])
    if share == 0.0:
        return _all_zero()
    kinds = row["types"]
    found: dict[str, Target] = {"toxicity": (share, SURE), "sexual": (float(row["sexual"]), SURE)}
    if kinds.get("intellectual"):
        found["insult"] = (share, SURE)
    if max((kinds.get(kind, 0) for kind in ("racist", "homophobic", "sexist", "transphobic")), default=0) > 1:
        found["identity_attack"] = (share, WEAK)
    return found


def _fox_news(row: Row) -> dict[str, Target]:
    if row["toxic"]:
        return {"toxicity": (0.85, SURE), "identity_attack": (0.75, WEAK)}
    return {"identity_attack": (0.0, SURE), "toxicity": (0.0, FAINT), "insult": (0.0, FAINT)}


def _irc(row: Row) -> dict[str, Target]:
    if SWEARING.search(row["text"]) or ABUSE.search(row["text"]):
        return {"identity_attack": (0.0, WEAK), "threat": (0.0, WEAK), "sexual": (0.0, WEAK), "toxicity": (0.0, FAINT)}
    return _all_zero()


DOMAINS = ("debate", "hate", "tweets", "comments", "assistant", "written")
"""Kinds of source that mean different things by one label: comments on news, hate that was looked for, lines of our own, …"""
_DOMAIN_OF = {
    "cad": "debate",
    "dynhate": "hate",
    "kennedy_mhs": "hate",
    "hatemojibuild": "hate",
    "edos": "hate",
    "hatexplain": "tweets",
    "davidson": "tweets",
    "civil_spans": "comments",
    "jigsaw_half": "comments",
    "jigsaw_neg": "comments",
    "jigsaw_sample6": "comments",
    "fox_news": "comments",
    "irc": "comments",
    "convabuse": "assistant",
    "written": "written",
    "swaps": "written",
    "spliced": "debate",
}
_EVERYWHERE = {
    "irc": (0.3, 0.3),
    "jigsaw_neg": (0.3, 0.3),
    "jigsaw_half": (1.0, 0.15),
    "jigsaw_sample6": (1.0, 0.15),
    "swaps": (1.0, 0.5),
}
"""How much these sources teach in their own domain and in each other one: what is plainly civil, or plainly abuse, is so everywhere,
and no group's name means anything anywhere."""


ALL = "all"
"""Outputs that learn from every row alike, beside those of each domain."""
TEACHES = (*DOMAINS, ALL)
DOMAIN_SHARE = {
    "toxicity": {"hate": 0.22, "tweets": 0.13, "comments": 0.46, "assistant": 0.12, "written": 0.07},
    "insult": {"debate": 0.15, "comments": 0.15, "written": 0.2, ALL: 0.5},
    "threat": {"comments": 0.3, "written": 0.7},
    "obscene": {"comments": 0.5, "written": 0.5},
    "identity_attack": {"debate": 0.1, "hate": 0.1, "tweets": 0.05, "written": 0.05, ALL: 0.7},
    "sexual": {"assistant": 0.1, "written": 0.4, ALL: 0.5},
}
"""How much of what each of TEACHES means by a head counts in what ships; chosen on the dev sets and the held-out lines."""
OURS_SHARE = {"toxicity": {"hate": 0.09, "tweets": 0.05, "comments": 0.18, "assistant": 0.05, "written": 0.38, ALL: 0.25}}
"""The same where a text is of our register: of a branch's chat and neighbourhood; heads that are not in it count alike everywhere."""


def domain_of(source: str) -> int:
    """Return the place in DOMAINS of a row's source. Raises KeyError for a source that has none."""
    return DOMAINS.index(_DOMAIN_OF[source.split("/")[0]])


def domain_weights(source: str) -> tuple[float, ...]:
    """Return how much a row of a source teaches in each of TEACHES."""
    place_of_own = domain_of(source)
    own, elsewhere = _EVERYWHERE.get(source.split("/")[0], (1.0, 0.0))
    return (*(own if place == place_of_own else elsewhere for place in range(len(DOMAINS))), 1.0)


def unlabelled(text: str, taught: tuple[float, ...] | None = None) -> Labelled:
    """Return a text that is in no set: no label of its own, and what the teacher says of it (`Labelled.taught`), where it was asked."""
    silent = (0.0,) * len(HEADS)
    return Labelled(source="spliced", text=text, targets=silent, weights=silent, taught=taught)


MAPPINGS: dict[str, Callable[[Row], dict[str, Target]]] = {
    "civil_spans": _civil_spans,
    "jigsaw_half": _jigsaw_half,
    "jigsaw_neg": _jigsaw_neg,
    "jigsaw_sample6": _jigsaw_sample6,
    "cad": _cad,
    "dynhate": _hate,
    "hatemojibuild": _hatemojibuild,
    "kennedy_mhs": _hate,
    "hatexplain": _hatexplain,
    "davidson": _davidson,
    "edos": _edos,
    "convabuse": _convabuse,
    "fox_news": _fox_news,
    "irc": _irc,
}


def labelled(source: str, row: Row) -> Labelled | None:
    """Return a row of a public set with its targets, or None where the set says nothing about any head.

    Where the set is silent on `obscene`, the words decide: that head means the words themselves, whatever their aim.
    """
    found = MAPPINGS[source](row)
    if not found:
        return None
    if "obscene" not in found or source == "irc":
        found = found | {"obscene": (1.0, WEAK) if SWEARING.search(row["text"]) else (0.0, FAINT)}
    silent = (0.0, 0.0)
    return Labelled(
        source=source,
        text=row["text"],
        targets=tuple(found.get(head, silent)[0] for head in HEADS),
        weights=tuple(found.get(head, silent)[1] for head in HEADS),
        attacked=_attacked(source, row),
    )


# hatemojibuild names its targets by short codes: the beginnings that tell the characteristic.
_TARGETS = {
    "race": ("bla", "asi", "arab", "immig", "trav", "ref", "hisp", "ethmin", "mix", "african", "indig", "nat", "ind", "for"),
    "religion": ("mus", "jew", "sikh", "hind"),
    "sex": ("wom", "blawom", "gaywom", "muswom", "asiwom", "indwom"),
    "sexual_orientation": ("gay", "bis", "lgb", "asy"),
    "gender_identity": ("trans", "non.gendered"),
    "disability": ("dis",),
    "age": ("old", "young"),
}


def _attacked(source: str, row: Row) -> tuple[str, ...] | None:
    """Return the characteristics that a row's own source says are attacked, or None where it does not say."""
    if source == "edos":
        return ("sex",)
    if source != "hatemojibuild" or not row["toxic"]:
        return None
    codes = row["target"] or []
    return tuple(name for name, starts in _TARGETS.items() if any(code.startswith(starts) for code in codes)) or None


# Words that name a group or belittle it: they decide whom an attack is on where its source does not say.
_GROUPS = {
    "race": r"blacks?|africans?|asians?|arabs?|immigrants?|migrants?|refugees?|asylum|foreign\w*|travell?ers?|gyps\w+|roma(?:ni)?"
    r"|pikeys?|mexicans?|latin\w+|hispanics?|chinese|chinks?|japanese|indians?|pakistani\w*|pakis?|nigg\w+|negro\w*|coon\w*"
    r"|poles?|polish|romanians?|irish|somali\w*|race|racial|ethnic\w*|brown|wetbacks?|gooks?|spics?|monkeys?|whites?",
    "religion": r"muslims?|islam\w*|mosques?|muzz\w*|jews?|jewish|kikes?|zionis\w+|christians?|catholics?|hindus?|sikhs?|religio\w+"
    r"|rabbis?|imams?|hijabs?|burqas?|quran|ragheads?",
    "sex": r"wom[ae]n|girls?|females?|bitch\w*|sluts?|whores?|feminis\w+|feminazis?|wives|wife|hoes?|thots?|ladies|skanks?|misogyn\w*",
    "sexual_orientation": r"gays?|lesbians?|bisexuals?|homosexual\w*|homos?|fag\w*|dykes?|queers?|lgbt\w*|poofs?|batty",
    "gender_identity": r"trans|transgender\w*|transsexual\w*|trann\w+|non-?binary|pronouns?|shemales?|ladyboys?",
    "disability": r"disab\w+|retard\w*|autis\w+|spastic\w*|spaz\w*|cripp\w*|mongs?|downs?|wheelchairs?|deaf|blind|schizo\w*|special needs",
    "age": r"boomers?|old people|elderly|pensioners?|gammons?|teenagers?|millennials?|youngsters?|coffin dodgers?|oldies|geriatric\w*",
}
_GROUP_WORDS = {name: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for name, words in _GROUPS.items()}


def attacked_targets(row: Labelled) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return targets and weights in the order of ATTACKED.

    Nobody is attacked where identity_attack is no. Where it is yes, the source says who; else the groups named in the
    text do, with half a weight; with no group named, nothing is known.
    """
    place = HEADS.index("identity_attack")
    if not row.weights[place] or 0.1 < row.targets[place] < 0.5:
        return (0.0,) * len(ATTACKED), (0.0,) * len(ATTACKED)
    if row.targets[place] < 0.5:
        return (0.0,) * len(ATTACKED), (WEAK,) * len(ATTACKED)
    if row.attacked is not None:
        return tuple(float(name in row.attacked) for name in ATTACKED), (SURE,) * len(ATTACKED)
    named = [bool(_GROUP_WORDS[name].search(row.text)) for name in ATTACKED]
    return tuple(map(float, named)), (WEAK if any(named) else 0.0,) * len(ATTACKED)
