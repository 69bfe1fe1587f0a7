"""The key exchange: three plain requests end in a shared authorisation key.

Source: https://core.telegram.org/mtproto/auth_key. The protocol prescribes SHA-1; Telethon pads its RSA block
the older way (sha1, data, noise).
"""

import os
import time
from hashlib import sha1 as sha1
from typing import Any

import rsa
from telethon.crypto import AES, AuthKey
from telethon.crypto import rsa as telethon_rsa
from telethon.extensions import BinaryReader
from telethon.helpers import generate_key_data_from_nonce
from telethon.tl import types
from telethon.tl.functions import (
    ReqDHParamsRequest,
    ReqPqMultiRequest,
    ReqPqRequest,
    SetClientDHParamsRequest,
)

from relove.sandbox.keys import DH_GENERATOR, DH_PRIME, PQ_FACTORS, PRIVATE_KEY_PEM, PUBLIC_KEY_PEM

_PRIVATE = rsa.PrivateKey.load_pkcs1(PRIVATE_KEY_PEM.encode())
_FINGERPRINT = telethon_rsa._compute_fingerprint(rsa.PublicKey.load_pkcs1(PUBLIC_KEY_PEM.encode()))


class HandshakeError(Exception):
    """The client sent something that does not belong to this exchange."""


def _sha1(data: bytes) -> bytes:
    return sha1(data, usedforsecurity=False).digest()


class Handshake:
    """One exchange on one connection. After the last answer `auth_key` holds the new key."""

    def __init__(self) -> None:
        self.auth_key: bytes | None = None
        self._nonce = 0
        self._server_nonce = int.from_bytes(os.urandom(16), "little", signed=True)
        self._new_nonce = 0
        self._secret = int.from_bytes(os.urandom(256), "big")

    def answer(self, request: Any) -> Any:
        """The TL object to answer a plain request with. Raises HandshakeError."""
        if isinstance(request, ReqPqMultiRequest | ReqPqRequest):
            return self._start(request)
        if isinstance(request, ReqDHParamsRequest):
            return self._exchange(request)
        if isinstance(request, SetClientDHParamsRequest):
            return self._finish(request)
        raise HandshakeError(f"{type(request).__name__} is not part of the key exchange")

    def _start(self, request: Any) -> Any:
        self._nonce = request.nonce
        pq = PQ_FACTORS[0] * PQ_FACTORS[1]
        return types.ResPQ(
            nonce=self._nonce,
            server_nonce=self._server_nonce,
            pq=telethon_rsa.get_byte_array(pq),
            server_public_key_fingerprints=[_FINGERPRINT],
        )

    def _exchange(self, request: Any) -> Any:
        block = rsa.core.decrypt_int(int.from_bytes(request.encrypted_data, "big"), _PRIVATE.d, _PRIVATE.n)
        plain = block.to_bytes(255, "big")
        inner = BinaryReader(plain[20:]).tgread_object()
        if _sha1(inner._bytes()) != plain[:20] or inner.nonce != self._nonce:
            raise HandshakeError("the inner data does not match its hash or nonce")
        self._new_nonce = inner.new_nonce
        answer = types.ServerDHInnerData(
            nonce=self._nonce,
            server_nonce=self._server_nonce,
            g=DH_GENERATOR,
            dh_prime=telethon_rsa.get_byte_array(DH_PRIME),
            g_a=telethon_rsa.get_byte_array(pow(DH_GENERATOR, self._secret, DH_PRIME)),
            server_time=int(time.time()),
        )._bytes()
        hashed = _sha1(answer) + answer
        encrypted = AES.encrypt_ige(hashed + os.urandom(-len(hashed) % 16), *self._aes())
        return types.ServerDHParamsOk(self._nonce, self._server_nonce, encrypted)

    def _finish(self, request: Any) -> Any:
        plain = AES.decrypt_ige(request.encrypted_data, *self._aes())
        inner = BinaryReader(plain[20:]).tgread_object()
        if _sha1(inner._bytes()) != plain[:20]:
            raise HandshakeError("the client's inner data does not match its hash")
        shared = pow(int.from_bytes(inner.g_b, "big"), self._secret, DH_PRIME)
        # Leading zero bytes are stripped, because Telethon strips them.
        key = AuthKey(telethon_rsa.get_byte_array(shared))
        self.auth_key = key.key
        return types.DhGenOk(self._nonce, self._server_nonce, key.calc_new_nonce_hash(self._new_nonce, 1))

    def _aes(self) -> tuple[bytes, bytes]:
        key, iv = generate_key_data_from_nonce(self._server_nonce, self._new_nonce)
        return key, iv
