"""Encrypted fields and their key rings.

Two rings (settings.PERSONAL_KEYS, settings.SESSION_KEYS): personal data is read by web and runners,
sessions by runners only. A ring is a list of keys of 32 bytes, the first one current: it encrypts,
all of them decrypt, so a key can be changed while the system runs.

A column holds: one byte version, four bytes naming the key, twelve bytes nonce, AES-256-GCM.
What Django loads is a `Sealed`: it shows itself as dots everywhere (repr, str, pages, logs) and is
opened only by an explicit `reveal()`.
"""

import base64
import hashlib
import hmac
import os
from functools import lru_cache
from typing import Any, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

Ring = Literal["personal", "session"]

VERSION = b"\x01"
KEY_ID_BYTES = 4
NONCE_BYTES = 12


class KeyMissing(ImproperlyConfigured):
    """This process has no key of the ring that sealed the value."""


def new_key() -> str:
    """A fresh key as it stands in the environment: base64url of 32 bytes."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


@lru_cache(maxsize=32)
def _cipher(encoded: str) -> tuple[bytes, AESGCM]:
    try:
        key = base64.urlsafe_b64decode(encoded)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ImproperlyConfigured(
            "A key of RELOVE_PERSONAL_KEYS or RELOVE_SESSION_KEYS is not base64 of 32 bytes."
        )
    return hashlib.sha256(b"relove key id" + key).digest()[:KEY_ID_BYTES], AESGCM(key)


def _keys(ring: Ring) -> list[tuple[bytes, AESGCM]]:
    encoded = settings.PERSONAL_KEYS if ring == "personal" else settings.SESSION_KEYS
    if not encoded:
        raise KeyMissing(f"This process has no keys of the {ring} ring (RELOVE_{ring.upper()}_KEYS).")
    return [_cipher(key) for key in encoded]


class Sealed:
    """A secret as it lies in the database. Shows dots; `reveal()` opens it."""

    __slots__ = ("_ring", "_stored")

    def __init__(self, ring: Ring, stored: bytes) -> None:
        self._ring = ring
        self._stored = stored

    @classmethod
    def seal(cls, ring: Ring, plain: bytes | str) -> "Sealed":
        """Encrypt under the ring's current key. Raises KeyMissing where this process has none."""
        key_id, cipher = _keys(ring)[0]
        nonce = os.urandom(NONCE_BYTES)
        data = plain.encode() if isinstance(plain, str) else plain
        return cls(ring, VERSION + key_id + nonce + cipher.encrypt(nonce, data, ring.encode()))

    @property
    def ring(self) -> Ring:
        return self._ring

    @property
    def stored(self) -> bytes:
        return self._stored

    @property
    def is_current(self) -> bool:
        """Whether the ring's current key sealed it."""
        return self._stored[1 : 1 + KEY_ID_BYTES] == _keys(self._ring)[0][0]

    def reveal(self) -> bytes:
        """The plain bytes. Raises KeyMissing when no key of this process opens it."""
        start, end = 1 + KEY_ID_BYTES, 1 + KEY_ID_BYTES + NONCE_BYTES
        if self._stored[:1] != VERSION or len(self._stored) < end:
            raise KeyMissing("A sealed value does not open: it was cut, or written by a newer version.")
        for known_id, cipher in _keys(self._ring):
            if known_id == self._stored[1:start]:
                try:
                    return cipher.decrypt(self._stored[start:end], self._stored[end:], self._ring.encode())
                except InvalidTag as error:
                    raise KeyMissing("A sealed value does not open: it was changed or cut.") from error
        raise KeyMissing(f"No key of the {self._ring} ring opens this value: was a key taken out too early?")

    def reveal_text(self) -> str:
        return self.reveal().decode()

    def __str__(self) -> str:
        return "•••"

    def __repr__(self) -> str:
        return "Sealed(•••)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and other._stored == self._stored

    def __hash__(self) -> int:
        return hash(self._stored)


class SealedField(models.BinaryField):  # type: ignore[type-arg]  # generic in its stubs only
    """A column that only ever holds ciphertext. Assign a `Sealed` of its ring."""

    def __init__(self, *args: Any, ring: Ring, **kwargs: Any) -> None:
        self.ring = ring
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "ring": self.ring}

    def from_db_value(self, value: bytes | memoryview | None, *_: Any) -> Sealed | None:
        return None if value is None else Sealed(self.ring, bytes(value))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None:
            return None
        if not isinstance(value, Sealed) or value.ring != self.ring:
            raise TypeError(f"{self.name} takes a Sealed of the {self.ring} ring, never plain data")
        return super().get_db_prep_value(value.stored, connection, prepared)

    def value_to_string(self, obj: models.Model) -> str:
        """What a serializer (dumpdata, exports) may see."""
        return "•••" if self.value_from_object(obj) is not None else ""


def keyed_hash(text: str) -> str:
    """Hex HMAC-SHA-256: finds a phone or a person without storing them in clear."""
    return hmac.new(settings.HASH_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()
