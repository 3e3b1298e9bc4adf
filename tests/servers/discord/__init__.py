"""A wire-level Discord of our own, for tests: HTTP API and gateway on loopback, spoken to by the real client library.

What there is: `DiscordServer` (the server, the world, the faults, the members that a test plays), `Permission`, `Intent`,
`NotAllowedError`. Point discord.py at `server.api_url` and `server.gateway_url`.
"""

from tests.servers.discord.gateway import Intent
from tests.servers.discord.interactions import Interaction
from tests.servers.discord.permissions import Permission
from tests.servers.discord.players import NotAllowedError
from tests.servers.discord.server import DiscordServer
from tests.servers.discord.world import Channel, Guild, Member, Message, Role

__all__ = ["Channel", "DiscordServer", "Guild", "Intent", "Interaction", "Member", "Message", "NotAllowedError", "Permission", "Role"]
