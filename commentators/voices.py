"""Voices as drafts are written with them: kept for an hour as ciphertext, anew in every process after an edit.

The commentator's row, which is read anyway, carries the voice's version: an edit moves it on in the edit's own
transaction, so no process can take a former voice for the present one, and an empty cache costs time alone.
"""

from dataclasses import asdict
from typing import Any

from commentators.models import AccountPersonality, CommentatorAccount
from commentators.prompts import Voice
from relove.kept import Shelf

VOICES = Shelf("voices", seconds=3600)


def of(account: CommentatorAccount) -> Voice:
    """The account's voice; a plain one where none is described."""
    found = VOICES.get(account.pk, account.voice_version, lambda: _read(account))
    parts: dict[str, Any] = {name: tuple(part) if isinstance(part, list) else part for name, part in found.items()}
    return Voice(**parts)


def _read(account: CommentatorAccount) -> dict[str, Any]:
    row = AccountPersonality.objects.filter(account=account).first()
    return asdict(described(row) if row else Voice())


def described(personality: AccountPersonality) -> Voice:
    """What a row says, saved or not."""
    return Voice(
        style=personality.style,
        tone=personality.tone,
        interests=tuple(personality.interests),
        vocabulary=tuple(personality.vocabulary),
        examples=tuple(personality.examples),
        forbidden=tuple(personality.forbidden),
    )
