"""Files of a workspace, as far as Steward needs them: the bytes of an image.

Knows: where Slack keeps files and how it is asked for one. Must not know: what the bytes are for.
Rules: the token goes to Slack alone (a file may lie with somebody else, and then it is not fetched), redirects are not followed, no
more is read than is allowed, and neither address nor token stands in an error.
"""

from urllib.parse import urlsplit

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.ports import IMAGE_BYTES_MAX, PlatformRefusedError, PlatformUnavailableError

FILES_HOST = "files.slack.com"
SECONDS_MAX = 15.0
PART_BYTES = 64 * 1024
LACKS = "Slack does not give the file: Steward's app lacks files:read (add it under OAuth & Permissions and install the app again)"


def is_slacks(link: str, api_url: str) -> bool:
    """Say whether a file lies with Slack, or where the API is that stands for Slack's."""
    there, api = urlsplit(link), urlsplit(api_url)
    return (there.scheme, there.netloc) in (("https", FILES_HOST), (api.scheme, api.netloc))


async def fetch(client: AsyncWebClient, link: str) -> bytes:
    """The bytes of an image, at most IMAGE_BYTES_MAX and one more. Raises PlatformUnavailableError or PlatformRefusedError."""
    if not is_slacks(link, client.base_url):
        raise PlatformRefusedError("the file does not lie with Slack")
    if client.session is None:
        raise PlatformUnavailableError("not connected to Slack")
    headers, timeout = {"Authorization": f"Bearer {client.token}"}, aiohttp.ClientTimeout(total=SECONDS_MAX)
    try:
        async with client.session.get(link, headers=headers, timeout=timeout, allow_redirects=False, proxy=client.proxy) as answer:
            if answer.status == 429 or answer.status >= 500:  # noqa: PLR2004 - too many requests, Slack's own trouble
                raise PlatformUnavailableError(f"Slack does not give the file now ({answer.status})")
            if answer.status != 200 or not answer.content_type.startswith("image/"):  # noqa: PLR2004 - a page to log in comes with 200 too
                raise PlatformRefusedError(f"{LACKS} ({answer.status})")
            return await _read(answer)
    except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
        raise PlatformUnavailableError(f"Slack could not be reached ({type(error).__name__})") from None
    except RuntimeError as error:
        if "closed" not in str(error):
            raise
        raise PlatformUnavailableError("not connected to Slack") from None


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    read = bytearray()
    async for part in answer.content.iter_chunked(PART_BYTES):
        read += part
        if len(read) > IMAGE_BYTES_MAX:
            break
    return bytes(read[: IMAGE_BYTES_MAX + 1])
