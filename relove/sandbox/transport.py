"""The transport Telethon uses by default, "TCP full": length, sequence number, payload, CRC32.

Source: https://core.telegram.org/mtproto/mtproto-transports#full
"""

import struct
from collections.abc import Iterator
from zlib import crc32

_MAX_PACKET = 2 * 1024 * 1024


class TransportError(Exception):
    """The bytes are not packets of this transport; the connection has to be closed."""


class FullTransport:
    """Cuts a byte stream into packets and wraps packets for the way back. One per connection."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._sent = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Payloads of the packets completed by these bytes. Raises TransportError."""
        self._buffer += data
        while len(self._buffer) >= 4:
            (length,) = struct.unpack_from("<i", self._buffer)
            if not 12 <= length <= _MAX_PACKET:
                raise TransportError(f"packet length {length}")
            if len(self._buffer) < length:
                return
            packet = bytes(self._buffer[:length])
            del self._buffer[:length]
            if crc32(packet[:-4]) != struct.unpack("<I", packet[-4:])[0]:
                raise TransportError("checksum does not match")
            yield packet[8:-4]

    def pack(self, payload: bytes) -> bytes:
        head = struct.pack("<ii", len(payload) + 12, self._sent) + payload
        self._sent += 1
        return head + struct.pack("<I", crc32(head))
