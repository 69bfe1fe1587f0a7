"""Small helpers around Telethon's TL classes: raw parts, plain results, errors, method names."""

import struct
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

_TRUE, _FALSE = struct.pack("<I", 0x997275B5), struct.pack("<I", 0xBC799737)
_VECTOR = 0x1CB5C415

# Codes of the errors whose code does not follow from their name (Telegram's own numbers).
_CODES = {
    "PEER_FLOOD": 400,
    "RPC_CALL_FAIL": 500,
    "RPC_MCGET_FAIL": 500,
    "RANDOM_ID_DUPLICATE": 500,
    "HISTORY_GET_FAILED": 500,
    "PERSISTENT_TIMESTAMP_OUTDATED": 500,
    "AUTH_KEY_DUPLICATED": 406,
    "AUTH_KEY_UNREGISTERED": 401,
    "AUTH_KEY_INVALID": 401,
    "SESSION_REVOKED": 401,
    "SESSION_EXPIRED": 401,
    "SESSION_PASSWORD_NEEDED": 401,
    "SEND_CODE_UNAVAILABLE": 406,
    "PHONE_PASSWORD_FLOOD": 406,
    "USER_DEACTIVATED": 401,
    "USER_DEACTIVATED_BAN": 401,
    "CHAT_WRITE_FORBIDDEN": 403,
    "CHAT_GUEST_SEND_FORBIDDEN": 403,
    "CHAT_ADMIN_REQUIRED": 400,
    "USER_PRIVACY_RESTRICTED": 403,
    "USER_IS_BLOCKED": 403,
    "MESSAGE_AUTHOR_REQUIRED": 403,
    "MESSAGE_DELETE_FORBIDDEN": 403,
    "PRIVACY_PREMIUM_REQUIRED": 406,
    "TIMEOUT": 503,
}
_MOVES = ("PHONE_MIGRATE_", "NETWORK_MIGRATE_", "USER_MIGRATE_")
_WAITS = ("FLOOD_WAIT_", "FLOOD_PREMIUM_WAIT_", "SLOWMODE_WAIT_")


class RpcError(Exception):
    """A refusal the client sees as an RPC error. The code follows from the name unless it is given."""

    def __init__(self, name: str, code: int | None = None) -> None:
        super().__init__(name)
        self.name = name
        self.code = code if code is not None else error_code(name)


def error_code(name: str) -> int:
    """Telegram's code for an error name; 400 for names without a rule."""
    if name.startswith(_WAITS):
        return 420
    if name.startswith(_MOVES):
        return 303
    return _CODES.get(name, 400)


class Raw:
    """Bytes that are already TL: it may stand wherever Telethon's classes expect an object."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data

    def _bytes(self) -> bytes:
        return self.data


def result_bytes(result: Any) -> bytes:
    """The bytes of an answer: a TL object, a bool (Bool) or a sequence of objects (Vector)."""
    if result is True:
        return _TRUE
    if result is False:
        return _FALSE
    if isinstance(result, Sequence):
        return vector(result)
    data: bytes = result._bytes()
    return data


def vector(items: Iterable[Any]) -> bytes:
    parts = [item._bytes() for item in items]
    return struct.pack("<Ii", _VECTOR, len(parts)) + b"".join(parts)


@cache
def method_name(request: type) -> str:
    """TL's name of a request class: messages.SendMessage, Ping."""
    area = request.__module__.removeprefix("telethon.tl.functions").strip(".")
    name = request.__name__.removesuffix("Request")
    return f"{area}.{name}" if area else name


def seconds(date: datetime | None) -> float | None:
    """Unix seconds of a date of a request; None for none, which TL writes as the zero second."""
    return date.timestamp() or None if date else None


def utf16_length(text: str) -> int:
    """Length as Telegram counts it: in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
