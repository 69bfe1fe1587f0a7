"""Telegram Desktop's export (result.json) as a channel's posts.

Both forms are read: one chat ({"name", "type", "messages"}) and a whole account ({"chats": {"list": [...]}}).
A post is a message with text or caption; an album is neighbouring media messages of the same second.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from telethon.tl import types

from relove.sandbox import media
from relove.sandbox.rules import MAX_TEXT
from relove.sandbox.tl import utf16_length

_PLAIN_ENTITIES = {
    "bold": types.MessageEntityBold,
    "italic": types.MessageEntityItalic,
    "underline": types.MessageEntityUnderline,
    "strikethrough": types.MessageEntityStrike,
    "spoiler": types.MessageEntitySpoiler,
    "code": types.MessageEntityCode,
    "blockquote": types.MessageEntityBlockquote,
    "link": types.MessageEntityUrl,
    "mention": types.MessageEntityMention,
    "hashtag": types.MessageEntityHashtag,
    "cashtag": types.MessageEntityCashtag,
    "bot_command": types.MessageEntityBotCommand,
    "email": types.MessageEntityEmail,
    "phone": types.MessageEntityPhone,
    "bank_card": types.MessageEntityBankCard,
}
_FILE_KEYS = ("file", "media_type", "mime_type", "sticker_emoji")


@dataclass
class Part:
    """One message of a post."""

    source_id: int
    second: int
    text: str
    entities: list[Any]
    media: Any = None
    forwarded_from: str | None = None


@dataclass
class ExportedPost:
    """A message, or the messages of an album."""

    parts: list[Part] = field(default_factory=list)

    @property
    def text(self) -> str:
        return next((part.text for part in self.parts if part.text), "")


def read_export(path: Path) -> list[ExportedPost]:
    """Raises ValueError with a sentence where the file is not an export."""
    try:
        return parse_export(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is not JSON: {error}") from error


def parse_export(export: Any) -> list[ExportedPost]:
    """All posts of all chats, in their order. Raises ValueError where this is not an export."""
    return [post for chat in _chats(export) for post in _posts(chat)]


def _chats(export: Any) -> list[dict[str, Any]]:
    if isinstance(export, dict):
        if isinstance(export.get("messages"), list):
            return [export]
        chats = export.get("chats")
        if isinstance(chats, dict) and isinstance(chats.get("list"), list):
            return [chat for chat in chats["list"] if isinstance(chat.get("messages"), list)]
    raise ValueError("this is not a Telegram Desktop export: it has neither messages nor chats.list")


def _posts(chat: dict[str, Any]) -> Iterator[ExportedPost]:
    album: ExportedPost | None = None
    for part in _parts(chat["messages"]):
        last = album.parts[-1] if album else None
        if album and last and _album_media(part) and _album_media(last) and part.second == last.second:
            album.parts.append(part)
            continue
        if album:
            yield album
        album = ExportedPost([part])
    if album:
        yield album


def _album_media(part: Part) -> bool:
    return isinstance(part.media, types.MessageMediaPhoto | types.MessageMediaDocument)


def _parts(messages: Iterable[Any]) -> Iterator[Part]:
    for item in messages:
        if not isinstance(item, dict) or item.get("type") != "message":
            continue
        source_id = int(item.get("id", 0))
        text, entities = compose(item.get("text_entities") or item.get("text") or "")
        thing = _media(item, source_id)
        if text or thing:
            sender = item.get("forwarded_from")
            yield Part(source_id, _second(item), text, entities, thing, str(sender) if sender else None)


def _second(item: dict[str, Any]) -> int:
    """Older exports have only the local time as text: it is good enough to see an album by."""
    if "date_unixtime" in item:
        return int(item["date_unixtime"])
    digest = blake2b(str(item.get("date", "")).encode("utf-8", "replace"), digest_size=6).digest()
    return int.from_bytes(digest, "big")


def _media(item: dict[str, Any], id: int) -> Any:
    if "photo" in item:
        return media.photo(id)
    if isinstance(item.get("poll"), dict):
        answers = [clean(str(answer.get("text", ""))) for answer in item["poll"].get("answers", [])]
        return media.poll(id, clean(str(item["poll"].get("question", ""))), answers)
    if any(key in item for key in _FILE_KEYS):
        return media.document(id, str(item.get("mime_type", "")), clean(str(item.get("file_name") or "")))
    if "location_information" in item or "contact_information" in item:
        return media.unsupported()
    return None


def compose(given: Any) -> tuple[str, list[Any]]:
    """(text, entities) of an export's text: a string, or a list of strings and marked pieces."""
    pieces = given if isinstance(given, list) else [given]
    text, entities, offset = "", [], 0
    for piece in pieces:
        mark = piece if isinstance(piece, dict) else {"type": "plain", "text": piece}
        part = clean(str(mark.get("text", "")))
        room = MAX_TEXT - offset
        part = part.encode("utf-16-le")[: 2 * room].decode("utf-16-le", "ignore")
        length = utf16_length(part)
        entity = _entity(mark, offset, length) if part.strip() else None
        if entity:
            entities.append(entity)
        text += part
        offset += length
    return (text, entities) if text.strip() else ("", [])


def _entity(mark: dict[str, Any], offset: int, length: int) -> Any:
    kind = mark.get("type")
    if kind in _PLAIN_ENTITIES:
        return _PLAIN_ENTITIES[kind](offset, length)
    if kind == "text_link":
        return types.MessageEntityTextUrl(offset, length, clean(str(mark.get("href", ""))))
    if kind == "pre":
        return types.MessageEntityPre(offset, length, clean(str(mark.get("language", ""))))
    return None


def clean(text: str) -> str:
    """Telegram never delivers lone surrogates; an export edited by hand may hold them."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
