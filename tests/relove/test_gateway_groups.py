"""What the gateway promises about groups of our own: each request may be repeated."""

import pytest

from relove.telegram.gateway import Outgoing, Peer, PeerKind
from tests.relove.gateway_scene import scene

pytestmark = pytest.mark.anyio
PHOTO = b"\xff\xd8" + bytes(range(256)) * 30


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_group_is_made_dressed_pinned_and_closed_twice_over() -> None:
    async with scene() as s, s.gateway() as gateway:
        made = await gateway.create_group("Практика", "О практике")
        [found] = [one for one in await gateway.groups() if one.is_own]
        assert (found.peer, found.title) == (made, "Практика")
        sent = await gateway.send(Outgoing(made, "Кто здесь кто", 5))
        for _again in range(2):
            await gateway.set_group(made, title="Для Бориса", about="Здесь ИИ", photo=PHOTO)
            await gateway.pin(made, sent.message_id)
            await gateway.close_group(made)
        double = await gateway.create_group("Лишняя", "")
        await gateway.delete_group(double)
        assert [one.peer for one in await gateway.groups()] == [made]
        group = s.world.channels[made.id]
        assert (group.title, group.about, group.photo, group.pinned, group.closed) == (
            "Для Бориса",
            "Здесь ИИ",
            PHOTO,
            (sent.message_id,),
            True,
        )


async def test_people_come_in_by_invitation_or_link_unless_they_forbid_it() -> None:
    async with scene() as s:
        await s.meet_boris()
        boris = Peer(PeerKind.USER, s.boris.id)
        async with s.gateway() as gateway:
            made = await gateway.create_group("Практика", "")
            assert not await gateway.is_member(made, boris)
            s.boris.uninvited = True
            assert not await gateway.invite(made, boris)
            link = await gateway.invite_link(made)
            async with s.gateway(store=s.store_of(s.boris)) as other:
                await other.come_in(link)
                await other.come_in(link)
                assert (await other.send(Outgoing(made, "Я здесь", 6))).message_id
            assert await gateway.is_member(made, boris)
            assert not await gateway.invite(made, boris)
            s.boris.uninvited = False
            assert await gateway.invite(made, boris)
