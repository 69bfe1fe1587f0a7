"""What the gateway promises about the account itself: profile, photo, where it is signed in."""

import pytest

from relove.telegram.gateway import Refused, SessionLost
from tests.relove.gateway_scene import scene

pytestmark = pytest.mark.anyio
PHOTO = b"\xff\xd8" + bytes(range(256)) * 300


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_what_is_given_of_a_profile_is_set_and_the_rest_stays() -> None:
    async with scene() as s, s.gateway() as gateway:
        await gateway.set_profile(bio="Пишу с помощью ИИ")
        profile = await gateway.profile()
        assert (profile.bio, profile.first_name, profile.last_name) == ("Пишу с помощью ИИ", "Анна", "Р")
        await gateway.set_profile(first_name="Аня", last_name="")
        profile = await gateway.profile()
        assert (profile.bio, profile.first_name, profile.last_name) == ("Пишу с помощью ИИ", "Аня", "")
        with pytest.raises(Refused, match="ABOUT_TOO_LONG"):
            await gateway.set_profile(bio="я" * 71)


async def test_a_photo_is_put_up_and_fetched() -> None:
    async with scene() as s, s.gateway() as gateway:
        assert await gateway.photo() == b""
        assert (await gateway.profile()).photo_id == 0
        await gateway.set_photo(PHOTO)
        assert await gateway.photo() == PHOTO
        assert (await gateway.profile()).photo_id == s.anna.photo_id == 1
        with pytest.raises(Refused, match="IMAGE_PROCESS_FAILED"):
            await gateway.set_photo(b"no picture")


async def test_a_photo_of_another_data_centre_is_gone_to() -> None:
    async with scene() as s, s.gateway() as gateway:
        s.anna.photo, s.anna.photo_id, s.anna.photo_dc = PHOTO, 7, 4
        s.anna.version += 1
        assert await gateway.photo() == PHOTO
        assert gateway.connected


async def test_an_authorization_elsewhere_is_seen_and_ended() -> None:
    async with scene() as s, s.gateway() as gateway:
        elsewhere = s.store_of(s.anna)
        elsewhere.auth_key = s.sandbox.core.keyring.ready(s.anna.id, 1).data
        async with s.gateway(store=elsewhere) as other:
            found = await gateway.authorizations()
            assert [one.is_own for one in found].count(True) == 1
            [foreign] = [one for one in found if not one.is_own]
            assert foreign.device
            assert foreign.active >= foreign.since
            await gateway.end_authorization(foreign.number)
            with pytest.raises(SessionLost):
                await other.profile()
        assert [one.is_own for one in await gateway.authorizations()] == [True]
        with pytest.raises(Refused, match="HASH_INVALID"):
            await gateway.end_authorization(foreign.number)
