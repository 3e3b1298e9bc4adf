"""Policies and sentences on disk: the only place that reads them.

Knows: folders and files. Must not know: what stands in a policy (the core compiles it).
Rules: a policy is the shipped one by its name, or any folder; whatever is wrong with it is one clear text.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path

from bot.compiler.policy import PolicyError, compile_policy
from bot.compiler.sentences import compile_sentences
from bot.core.notices import Sentences
from bot.core.phrases import spelt_out
from bot.core.policy import Bank, Policy
from bot.reading.wordlist import PAIRS, RARE, WORDS, load_disguises

DEFAULT_POLICY = "labour-social-media"
FILE_BYTES_MAX = 1_000_000
"""A policy file is written by hand: a larger one is a mistake."""


class FolderError(Exception):
    """The folder cannot be read as a policy; the text says what to do."""


class UnreadableError(FolderError):
    """Files that cannot be read, one a line; `texts` are the others, in which there may be mistakes too, and what can be read of these."""

    def __init__(self, unreadable: list[str], texts: Mapping[str, str]) -> None:
        super().__init__("\n".join(unreadable))
        self.texts = texts


def find_policy(name: str | Path) -> Path:
    """The folder itself, or the policy of that name: in the folder `policies` where Steward was started, else the one that ships.

    Raises FolderError where there is none.
    """
    here = Path(__file__).parent
    for folder in (Path(name), Path("policies", name), here / "_policies" / name, here.parent / "policies" / name):
        if (folder / "policy.yaml").is_file():
            return folder
    message = f"there is no policy in '{name}': a policy is a folder with a policy.yaml; the shipped one is '{DEFAULT_POLICY}'"
    raise FolderError(message)


def read_policy_files(folder: Path) -> Mapping[str, str]:
    """The texts of a policy's files by their names in the folder. Raises UnreadableError for all that cannot be read, one a line."""
    paths = sorted(path for path in folder.rglob("*.yaml") if not any(part.startswith(".") for part in path.relative_to(folder).parts))
    texts: dict[str, str] = {}
    unreadable: list[str] = []
    for path in paths:
        name = path.relative_to(folder).as_posix()
        try:
            if path.is_dir():
                unreadable.append(f"{name} is a folder, and is named like a file: give it another name")
            elif path.stat().st_size > FILE_BYTES_MAX:
                unreadable.append(f"{name} is larger than {FILE_BYTES_MAX:,} bytes: that is no file written by hand")
            else:
                texts[name] = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            unreadable.append(f"{name}:{line}: byte {error.start + 1} is not UTF-8: save the file as UTF-8")
            texts[name] = error.object.decode("utf-8", errors="replace")  # what other files say of it is no mistake of theirs
        except OSError as error:
            unreadable.append(f"{path} cannot be read: {error.strerror}")
    misnamed = {path.name for path in folder.glob("branch.*")} - {"branch.yaml", "branch.yaml.example"}
    unreadable += [f"{name} is not read: the name has to be branch.yaml" for name in sorted(misnamed)]
    if unreadable:
        raise UnreadableError(unreadable, texts)
    return texts


def load_policy(name: str | Path) -> Policy:
    """Compile a policy. Raises FolderError or PolicyError (every mistake at once)."""
    return compiled(read_policy_files(find_policy(name)))


def compiled(source: Mapping[str, str]) -> Policy:
    """Compile a policy's files, and let it read disguised words. Raises PolicyError (every mistake at once)."""
    policy = compile_policy(source)
    banks = [bank for bank in policy.banks.values() if bank.kind == "words"]
    own, masked = _single_words(banks), _single_words(bank for bank in banks if bank.masked)
    return replace(policy, disguises=load_disguises(own, masked))


def _single_words(banks: Iterable[Bank]) -> list[str]:
    """The entries of banks that are one word of plain letters each, without their star."""
    entries = (spelt.rstrip("*") for bank in banks for entry in bank.entries for spelt in spelt_out(entry.entry))
    return [entry for entry in entries if entry.isascii() and entry.isalpha()]


@cache
def load_sentences() -> Sentences:
    """The sentences that ship with Steward. Raises PolicyError where they are broken."""
    file = resources.files("bot.core") / "notices.en.yaml"
    sentences, problems = compile_sentences(file.name, file.read_text(encoding="utf-8"))
    if problems:
        raise PolicyError(problems)
    return sentences


@cache
def code_digest() -> str:
    """Hash of the code that judges and reads, and of its words: with those of policy and model it tells what a verdict was made by."""
    hashed = hashlib.sha256()
    core, reading = (Path(__file__).parent / room for room in ("core", "reading"))
    for path in (*sorted(core.rglob("*.py")), *sorted(reading.rglob("*.py")), reading / WORDS, reading / RARE, reading / PAIRS):
        hashed.update(path.read_bytes())
    return hashed.hexdigest()[:16]
