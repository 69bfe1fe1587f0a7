"""Sessions made elsewhere: Telethon's session strings and .session files.

`parse` reads what a page hands over as text: a session string as it is, a file as base64 behind a mark.
The server that a session names is not trusted: its data centre's address is Telegram's own.
"""

import base64
import binascii
import sqlite3
import struct

from relove.telegram.session_data import SessionData, session_at

FILE_MARK = "file:"
LARGEST_FILE = 5 * 1024 * 1024
STRING_VERSION = "1"
# data centre, address (IPv4 or IPv6), port, authorisation key
_LAYOUTS = {struct.calcsize(layout): layout for layout in (">B4sH256s", ">B16sH256s")}
KEY_BYTES = 256


class NotASession(ValueError):
    """Neither a session string nor a session file, or a damaged one."""


def pack_file(data: bytes) -> str:
    """A .session file as text. Raises NotASession where it cannot be one."""
    if len(data) > LARGEST_FILE or not data.startswith(b"SQLite format 3\0"):
        raise NotASession
    # only what is needed goes on its way: the file also holds whom the account has met
    return FILE_MARK + base64.b64encode(_pack(*_read_file(data))).decode()


def parse(text: str) -> SessionData:
    """Raises NotASession."""
    try:
        if text.startswith(FILE_MARK):
            packed = base64.b64decode(text.removeprefix(FILE_MARK), validate=True)
            return session_at(packed[0], _checked(packed[1:]))
        dc_id, _address, _port, key = _unpack(text.strip())
        return session_at(dc_id, _checked(key))
    except (ValueError, IndexError) as error:
        raise NotASession from error


def _unpack(text: str) -> tuple[int, bytes, int, bytes]:
    if not text.startswith(STRING_VERSION):
        raise NotASession
    try:
        data = base64.urlsafe_b64decode(text[len(STRING_VERSION) :])
    except binascii.Error as error:
        raise NotASession from error
    layout = _LAYOUTS.get(len(data))
    if layout is None:
        raise NotASession
    dc_id, address, port, key = struct.unpack(layout, data)
    return dc_id, address, port, key


def _read_file(data: bytes) -> tuple[int, bytes]:
    """(data centre, key) of Telethon's SQLite file, read in memory."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(data)
        row = connection.execute("SELECT dc_id, auth_key FROM sessions").fetchone()
    except sqlite3.Error as error:
        raise NotASession from error
    finally:
        connection.close()
    if row is None or not isinstance(row[0], int) or not isinstance(row[1], bytes):
        raise NotASession
    return row[0], _checked(row[1])


def _pack(dc_id: int, key: bytes) -> bytes:
    if not 0 < dc_id < 256:
        raise NotASession
    return bytes([dc_id]) + key


def _checked(key: bytes) -> bytes:
    if len(key) != KEY_BYTES or not any(key):
        raise NotASession
    return key
