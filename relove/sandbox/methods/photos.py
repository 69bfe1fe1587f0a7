"""upload.* and photos.*: the own photo, put up and fetched; the way to a photo in another data centre."""

import os
import time
from typing import Any

from telethon.tl import types
from telethon.tl.functions import auth, photos, upload

from relove.sandbox import pictures
from relove.sandbox.methods.registry import Call, handles
from relove.sandbox.sign_ins import active
from relove.sandbox.tl import RpcError

_MAX_PART = 512 * 1024
_JPEG = b"\xff\xd8"


@handles(upload.SaveFilePartRequest)
def save_file_part(call: Call, request: Any) -> bool:
    if not 0 < len(request.bytes) <= _MAX_PART:
        raise RpcError("FILE_PART_SIZE_INVALID")
    call.core.uploads.setdefault((call.user.id, request.file_id), {})[request.file_part] = request.bytes
    return True


def uploaded(call: Call, given: Any) -> bytes:
    """The file this person has put up in parts."""
    parts = call.core.uploads.pop((call.user.id, getattr(given, "id", 0)), {})
    if sorted(parts) != list(range(getattr(given, "parts", 1))):
        raise RpcError("FILE_PARTS_INVALID")
    return b"".join(parts[number] for number in sorted(parts))


@handles(photos.UploadProfilePhotoRequest)
def upload_profile_photo(call: Call, request: Any) -> Any:
    user, picture = call.user, uploaded(call, request.file)
    if not picture.startswith(_JPEG):
        raise RpcError("IMAGE_PROCESS_FAILED")
    user.photo, user.photo_id = picture, user.photo_id + 1
    user.version += 1
    call.core.touch()
    size = types.PhotoSize(type="c", w=640, h=640, size=len(picture))
    shown = types.Photo(
        id=user.photo_id,
        access_hash=1,
        file_reference=b"",
        date=int(time.time()),
        sizes=[size],
        dc_id=user.photo_dc,
    )
    return types.photos.Photo(photo=shown, users=[call.core.views.user(user, user)])


@handles(upload.GetFileRequest)
def get_file(call: Call, request: Any) -> Any:
    """A part of somebody's photo, or of one in a message; other media have nothing behind them."""
    place = request.location
    if isinstance(place, types.InputPeerPhotoFileLocation):
        photo = _of_person(call, place)
    elif isinstance(place, types.InputPhotoFileLocation):
        photo = _of_message(call, place)
    else:
        raise RpcError("LOCATION_INVALID")
    part = photo[request.offset : request.offset + request.limit]
    return types.upload.File(type=types.storage.FileJpeg(), mtime=int(time.time()), bytes=part)


def _of_person(call: Call, place: Any) -> bytes:
    person = call.person(place.peer)
    if place.photo_id != person.photo_id:
        raise RpcError("FILE_REFERENCE_EXPIRED")
    return person.photo


def _of_message(call: Call, place: Any) -> bytes:
    if place.access_hash != place.id or place.thumb_size not in pictures.SIDES:
        raise RpcError("LOCATION_INVALID")
    given = call.world.photos.get(place.id)
    return pictures.scaled(given, place.thumb_size) if given else pictures.drawn(place.id, place.thumb_size)


@handles(auth.ExportAuthorizationRequest)
def export_authorization(call: Call, request: Any) -> Any:
    ticket = os.urandom(16)
    call.core.sign_ins.tickets[ticket] = call.user.id
    return types.auth.ExportedAuthorization(id=call.user.id, bytes=ticket)


@handles(auth.ImportAuthorizationRequest)
def import_authorization(call: Call, request: Any) -> Any:
    user = call.core.sign_ins.tickets.pop(request.bytes, None)
    if user is None or user != request.id:
        raise RpcError("AUTH_BYTES_INVALID")
    active(call.key, call.world.users[user])
    return types.auth.Authorization(user=call.core.views.user(call.user, call.user))
