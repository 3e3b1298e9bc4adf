"""The sentences that people read, checked: every one is there and uses its own fields alone.

Knows: which sentence has which fields. Must not know: when one is used.
Rules: all problems at once.
"""

import string
from collections.abc import Mapping

from bot.compiler.source import Problem, read
from bot.core.notices import Sentences

FIELDS: Mapping[str, frozenset[str]] = {
    "nudge warn hide": frozenset({"room", "clause", "title"}),
    "mute": frozenset({"until", "room", "clause", "title"}),
    "summary": frozenset({"clause", "summary"}),
    "words card_text": frozenset({"words"}),
    "better": frozenset({"better"}),
    "appeal appeal_first": frozenset({"case", "days", "hours"}),
    "decided_change decided_dismiss decided_uphold_reported appeal_suspended appeal_lapsed card_decide": frozenset({"case"}),
    "decided_uphold_noted appeal_why": frozenset({"case"}),
    "characteristics": frozenset({"names"}),
    "noted": frozenset({"room"}),
    "card_child card_nobody_else": frozenset({"contact"}),
    "card_welfare card_no_contact": frozenset(),
    "decided_uphold decided_uphold_again": frozenset({"case", "clause", "title"}),
    "changed_severity changed_not_severity": frozenset({"before", "after", "counts"}),
    "counts": frozenset({"strikes"}),
    "counts_nothing stays_hidden outside_unknown": frozenset(),
    "changed_mute": frozenset({"until"}),
    "reason": frozenset({"reason"}),
    "appeal_received appeal_received_first appeal_received_nobody": frozenset({"case", "hours"}),
    "report_received": frozenset({"report"}),
    "card card_urgent": frozenset({"case", "severity", "author", "room", "rules"}),
    "card_because": frozenset({"because"}),
    "card_done": frozenset({"done"}),
    "card_late": frozenset({"late"}),
    "card_limit card_manual": frozenset({"kinds"}),
    "blind_window": frozenset({"since", "length"}),
    "policy_kept": frozenset({"why"}),
    "card_state": frozenset({"state"}),
    "card_state_by": frozenset({"state", "by", "reason"}),
    "decision_instead_of": frozenset({"state", "by"}),
    "card_appealed card_report": frozenset({"text"}),
    "news_added": frozenset({"case", "because"}),
    "news_decided": frozenset({"by", "decision", "reason"}),
    "news_appealed news_appealed_first": frozenset({"case", "hours"}),
    "news_appealed_nobody": frozenset({"case", "hours", "contact"}),
    "news_by_hand": frozenset({"by", "kinds"}),
    "news_lapsed news_suspended news_reported": frozenset({"case"}),
    "card_reported card_not_notified": frozenset(),
    "no_contact_ask no_contact_ended": frozenset({"other"}),
    "no_contact_told no_contact_told_office": frozenset({"requester", "until"}),
    "no_contact_asked no_contact_quiet no_contact_held no_contact_renewed": frozenset({"other", "until"}),
    "no_contact_line": frozenset({"other", "until", "state"}),
    "called_added called_removed": frozenset({"name"}),
    "called_many": frozenset({"most"}),
    "called_capital called_within called_list called_none called_how": frozenset(),
    "called_form called_ordinary called_taken called_public called_again called_unknown": frozenset(),
    "target_hidden target_called": frozenset({"author", "room"}),
    "consent_ask": frozenset({"case", "hours"}),
    "consent_owner": frozenset({"author", "room", "case"}),
    "consent_yes consent_no": frozenset({"case"}),
    "consent_owner_yes consent_owner_no consent_owner_no_decided": frozenset(),
    "consent_hidden": frozenset({"room"}),
    "card_consent_author card_consent_owner": frozenset({"who", "answer"}),
    "card_consent_yes card_consent_no card_consent_none card_consent_waiting": frozenset(),
    "news_consent_yes news_consent_no news_consent_none news_consent_owner_yes news_consent_owner_no": frozenset({"case", "who"}),
    "like_note": frozenset({"reaction", "room", "after"}),
    "nudge_reaction": frozenset({"room", "clause", "title"}),
    "support": frozenset({"target", "members", "messages", "since"}),
    "support_words": frozenset({"target"}),
    "card_earlier": frozenset({"when", "author", "room", "words"}),
    "news_earlier": frozenset({"case"}),
    "report_card": frozenset({"report", "about", "room", "words", "routes"}),
    "appeal_added": frozenset({"case", "hours"}),
    "news_appeal_added": frozenset({"case"}),
    "decided_appeal": frozenset({"case"}),
    "appeal_again": frozenset({"case", "hours"}),
    "appeal_last": frozenset(),
    "report_added": frozenset({"report", "most"}),
    "report_full report_closed report_to_answer": frozenset({"report"}),
    "report_forget_closed report_forget_to_answer report_forget_rest": frozenset({"report"}),
    "report_answered report_forget_answered": frozenset({"report", "answer"}),
    "news_report_answered": frozenset({"report", "by"}),
    "report_card_moderator": frozenset({"report", "room"}),
    "report_about": frozenset({"account"}),
    "report_forget": frozenset({"report", "account"}),
    "report_forgotten": frozenset({"report", "cases"}),
    "report_forgotten_part": frozenset({"report", "cases", "kept"}),
    "report_room": frozenset({"room"}),
    "no_contact_asked_office no_contact_none target_can support_can earlier_waiting earlier_gone answer_in_kind": frozenset(),
    "also_hidden by_program muted_can about undone_unmute undone_unhide mute_over card_nothing": frozenset(),
}
NEEDED: Mapping[str, frozenset[str]] = {name: fields for names, fields in FIELDS.items() for name in names.split()}


def compile_sentences(file: str, text: str) -> tuple[Sentences, tuple[Problem, ...]]:
    """Read the sentences: every one must be there and may only use its own fields. All problems at once."""
    problems: list[Problem] = []
    sentences: dict[str, str] = {}
    with read(file, text, problems).fields() as fields:
        for name, known in NEEDED.items():
            value = fields.need(name)
            sentences[name] = value.text()
            used = {field for _, field, _, _ in string.Formatter().parse(sentences[name]) if field is not None}
            for unknown in sorted(used - known):
                value.problem(f"'{name}' has no field {{{unknown}}}")
    return sentences, tuple(problems)
