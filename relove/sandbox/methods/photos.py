"""upload.* and photos.*: the own photo, put up and fetched; the way to a photo in another data centre."""

import os
import time
from typing import Any

from telethon.tl import types
from telethon.tl.functions import auth, photos, upload

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


@handles(photos.UploadProfilePhotoRequest)
def upload_profile_photo(call: Call, request: Any) -> Any:
    user, given = call.user, request.file
    parts = call.core.uploads.pop((user.id, getattr(given, "id", 0)), {})
    if sorted(parts) != list(range(getattr(given, "parts", 1))):
        raise RpcError("FILE_PARTS_INVALID")
    picture = b"".join(parts[number] for number in sorted(parts))
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
    """A part of somebody's photo; messages' media have nothing behind them."""
    place = request.location
    if not isinstance(place, types.InputPeerPhotoFileLocation):
        raise RpcError("LOCATION_INVALID")
    person = call.person(place.peer)
    if place.photo_id != person.photo_id:
        raise RpcError("FILE_REFERENCE_EXPIRED")
    part = person.photo[request.offset : request.offset + request.limit]
    return types.upload.File(type=types.storage.FileJpeg(), mtime=int(time.time()), bytes=part)


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
