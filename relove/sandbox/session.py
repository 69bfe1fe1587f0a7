"""One client connection: packets to messages, messages to calls, answers and pushes back.

Answers and pushes are gathered for one turn of the event loop and leave in one encrypted packet.
Source: https://core.telegram.org/mtproto/description and service_messages
"""

import asyncio
import logging
import os
import struct
import time
from hashlib import sha256
from typing import Any

from telethon.crypto import AES
from telethon.errors import TypeNotFoundError
from telethon.extensions import BinaryReader
from telethon.network.mtprotostate import MTProtoState
from telethon.tl import functions, types
from telethon.tl.core import GzipPacked, MessageContainer

from relove.sandbox.core import Core, Key
from relove.sandbox.faults import Fault
from relove.sandbox.handshake import Handshake, HandshakeError
from relove.sandbox.methods import Call, find_handler
from relove.sandbox.tl import RpcError, method_name, result_bytes
from relove.sandbox.transport import FullTransport, TransportError

logger = logging.getLogger(__name__)

_RPC_RESULT, _CONTAINER = 0xF35C6D01, 0x73F1F8DC
_MAX_MESSAGES, _MAX_BYTES = 100, 512 * 1024
_UNKNOWN_KEY = struct.pack("<i", -404)
_TOO_LOW, _TOO_HIGH, _WRONG_SALT = 16, 17, 48
# https://core.telegram.org/mtproto/description#message-identifier-msg-id
_OLDEST_SECONDS, _NEWEST_SECONDS = 300, 30
_KEY_FREE = {"help.GetConfig", "help.GetNearestDc"}  # answered even for a dead key
_UPKEEP = ("updates.", "help.", "account.UpdateStatus", "users.GetUsers")  # what idle clients do, too
_UNSIGNED = ("help.", "auth.", "account.GetPassword")  # areas open to a key nobody has signed in with
# What a handler meets where a request is built of parts nobody builds it of, or where we made a mistake.
_CRASHES = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError, struct.error)
_IGNORED = (types.MsgsAck, types.MsgsStateInfo, types.MsgsAllInfo, types.MsgResendReq)


class Connection(asyncio.Protocol):
    def __init__(self, core: Core) -> None:
        self.core = core
        self.key: Key | None = None
        self.address = ""
        self._transport: asyncio.Transport | None = None
        self._packets = FullTransport()
        self._handshake = Handshake()
        self._session: int | None = None
        self._last_id = 0
        self._sequence = 0
        self._outgoing: list[bytes] = []
        self._flush_due = False

    # Lines

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        self.address = transport.get_extra_info("peername")[0]
        self.core.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.core.connections.discard(self)
        if self.key and self.key.user:
            self.core.hub.leave(self.key.user, self)

    def abort(self) -> None:
        """Cuts the line; what has not left yet is lost."""
        self._outgoing.clear()
        if self._transport:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        try:
            for packet in self._packets.feed(data):
                self._packet(packet)
        except (TransportError, HandshakeError, TypeNotFoundError, struct.error) as error:
            logger.warning("connection from %s closed: %s", self.address, error)
            self.abort()

    def _packet(self, packet: bytes) -> None:
        (key_id,) = struct.unpack_from("<Q", packet)
        if key_id == 0:
            self._plain(packet)
            return
        if self.key is None or self.key.id != key_id:
            self.key = self.core.keyring.find(key_id)
            self._note_overlap()
        if self.key is None:
            self._write(_UNKNOWN_KEY)
            return
        salt, session, msg_id, length, body = self._decrypt(self.key, packet)
        message = BinaryReader(body[:length]).tgread_object()
        checks_dates = self.core.world.settings.checks_dates
        if objection := _objection(msg_id, salt, self.key.salt, checks_dates=checks_dates):
            self._session = session
            self._send(objection._bytes())
            return
        if session != self._session:
            self._session = session
            created = types.NewSessionCreated(msg_id, session, self.key.salt)
            self._send(created._bytes())
        self._message(msg_id, message)

    def _note_overlap(self) -> None:
        others = (other for other in self.core.connections if other.address != self.address)
        if self.key and any(other.key is self.key for other in others):
            self.core.stats.overlaps[self.key.user] += 1

    # Encryption

    def _plain(self, packet: bytes) -> None:
        answer = self._handshake.answer(BinaryReader(packet[20:]).tgread_object())._bytes()
        self._write(struct.pack("<qqi", 0, self._new_id(), len(answer)) + answer)
        if self._handshake.auth_key:
            self.core.keyring.add(Key(self._handshake.auth_key))
            self.core.touch()
            self._handshake = Handshake()

    def _decrypt(self, key: Key, packet: bytes) -> tuple[int, int, int, int, bytes]:
        """(salt, session, message id, length of the message, message and padding)"""
        msg_key = packet[8:24]
        plain = AES.decrypt_ige(packet[24:], *MTProtoState._calc_key(key.data, msg_key, True))
        if sha256(key.data[88:120] + plain).digest()[8:24] != msg_key:
            raise TransportError("the message key does not match")
        salt, session, msg_id, _, length = struct.unpack_from("<qqqii", plain)
        return salt, session, msg_id, length, plain[32:]

    def _encrypt(self, key: Key, data: bytes) -> bytes:
        plain = struct.pack("<qq", key.salt, self._session or 0) + data
        plain += os.urandom(-(len(plain) + 12) % 16 + 12)
        msg_key = sha256(key.data[96:128] + plain).digest()[8:24]
        cipher: bytes = AES.encrypt_ige(plain, *MTProtoState._calc_key(key.data, msg_key, False))
        return struct.pack("<Q", key.id) + msg_key + cipher

    # Sending

    def push(self, data: bytes) -> None:
        self._send(data)

    def _send(self, body: bytes) -> None:
        self._sequence += 1
        head = struct.pack("<qii", self._new_id(), self._sequence * 2 - 1, len(body))
        self._outgoing.append(head + body)
        if not self._flush_due:
            self._flush_due = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_due = False
        messages, self._outgoing = self._outgoing, []
        while messages and self.key:
            size = number = 0
            while number < min(len(messages), _MAX_MESSAGES) and size < _MAX_BYTES:
                size += len(messages[number])
                number += 1
            self._write(self._encrypt(self.key, self._container(messages[:number])))
            messages = messages[number:]

    def _container(self, messages: list[bytes]) -> bytes:
        if len(messages) == 1:
            return messages[0]
        body = struct.pack("<Ii", _CONTAINER, len(messages)) + b"".join(messages)
        return struct.pack("<qii", self._new_id(), self._sequence * 2, len(body)) + body

    def _write(self, payload: bytes) -> None:
        if self._transport:
            self._transport.write(self._packets.pack(payload))

    def _new_id(self) -> int:
        """Ids of server messages grow, tell the time in their upper half and are odd."""
        now = time.time()
        self._last_id = max(self._last_id + 4, int(now) << 32 | int(now % 1 * 2**30) << 2 | 1)
        return self._last_id

    # Messages

    def _message(self, msg_id: int, message: Any) -> None:
        if isinstance(message, GzipPacked):
            message = BinaryReader(message.data).tgread_object()
        if isinstance(message, MessageContainer):
            for inner in message.messages:
                self._message(inner.msg_id, inner.obj)
        elif not isinstance(message, _IGNORED):
            service = _service_answer(msg_id, message)
            if service is None:
                self._call(msg_id, message)
            else:
                self._send(service._bytes())

    def _call(self, msg_id: int, request: Any) -> None:
        assert self.key is not None
        request, wants_updates = self._unwrap(self.key, request)
        method = method_name(request.__class__)
        self.core.stats.requests[self.key.user, method] += 1
        if not method.startswith(_UPKEEP):
            self.core.last_activity = time.monotonic()
        fault = None
        try:
            if method not in _KEY_FREE:
                self.core.keyring.use(self.key, self.address)
                self._enter(self.key, method, wants_updates)
            fault = self._fault(method, request)
            body = result_bytes(self._answer(self.key, method, request))
        except RpcError as failure:
            body = types.RpcError(failure.code, failure.name)._bytes()
        except ConnectionAbortedError:
            self.abort()
            return
        self._reply(msg_id, body, fault)

    def _unwrap(self, key: Key, request: Any) -> tuple[Any, bool]:
        """The call inside its wrappings, and whether the client wants updates."""
        wants_updates = True
        while hasattr(request, "query"):
            if isinstance(request, functions.InvokeWithLayerRequest):
                key.layer = request.layer
            elif isinstance(request, functions.InitConnectionRequest):
                fields = ("api_id", "device_model", "system_version", "app_version", "lang_code")
                key.device = {name: getattr(request, name) for name in fields}
            elif isinstance(request, functions.InvokeWithoutUpdatesRequest):
                wants_updates = False
            request = request.query
        return request, wants_updates

    def _enter(self, key: Key, method: str, wants_updates: bool) -> None:
        if key.user is None:
            if not method.startswith(_UNSIGNED):
                raise RpcError("AUTH_KEY_UNREGISTERED")
        elif key.user not in self.core.world.users:
            raise RpcError("USER_DEACTIVATED")
        elif wants_updates:
            self.core.hub.enter(key.user, self)

    def _fault(self, method: str, request: Any) -> Fault | None:
        """The fault this call meets. Raises it where it strikes before anything happens."""
        assert self.key is not None
        fault = self.core.faults.for_call(self.key.user, method, _chat_of(request))
        if fault is None or (method in _KEY_FREE and fault.method == "*"):
            return None
        if fault.kind == "drop_before":
            raise ConnectionAbortedError
        if fault.delay is None and fault.kind not in ("drop_after", "silence"):
            raise RpcError(fault.error(), fault.code)
        return fault

    def _answer(self, key: Key, method: str, request: Any) -> Any:
        handler = find_handler(type(request))
        if handler is None:
            self.core.stats.unhandled[method] += 1
            logger.warning("no handler for %s", method)
            raise RpcError("METHOD_NOT_IMPLEMENTED")
        try:
            return handler(Call(self.core, key, self), request)
        except _CRASHES as crash:
            self.core.stats.crashed[method] += 1
            logger.exception("%s failed", method)
            raise RpcError("INTERNAL", 500) from crash

    def _reply(self, msg_id: int, body: bytes, fault: Fault | None) -> None:
        result = struct.pack("<Iq", _RPC_RESULT, msg_id) + body
        if fault is None:
            self._send(result)
        elif fault.delay is not None:
            asyncio.get_running_loop().call_later(fault.delay, self._send, result)
        elif fault.kind == "drop_after":
            self.abort()


def _objection(msg_id: int, salt: int, right_salt: int, *, checks_dates: bool) -> Any:
    """To a message that names another salt, or whose id is dated too early or too late."""
    if salt != right_salt:
        return types.BadServerSalt(msg_id, 0, _WRONG_SALT, right_salt)
    age = time.time() - (msg_id >> 32) if checks_dates else 0.0
    if age > _OLDEST_SECONDS:
        return types.BadMsgNotification(msg_id, 0, _TOO_LOW)
    if -age > _NEWEST_SECONDS:
        return types.BadMsgNotification(msg_id, 0, _TOO_HIGH)
    return None


def _service_answer(msg_id: int, message: Any) -> Any:
    """The answer to a message about the connection itself; None for a call."""
    if isinstance(message, functions.PingRequest | functions.PingDelayDisconnectRequest):
        return types.Pong(msg_id, message.ping_id)
    if isinstance(message, functions.GetFutureSaltsRequest):
        return types.FutureSalts(msg_id, int(time.time()), [])
    if isinstance(message, functions.DestroySessionRequest):
        return types.DestroySessionOk(message.session_id)
    if isinstance(message, types.MsgsStateReq):
        return types.MsgsStateInfo(msg_id, "\x04" * len(message.msg_ids))
    return None


def _chat_of(request: Any) -> int | None:
    """Bare id of the chat a request is about."""
    peer = getattr(request, "peer", None) or getattr(request, "channel", None)
    return getattr(peer, "channel_id", None) or getattr(peer, "user_id", None)
