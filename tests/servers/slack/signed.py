"""Signed HTTP: the other way out of Slack, to an address that the app listens on.

Knows: signatures, the headers of a retry, how each kind of payload is encoded. Must not know: events, sockets.
Rules: JSON for events, a form for commands, a form with `payload` for interactions; success is 200 within 3 s;
`x-slack-no-retry: 1` ends the redeliveries.
"""

import hashlib
import hmac
import json
import secrets
from urllib.parse import urlencode

import aiohttp

from tests.servers.slack.delivery import COMMANDS, EVENTS, NO_ANSWER, Attempt, Deliveries, Delivery
from tests.servers.slack.world import Clock, Json


class Signed:
    """Sends to one address. Satisfies `delivery.Way`."""

    def __init__(self, clock: Clock, url: str, secret: str) -> None:
        self.clock = clock
        self.url = url
        self._secret = secret
        self.deliveries: Deliveries | None = None
        self.statuses: list[int] = []
        self.stale_seconds = 0.0
        """How old the next requests pretend to be."""

    async def verify(self) -> bool:
        """Ask the address whether it belongs to the app, as Slack does when it is entered."""
        challenge = secrets.token_hex(16)
        body = json.dumps({"token": "verification", "challenge": challenge, "type": "url_verification"})
        async with aiohttp.ClientSession() as session, session.post(self.url, data=body, headers=self._headers(body, _JSON)) as answer:
            text = await answer.text()
            return answer.status == 200 and challenge in text

    async def send(self, delivery: Delivery, attempt: Attempt, retry_reason: str, seconds: float) -> None:
        """Send one request and read its answer as the acknowledgement."""
        body, kind = _encoded(delivery)
        headers = self._headers(body, kind)
        if attempt.number:
            headers |= {"X-Slack-Retry-Num": str(attempt.number), "X-Slack-Retry-Reason": retry_reason}
        timeout = aiohttp.ClientTimeout(total=seconds)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(self.url, data=body.encode(), headers=headers) as answer,
            ):
                self.statuses.append(answer.status)
                text = await answer.text()
                if answer.status != 200:
                    attempt.failure = "no retry" if answer.headers.get("x-slack-no-retry") == "1" else f"status {answer.status}"
                elif self.deliveries is not None and self.deliveries.loses_this_ack():
                    attempt.failure = NO_ANSWER
                else:
                    attempt.acknowledged, attempt.answer = True, _read(text)
        except TimeoutError:
            attempt.failure = NO_ANSWER
        except aiohttp.ClientConnectionError:
            attempt.failure = "connection_failed"

    def _headers(self, body: str, kind: str) -> dict[str, str]:
        at = str(int(self.clock.now().timestamp() - self.stale_seconds))
        digest = hmac.new(self._secret.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
        return {
            "Content-Type": kind, "X-Slack-Signature": f"v0={digest}", "X-Slack-Request-Timestamp": at,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        }  # fmt: skip


_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"


def _encoded(delivery: Delivery) -> tuple[str, str]:
    if delivery.kind == EVENTS:
        return json.dumps(delivery.payload), _JSON
    if delivery.kind == COMMANDS:
        fields = {key: value if isinstance(value, str) else json.dumps(value) for key, value in delivery.payload.items()}
        return urlencode(fields), _FORM
    return urlencode({"payload": json.dumps(delivery.payload)}), _FORM


def _read(text: str) -> Json | str | None:
    if not text:
        return None
    try:
        read = json.loads(text)
    except ValueError:
        return text
    return read if isinstance(read, dict) else text
