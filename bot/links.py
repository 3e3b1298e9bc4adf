"""Where a link leads: the registered domain, and the account on the big social sites.

Knows: the public suffix list (the snapshot that ships with tldextract: no network), a few sites. Must not know: banks, rules.
Rules: named before the core sees a message; a link that cannot be read has no source.
"""

import tldextract

from bot.core.model import Shared

BIG_SITES = frozenset({"x.com", "twitter.com", "facebook.com", "instagram.com", "tiktok.com", "youtube.com", "bsky.app", "threads.net"})
"""Sites on which an account matters, not the site."""

registered = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
"""Registered domains from the snapshot that ships with the library: no network."""


def source_of(link: str) -> tuple[str, str]:
    """The registered domain of a link, and the account for the big social sites; "" where there is none."""
    parts = registered(link)
    domain = parts.top_domain_under_public_suffix.lower()
    if domain not in BIG_SITES:
        return domain, ""
    path = link.split("//", 1)[-1].split("?", 1)[0].split("#", 1)[0].split("/")
    name = path[1].removeprefix("@").lower() if len(path) > 1 else ""
    return domain, f"{domain}/{name}" if name else ""


def share_of(text: str, link: str) -> Shared:
    """What is shared, with its registered domain and account named."""
    domain, account = source_of(link) if link else ("", "")
    return Shared(text=text, link=link, domain=domain, account=account)
