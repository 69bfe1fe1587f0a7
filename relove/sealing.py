"""Sealing what a page hands over (a code, a password, an imported session) so that only runners open it.

The key pair follows from the session ring: X25519, its private half derived from a key of the ring, so it
lies nowhere. Other processes know the public half only. A sealed value is one byte version, the first
four bytes of the public key it is sealed to, the sender's one-time public key, AES-256-GCM.
"""

import base64

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from relove.fields import KeyMissing

VERSION = b"\x01"
NAME_BYTES = 4
PUBLIC_BYTES = 32
# A key seals one value only: its nonce need not differ.
NONCE = bytes(12)


def public_key() -> bytes:
    """The public half of the ring's current key. Raises KeyMissing outside runners."""
    return _public(_private_keys()[0])


def seal(receiver: bytes, plain: str) -> bytes:
    """Seal a text to a public key: needs no key of ours, and cannot be opened here."""
    once = X25519PrivateKey.generate()
    shared = once.exchange(X25519PublicKey.from_public_bytes(receiver))
    own = _public(once)
    head = VERSION + receiver[:NAME_BYTES] + own
    return head + AESGCM(_derive(shared, b"relove handover" + own + receiver)).encrypt(NONCE, plain.encode(), head)


def unseal(sealed: bytes) -> str:
    """The text. Raises KeyMissing where no key of this process opens it."""
    start = len(VERSION) + NAME_BYTES
    head, own = sealed[: start + PUBLIC_BYTES], sealed[start : start + PUBLIC_BYTES]
    for private in _private_keys():
        receiver = _public(private)
        if sealed[:start] != VERSION + receiver[:NAME_BYTES]:
            continue
        key = _derive(
            private.exchange(X25519PublicKey.from_public_bytes(own)), b"relove handover" + own + receiver
        )
        try:
            return AESGCM(key).decrypt(NONCE, sealed[len(head) :], head).decode()
        except InvalidTag as error:
            raise KeyMissing("A sealed value does not open: it was changed or cut.") from error
    raise KeyMissing("No key of the session ring opens this value.")


def _private_keys() -> list[X25519PrivateKey]:
    if not settings.SESSION_KEYS:
        raise KeyMissing("This process has no keys of the session ring (RELOVE_SESSION_KEYS).")
    ring = (base64.urlsafe_b64decode(key) for key in settings.SESSION_KEYS)
    return [X25519PrivateKey.from_private_bytes(_derive(key, b"relove runner key")) for key in ring]


def _public(private: X25519PrivateKey) -> bytes:
    return private.public_key().public_bytes_raw()


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=purpose).derive(secret)
