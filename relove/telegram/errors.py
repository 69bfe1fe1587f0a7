"""From Telethon's errors to the gateway's: one table, by Telegram's own names."""

import asyncio
import struct

from telethon import errors

from relove.telegram.gateway import (
    AlreadySent,
    BadMessage,
    BannedInChannel,
    ChatForbidden,
    FloodWait,
    GatewayError,
    OutcomeUnknown,
    PasswordNeeded,
    PeerFlood,
    PeerUnknown,
    PostGone,
    Refused,
    SessionLost,
    SlowMode,
    Temporary,
)

BY_NAME: dict[str, type[GatewayError]] = {
    "PEER_FLOOD": PeerFlood,
    "RANDOM_ID_DUPLICATE": AlreadySent,
    "USER_BANNED_IN_CHANNEL": BannedInChannel,
    "CHAT_WRITE_FORBIDDEN": ChatForbidden,
    "CHAT_GUEST_SEND_FORBIDDEN": ChatForbidden,
    "CHAT_SEND_PLAIN_FORBIDDEN": ChatForbidden,
    "CHAT_ADMIN_REQUIRED": ChatForbidden,
    "CHAT_RESTRICTED": ChatForbidden,
    "CHANNEL_PRIVATE": ChatForbidden,
    "USER_IS_BLOCKED": ChatForbidden,
    "USER_PRIVACY_RESTRICTED": ChatForbidden,
    "PRIVACY_PREMIUM_REQUIRED": ChatForbidden,
    "MSG_ID_INVALID": PostGone,
    "REPLY_MESSAGE_ID_INVALID": PostGone,
    "CHANNEL_INVALID": PeerUnknown,
    "PEER_ID_INVALID": PeerUnknown,
    "CHAT_ID_INVALID": PeerUnknown,
    "USER_ID_INVALID": PeerUnknown,
    "INPUT_USER_DEACTIVATED": PeerUnknown,
    "USERNAME_INVALID": PeerUnknown,
    "USERNAME_NOT_OCCUPIED": PeerUnknown,
    "INVITE_HASH_EXPIRED": PeerUnknown,
    "INVITE_HASH_INVALID": PeerUnknown,
    "MESSAGE_EMPTY": BadMessage,
    "MESSAGE_TOO_LONG": BadMessage,
    "MEDIA_CAPTION_TOO_LONG": BadMessage,
    "MEDIA_INVALID": BadMessage,
    "PHOTO_INVALID_DIMENSIONS": BadMessage,
    "PHOTO_EXT_INVALID": BadMessage,
    "IMAGE_PROCESS_FAILED": BadMessage,
    "ENTITY_BOUNDS_INVALID": BadMessage,
    "SESSION_PASSWORD_NEEDED": PasswordNeeded,
    "AUTH_KEY_UNREGISTERED": SessionLost,
    "AUTH_KEY_INVALID": SessionLost,
    "AUTH_KEY_DUPLICATED": SessionLost,
    "AUTH_KEY_PERM_EMPTY": SessionLost,
    "SESSION_REVOKED": SessionLost,
    "SESSION_EXPIRED": SessionLost,
    "USER_DEACTIVATED": SessionLost,
    "USER_DEACTIVATED_BAN": SessionLost,
    "PHONE_NUMBER_BANNED": SessionLost,
    "INPUT_FETCH_ERROR": Temporary,
}


def translate(error: BaseException) -> GatewayError:
    """The gateway's word for whatever a request raised."""
    if isinstance(error, errors.FloodWaitError | errors.FloodPremiumWaitError):
        return FloodWait(_name(error), retry_after=float(error.seconds))
    if isinstance(error, errors.SlowModeWaitError):
        return SlowMode(_name(error), retry_after=float(error.seconds))
    if isinstance(error, errors.RPCError):
        return _by_name(error)
    if isinstance(error, asyncio.IncompleteReadError | OSError | TimeoutError | asyncio.CancelledError):
        return OutcomeUnknown("TIMEOUT" if isinstance(error, TimeoutError) else "CONNECTION_LOST")
    if isinstance(error, errors.AuthKeyNotFound):
        # the transport's own refusal: the server no longer knows the key
        return SessionLost("AUTH_KEY_UNREGISTERED")
    if isinstance(error, UnicodeError | struct.error):
        return BadMessage("NOT_ENCODABLE")
    if isinstance(error, errors.TypeNotFoundError | errors.SecurityError | errors.BadMessageError):
        return OutcomeUnknown(type(error).__name__)
    if isinstance(error, ValueError):
        # Telethon's own: an entity it never met, or the bare end of its retries
        text = str(error)
        return OutcomeUnknown("RETRIES") if "unsuccessful" in text else PeerUnknown("ENTITY_NOT_MET")
    return OutcomeUnknown(type(error).__name__)


def _by_name(error: errors.RPCError) -> GatewayError:
    name = _name(error)
    kind = BY_NAME.get(name)
    if kind:
        return kind(name)
    if error.code == 401:
        return SessionLost(name)
    if error.code is not None and (error.code >= 500 or error.code < 0):
        return Temporary(name)
    if error.code == 420:
        return FloodWait(name, retry_after=float(getattr(error, "seconds", 60)))
    return Refused(name)


def _name(error: errors.RPCError) -> str:
    """Telegram's name, without the number in it; classes made from it know it best."""
    message = str(getattr(error, "message", "") or "")
    return _CLASS_NAMES.get(type(error), message if message.isupper() else "") or type(error).__name__


_CLASS_NAMES = {kind: name for name, kind in errors.rpc_errors_dict.items()}
_CLASS_NAMES |= {
    errors.FloodWaitError: "FLOOD_WAIT",
    errors.FloodPremiumWaitError: "FLOOD_PREMIUM_WAIT",
    errors.SlowModeWaitError: "SLOWMODE_WAIT",
}
