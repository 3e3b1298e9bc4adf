"""Ids that a chat service writes into a text are no numbers that anybody has: mentions, rooms, emoji, links to messages.

One id in ten happens to have the check digit of a card's number: these have it.
"""

import pytest

from bot.details import details_in


@pytest.mark.parametrize(
    "text",
    [
        "thanks <@1429258198287646732>, see you at the stall",
        "thanks <@!1429258198287646732>, see you at the stall",
        "<@&1429258198287646732> please read this",
        "it stands in <#1429258198287646732>",
        "well done <:rose:1429258198287646732>",
        "see https://discord.com/channels/1429258198287646732/1429258198287646740/1429258198287646757",
        "thanks <@U0001000007>, see you at the stall",
        "read https://x.com/party/status/1429258198287646732",
        "see https://branch.slack.com/archives/C0ABCDEFGHI/p1763850000000003",
    ],
)
def test_ids_of_accounts_rooms_emoji_and_messages_are_no_details(text: str) -> None:
    assert details_in(text) == ()


def test_a_number_beside_a_mention_is_still_found() -> None:
    beside = "<@1429258198287646732> has the card 4111 1111 1111 1111"
    assert any(beside[one.start : one.end] == "4111 1111 1111 1111" for one in details_in(beside))
