"""A wire-level Slack of our own, for tests: Web API, Socket Mode and signed HTTP on loopback, spoken to by the real libraries.

What there is: `SlackServer` (the server, the workspace, the faults), `Member` (somebody whom a test plays: `says`, `edits`,
`runs`, `presses`, `submits`, and what they see), `Interaction`, `Channel`, `Message`, `View`, `NotAllowedError`. Point slack_sdk at
`server.api_url` (`AsyncWebClient(base_url=...)`); the socket's address follows from there.
"""

from tests.servers.slack.delivery import Delivery
from tests.servers.slack.errors import NotAllowedError
from tests.servers.slack.interactions import Interaction
from tests.servers.slack.players import Member
from tests.servers.slack.server import SlackServer
from tests.servers.slack.tokens import ADMIN_SCOPES, BOT_SCOPES
from tests.servers.slack.world import Channel, Message, User, View

__all__ = [
    "ADMIN_SCOPES", "BOT_SCOPES", "Channel", "Delivery", "Interaction", "Member", "Message", "NotAllowedError", "SlackServer", "User", "View",
]  # fmt: skip
