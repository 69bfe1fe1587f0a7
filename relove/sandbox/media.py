"""Stand-ins for media: they look right in a message; behind photos there are pictures, behind the rest nothing."""

import time
from typing import Any

from telethon.tl import types

from relove.sandbox import pictures

_DC = 2


def photo(id: int, shape: tuple[int, int] = pictures.SHAPE) -> Any:
    sizes = [types.PhotoSize(name, *pictures.size_of(name, shape), size=100_000) for name in pictures.SIDES]
    picture = types.Photo(
        id=id, access_hash=id, file_reference=b"sandbox", date=int(time.time()), sizes=sizes, dc_id=_DC
    )
    return types.MessageMediaPhoto(photo=picture)


def document(id: int, mime: str, name: str = "", *attributes: Any) -> Any:
    named = [types.DocumentAttributeFilename(name)] if name else []
    thing = types.Document(
        id=id,
        access_hash=id,
        file_reference=b"sandbox",
        date=int(time.time()),
        mime_type=mime or "application/octet-stream",
        size=100_000,
        dc_id=_DC,
        attributes=[*named, *attributes],
    )
    return types.MessageMediaDocument(document=thing)


def poll(id: int, question: str, answers: list[str]) -> Any:
    def plain(text: str) -> Any:
        return types.TextWithEntities(text, [])

    options = [types.PollAnswer(plain(text), bytes([number])) for number, text in enumerate(answers)]
    return types.MessageMediaPoll(
        poll=types.Poll(id=id, question=plain(question), answers=options, hash=0),
        results=types.PollResults(total_voters=0),
    )


def unsupported() -> Any:
    return types.MessageMediaUnsupported()


# The kinds that Telegram sends as documents, each with the attribute it is known by.
_DOCUMENTS: dict[str, tuple[str, list[Any]]] = {
    "document": ("application/pdf", []),
    "video": ("video/mp4", [types.DocumentAttributeVideo(3.0, 640, 480)]),
    "round": ("video/mp4", [types.DocumentAttributeVideo(3.0, 240, 240, round_message=True)]),
    "voice": ("audio/ogg", [types.DocumentAttributeAudio(3, voice=True)]),
    "sticker": ("image/webp", [types.DocumentAttributeSticker("👍", types.InputStickerSetEmpty())]),
}


def by_name(name: str | None, id: int) -> Any:
    """`photo`, a name of _DOCUMENTS, or nothing. Raises ValueError for another name."""
    if not name:
        return None
    if name == "photo":
        return photo(id)
    if name not in _DOCUMENTS:
        raise ValueError(f"there is no media {name!r}: photo, {', '.join(_DOCUMENTS)}")
    mime, attributes = _DOCUMENTS[name]
    return document(id, mime, "", *attributes)
