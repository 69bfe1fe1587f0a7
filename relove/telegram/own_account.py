"""The gateway's part that is about the account itself: its profile, its photo, where it is signed in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from django.conf import settings
from telethon import functions, types

from relove.language import storable
from relove.telegram.client import Client, is_ours
from relove.telegram.errors import translate
from relove.telegram.gateway import Authorization, OutcomeUnknown, Profile, SessionLost


class OwnAccount:
    """What an account asks about itself; `MtprotoGateway` is one."""

    _client: Client | None

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[Client]:
        """The client, for requests that have to end in time; what goes wrong is told in our words."""
        if self._client is None:
            raise OutcomeUnknown("NOT_CONNECTED")
        try:
            async with asyncio.timeout(settings.TELEGRAM_REQUEST_TIMEOUT):
                yield self._client
        except BaseException as error:
            if isinstance(error, TimeoutError | asyncio.CancelledError):
                self._client.forget_abandoned()
            if is_ours(error):
                raise
            raise translate(error) from error

    async def _call(self, request: Any) -> Any:
        async with self._asking() as client:
            return await client(request)

    async def _full(self) -> tuple[Any, Any]:
        """(user, what else Telegram knows of them)"""
        found = await self._call(functions.users.GetFullUserRequest(types.InputUserSelf()))
        me = next((user for user in found.users if user.is_self), None)
        if me is None:
            raise SessionLost("AUTH_KEY_UNREGISTERED")
        return me, found.full_user

    async def profile(self) -> Profile:
        me, full = await self._full()
        return Profile(
            id=me.id,
            username=storable(me.username or ""),
            first_name=storable(me.first_name or ""),
            last_name=storable(me.last_name or ""),
            phone=me.phone or "",
            bio=storable(full.about or ""),
            photo_id=getattr(me.photo, "photo_id", 0),
        )

    async def set_profile(
        self, *, first_name: str | None = None, last_name: str | None = None, bio: str | None = None
    ) -> None:
        request = functions.account.UpdateProfileRequest(first_name=first_name, last_name=last_name, about=bio)
        await self._call(request)

    async def photo(self) -> bytes:
        me, _full = await self._full()
        async with self._asking() as client:
            # a photo may lie in another data centre: Telethon goes there with an authorisation of this one
            return await client.download_profile_photo(me, file=bytes) or b""

    async def set_photo(self, jpeg: bytes) -> None:
        async with self._asking() as client:
            uploaded = await client.upload_file(jpeg, file_name="photo.jpg")
            await client(functions.photos.UploadProfilePhotoRequest(file=uploaded))

    async def authorizations(self) -> list[Authorization]:
        found = await self._call(functions.account.GetAuthorizationsRequest())
        return [_authorization(raw) for raw in found.authorizations]

    async def end_authorization(self, number: int) -> None:
        await self._call(functions.account.ResetAuthorizationRequest(number))


def _authorization(raw: Any) -> Authorization:
    return Authorization(
        number=raw.hash,
        is_own=bool(raw.current),
        device=raw.device_model,
        system=" ".join(part for part in (raw.platform, raw.system_version) if part),
        app=" ".join(part for part in (raw.app_name, raw.app_version) if part),
        ip=raw.ip,
        country=raw.country,
        since=raw.date_created,
        active=raw.date_active,
    )
