"""Reports in words on Slack: a notice in the moderators' channel, and who reported stays sealed."""

from pathlib import Path

from tests.platforms.slack.connected import officers, steward

from bot.commands import Asker  # isort: skip - connected skips where the libraries are not there
from tests.servers.slack import SlackServer  # isort: skip


async def test_a_report_about_a_member_is_told_in_the_officers_channel(tmp_path: Path) -> None:
    async with SlackServer(pace=0.01) as slack:
        ann, bob = slack.add_member("ann"), slack.add_member("bob")
        async with steward(slack, tmp_path) as at_work:
            asker = Asker(account=ann.id, platform="slack", room=slack.general.id, server=at_work.team)
            await at_work.community.desk.report_member(asker, bob.id, "he shouts at *us*")
            await at_work.settled()
            (told,) = [one.words for one in slack.said_by_bot(officers(slack))]
            assert f"reported something about <@{bob.id}>, from <#{slack.general.id}>" in told
            assert "he shouts at" in told
            assert ann.id not in told
        assert slack.problems() == []
