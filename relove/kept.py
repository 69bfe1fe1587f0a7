"""What is worth remembering for a while, in the cache, as ciphertext only.

    VOICES = Shelf("voices", seconds=3600)
    voice = VOICES.get(account.pk, voice.version, lambda: as_json(voice))

An entry carries the version of what it was made from: asked for another one it is made anew, so the truth stays
in the tables and a cache that is flushed, away or changed by others costs time alone.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache

from relove.fields import KeyMissing, Ring, Sealed


@dataclass(frozen=True)
class Shelf:
    """Things of one kind that are kept for `seconds`, sealed under the keys of `ring`."""

    name: str
    seconds: int
    ring: Ring = "personal"

    def get(self, key: object, version: object, make: Callable[[], Any]) -> Any:
        """The JSON value of `key` made from `version`; made by `make` and kept when it is not there."""
        found = self._read(key, version)
        if found is None:
            found = [make()]
            self._write(key, version, found)
        return found[0]

    def forget(self, key: object) -> None:
        cache.delete(self._place(key))

    def _place(self, key: object) -> str:
        return f"relove:kept:{self.name}:{key}"

    def _read(self, key: object, version: object) -> list[Any] | None:
        stored = cache.get(self._place(key))
        if not isinstance(stored, bytes):
            return None
        sealed = Sealed(self.ring, stored)
        try:
            # under a former key it is made anew, so that a key taken out later leaves nothing behind
            label, found = json.loads(sealed.reveal()) if sealed.is_current else ("", None)
        except KeyMissing:
            return None
        # the label is inside the seal: an entry moved to another place is none
        return [found] if label == self._label(key, version) else None

    def _write(self, key: object, version: object, found: list[Any]) -> None:
        plain = json.dumps([self._label(key, version), found[0]])
        cache.set(self._place(key), Sealed.seal(self.ring, plain).stored, self.seconds)

    def _label(self, key: object, version: object) -> str:
        return f"{self.name}:{key}:{version}"
