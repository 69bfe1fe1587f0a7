"""What the gateway promises, against a real server: sending, finding, reading, hearing."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta

import pytest
from django.utils import timezone
from telethon import types
from telethon.client import users
from telethon.network import mtprotostate

from relove.sandbox import rules
from relove.telegram import steady
from relove.telegram.gateway import (
    AlreadySent,
    ChannelInfo,
    Counts,
    DeletedMessages,
    EditedMessage,
    FloodWait,
    MessagesRead,
    NewMessage,
    Outgoing,
    Peer,
    PeerKind,
    PeerUnknown,
    Person,
    PostGone,
    Profile,
    ReactionsChanged,
)
from relove.telegram.session import Entity, SessionData, StoredSession, UpdateState
from tests.relove.gateway_scene import DEADLINE, Heard, Scene, scene
from tests.sandbox.tools import WrongClock

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


# --- connecting -------------------------------------------------------------------------------


async def test_connecting_answers_who_the_account_is() -> None:
    async with scene() as s:
        gateway = s.gateway()
        async with gateway as connected:
            assert await connected.profile() == Profile(s.anna.id, "anna", "Анна", "Р", "79990000001", "О себе")
            assert connected.connected
            assert s.anna.phone not in repr(await connected.profile())
        assert not connected.connected


async def test_a_client_that_only_sends_is_pushed_nothing() -> None:
    async with scene() as s, s.gateway() as gateway:
        s.write("привет")
        await gateway.profile()
        assert s.anna.id not in s.sandbox.core.hub.online


# --- sending ----------------------------------------------------------------------------------


async def test_a_private_message_is_sent_once_with_its_random_id() -> None:
    async with scene() as s:
        await s.meet_boris()
        async with s.gateway() as gateway:
            sent = await gateway.send(s.to_boris("Здравствуйте"))
        [entry] = s.ledger
        assert (entry.random_id, entry.text, entry.chat, entry.message) == (
            77,
            "Здравствуйте",
            s.boris.id,
            sent.message_id,
        )
        assert abs(sent.date - timezone.now()) < timedelta(seconds=5)


async def test_a_comment_answers_the_posts_copy_in_the_group() -> None:
    async with scene() as s:
        post = s.publish("Пост")
        async with s.gateway() as gateway:
            comment = await comment_on(s, gateway, post.id, "Комментарий")
            sent = await gateway.send(comment)
        [entry] = s.ledger
        assert (entry.chat, entry.reply_to, entry.message) == (s.group.id, post.discussion, sent.message_id)


async def comment_on(s: Scene, gateway: object, post: int, text: str, random_id: int = 77) -> Outgoing:
    await gateway.resolve("kanal")  # type: ignore[attr-defined]
    chat, top = await gateway.comment_place(s.place, post)  # type: ignore[attr-defined]
    return Outgoing(chat, text, random_id, top)


@pytest.mark.parametrize("private", [True, False])
async def test_a_repeat_is_told_apart_and_found_in_the_history(private: bool) -> None:
    async with scene() as s:
        await s.meet_boris()
        post = s.publish("Пост")
        async with s.gateway() as gateway:
            message = s.to_boris() if private else await comment_on(s, gateway, post.id, "раз")
            sent = await gateway.send(message)
            with pytest.raises(AlreadySent, match="RANDOM_ID_DUPLICATE"):
                await gateway.send(message)
            assert await gateway.find_own(message, sent.date) == [sent]
        assert len(s.ledger) == 1


@pytest.mark.parametrize("private", [True, False])
async def test_a_repeat_that_is_answered_with_the_original_names_its_id(private: bool) -> None:
    async with scene() as s:
        s.world.settings.duplicate_answer = "echo"
        await s.meet_boris()
        post = s.publish("Пост")
        async with s.gateway() as gateway:
            message = s.to_boris() if private else await comment_on(s, gateway, post.id, "раз")
            sent = await gateway.send(message)
            assert await gateway.send(message) == sent
        assert len(s.ledger) == 1


async def test_own_messages_are_found_by_text_reply_and_time_newest_first() -> None:
    async with scene() as s:
        post, other = s.publish("Пост"), s.publish("Другой")
        async with s.gateway() as gateway:
            message = await comment_on(s, gateway, post.id, " раз\n", 1)
            elsewhere = await comment_on(s, gateway, other.id, "раз", 2)
            first = await gateway.send(message)
            await gateway.send(elsewhere)
            await gateway.send(Outgoing(message.peer, "два", 3, message.reply_to))
            s.comment("раз", post.discussion or 0)
            second = await gateway.send(Outgoing(message.peer, "раз", 4, message.reply_to))
            assert await gateway.find_own(message, first.date) == [second, first]
            assert await gateway.find_own(message, timezone.now() + timedelta(hours=1)) == []


async def test_an_access_hash_is_never_another_accounts() -> None:
    async with scene() as s:
        async with s.gateway() as gateway:
            await gateway.resolve("kanal")
        async with s.gateway(store=s.store_of(s.boris)) as other:
            with pytest.raises(PeerUnknown, match="ENTITY_NOT_MET"):
                await other.channel(s.place)
            await other.resolve("kanal")
            assert (await other.channel(s.place)).title == "Канал"


async def test_entities_met_are_stored_and_serve_the_next_connection() -> None:
    async with scene() as s:
        async with s.gateway() as gateway:
            await gateway.resolve("kanal")
        async with s.gateway() as gateway:
            assert (await gateway.channel(s.place)).username == "kanal"


def test_a_name_that_postgresql_cannot_hold_is_kept_without_what_it_cannot() -> None:
    session = StoredSession(SessionData(b"", 2, "127.0.0.1", 443))
    session.process_entities([types.User(5, access_hash=7, username="bo\0ris")])
    assert session.take_fresh() == [Entity(5, 7, "boris")]


async def test_entities_that_could_not_be_stored_are_stored_later(monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(entities: Iterable[Entity]) -> None:
        raise OSError("the database is away")

    async with scene() as s, s.gateway() as gateway:
        await gateway.resolve("kanal")
        with monkeypatch.context() as outage:
            outage.setattr(s.store, "save_entities", away)
            with pytest.raises(OSError, match="away"):
                await gateway.flush()
        await gateway.flush()
        assert "kanal" in {entity.username for entity in s.store.entities.values()}


# --- channels ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["kanal", "@kanal", "https://t.me/kanal", " t.me/Kanal/ "])
async def test_a_channel_is_resolved_by_name_or_link(name: str) -> None:
    async with scene() as s, s.gateway() as gateway:
        assert await gateway.resolve(name) == ChannelInfo(
            peer=s.place,
            title="Канал",
            username="kanal",
            description="О пути",
            members_count=0,
            is_broadcast=True,
            is_member=False,
            linked_group=Peer(PeerKind.CHANNEL, s.group.id),
        )


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("https://t.me/+AbCdEf", "INVITE_LINK"),
        ("t.me/joinchat/AbCdEf", "INVITE_LINK"),
        ("boris", "NOT_A_CHANNEL"),
        ("nobody_here", "USERNAME_NOT_OCCUPIED"),
        ("так не бывает", "USERNAME_INVALID"),
    ],
)
async def test_what_is_no_channel_is_refused_by_name(name: str, code: str) -> None:
    async with scene() as s, s.gateway() as gateway:
        with pytest.raises(PeerUnknown) as refused:
            await gateway.resolve(name)
        assert refused.value.code == code


async def test_joining_makes_a_member_and_live_updates_begin() -> None:
    async with scene() as s:
        heard = Heard()
        async with s.gateway(heard) as gateway:
            await gateway.resolve("kanal")
            await gateway.join(s.place)
            assert (await gateway.channel(s.place)).is_member
            s.publish("Новый пост")
            while (await heard.next()).message.text != "Новый пост":
                continue


async def test_comments_that_are_off_or_whose_post_is_gone() -> None:
    async with scene() as s:
        post = s.publish("Пост")
        s.commit(rules.delete(s.world, s.channel, [post.id]))
        async with s.gateway() as gateway:
            await gateway.resolve("kanal")
            with pytest.raises(PostGone, match="MSG_ID_INVALID"):
                await gateway.comment_place(s.place, post.id)


# --- reading ----------------------------------------------------------------------------------


async def test_history_goes_beyond_a_page_oldest_first() -> None:
    async with scene() as s:
        ids = [s.publish(f"пост {number}").id for number in range(250)]
        async with s.gateway() as gateway:
            await gateway.resolve("kanal")
            newest = await gateway.history(s.place, after=ids[29], limit=150)
            assert [message.id for message in newest] == ids[100:]
            after = await gateway.history(s.place, after=ids[29], limit=1000)
            assert [message.id for message in after] == ids[30:]
            assert await gateway.history(s.place, after=ids[-1]) == []


async def test_messages_are_read_by_id_and_deleted_ones_are_missing() -> None:
    async with scene() as s:
        first, second = s.publish("раз"), s.publish("два", grouped=5)
        s.commit(rules.delete(s.world, s.channel, [first.id]))
        async with s.gateway() as gateway:
            await gateway.resolve("kanal")
            [message] = await gateway.messages(s.place, [first.id, second.id])
        assert (message.id, message.text, message.chat, message.album) == (second.id, "два", s.place, 5)
        assert (message.is_post, message.sender, message.out) == (True, None, False)


async def test_private_messages_are_read_by_id() -> None:
    async with scene() as s:
        heard = Heard()
        async with s.gateway(heard) as gateway:
            written = s.write("привет")
            await heard.next()
            [message] = await gateway.messages(Peer(PeerKind.USER, s.boris.id), [written.twin or 0])
        assert (message.text, message.out) == ("привет", False)
        assert message.sender == Person(s.boris.id, "boris", "Борис")


async def test_counts_of_posts_are_read_without_adding_a_view() -> None:
    async with scene() as s:
        post = s.publish("Пост")
        post.views = 41
        s.comment("раз", post.discussion or 0)
        rules.react(s.channel, post.id, s.boris.id, "👍")
        async with s.gateway() as gateway:
            await gateway.resolve("kanal")
            for _ in range(2):
                counts = await gateway.post_counts(s.place, [post.id])
                assert counts == {post.id: Counts(views=41, forwards=0, replies=1, reactions=1)}
            await gateway.history(s.place)
        assert post.views == 41
        assert not s.sandbox.core.stats.views_increments


async def test_group_messages_have_no_views() -> None:
    async with scene() as s:
        post = s.publish("Пост")
        async with s.gateway() as gateway:
            comment = await comment_on(s, gateway, post.id, "раз")
            sent = await gateway.send(comment)
            [message] = await gateway.messages(comment.peer, [sent.message_id])
        assert message.counts.views is None
        assert (message.out, message.thread, message.reply_to) == (True, comment.reply_to, comment.reply_to)


# --- hearing ----------------------------------------------------------------------------------


async def test_every_kind_of_update_is_heard_in_our_words() -> None:
    async with scene() as s:
        s.member(s.channel)
        heard = Heard()
        async with s.gateway(heard):
            post = s.publish("Пост")
            new = await heard.next()
            assert isinstance(new, NewMessage)
            assert (new.message.id, new.message.chat, new.message.text) == (post.id, s.place, "Пост")
            s.commit(rules.edit(s.world, s.channel, post.id, "Правка"))
            edited = await heard.next()
            assert isinstance(edited, EditedMessage)
            assert (edited.message.text, edited.message.edited_at is not None) == ("Правка", True)
            s.commit(rules.delete(s.world, s.channel, [post.id]))
            assert await heard.next() == DeletedMessages(s.place, (post.id,))
            written = s.write("привет")
            private = (await heard.next()).message
            assert (private.chat, private.id, private.text) == (
                Peer(PeerKind.USER, s.boris.id),
                written.twin,
                "привет",
            )
            assert private.sender == Person(s.boris.id, "boris", "Борис")


async def test_reading_is_heard_both_ways_and_told() -> None:
    async with scene() as s:
        heard, boris = Heard(), Peer(PeerKind.USER, s.boris.id)
        async with s.gateway(heard) as gateway:
            written = s.write("привет")
            await heard.next()
            sent = await gateway.send(s.to_boris())
            s.commit(rules.read(s.world, s.boris, s.anna, s.boris.last_id))
            assert await heard.next() == MessagesRead(boris, sent.message_id, ours=True)
            # the account's owner reads on another device, and comes back to a gap
        s.commit(rules.read(s.world, s.anna, s.boris, s.anna.last_id))
        async with s.gateway(heard) as gateway:
            assert await heard.next() == MessagesRead(boris, sent.message_id, ours=False)
            s.write("ещё")
            again = (await heard.next()).message
            assert again.id > (written.twin or 0)
            await gateway.mark_read(boris, again.id)
        assert s.boris.events[-1].kind == "read_outbox"
        assert not rules.read(s.world, s.anna, s.boris, again.id), "it is read already"


async def test_reactions_to_a_comment_are_heard() -> None:
    async with scene() as s:
        s.member(s.group)
        post = s.publish("Пост")
        heard = Heard()
        async with s.gateway(heard) as gateway:
            comment = await comment_on(s, gateway, post.id, "раз")
            sent = await gateway.send(comment)
            message = rules.react(s.group, sent.message_id, s.boris.id, "👍")
            s.sandbox.core.commit_reaction(s.group, message)
            while not isinstance(update := await heard.next(), ReactionsChanged):
                continue
        assert update == ReactionsChanged(comment.peer, sent.message_id, 1)


async def test_a_state_is_stored_only_after_its_handlers_have_ended() -> None:
    async with scene() as s:
        heard = Heard()
        async with s.gateway(heard) as gateway:
            before = s.store.states[0].pts
            heard.hold = asyncio.Event()
            s.write("привет")
            await asyncio.wait_for(heard.begun.wait(), DEADLINE)
            flushing = asyncio.create_task(gateway.flush())
            await gateway.profile()
            assert not flushing.done()
            assert s.store.states[0].pts == before
            heard.hold.set()
            await asyncio.wait_for(flushing, DEADLINE)
            assert s.store.states[0].pts > before


@pytest.mark.parametrize(("before", "after"), [(0, 7200), (0, -7200), (7200, 0), (-7200, 0), (-7200, 7200)])
async def test_the_machines_clock_may_be_set(before: int, after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = WrongClock(before)
    for module in (mtprotostate, steady):
        monkeypatch.setattr(module, "time", clock)
    async with scene(TELEGRAM_REQUEST_TIMEOUT=3.0) as s:
        heard = Heard()
        async with s.gateway(heard) as gateway:
            s.write("до")
            assert await heard.texts(1) == ["до"]
            clock.wrong_by = after
            await gateway.send(s.to_boris())
            s.write("после")
            assert await heard.texts(1) == ["после"]
        assert [entry.text for entry in s.ledger] == ["раз"]


async def test_a_wait_lasts_as_long_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = WrongClock()
    for module in (users, mtprotostate, steady):
        monkeypatch.setattr(module, "time", clock)
    async with scene() as s:
        await s.meet_boris()
        async with s.gateway(Heard()) as gateway:
            s.fault("FLOOD_WAIT_30")
            for clock.wrong_by in (7200, 0, -7200):
                with pytest.raises(FloodWait) as caught:
                    await gateway.send(s.to_boris())
                assert caught.value.retry_after
                assert 25 < caught.value.retry_after <= 30
        assert not s.ledger, "nothing is asked meanwhile"


async def test_only_states_that_have_moved_are_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    async with scene() as s:
        heard = Heard()
        async with s.gateway(heard) as gateway:
            saved: list[dict[int, UpdateState]] = []
            kept = s.store.save_states

            async def save(states: dict[int, UpdateState]) -> None:
                saved.append(states)
                if heard.broken:
                    raise OSError("the database is away")
                await kept(states)

            monkeypatch.setattr(s.store, "save_states", save)
            await gateway.flush()
            assert not saved, "nothing has come since the connection was made"
            s.write("привет")
            assert await heard.texts(1) == ["привет"]
            heard.broken = True
            with pytest.raises(OSError, match="away"):
                await gateway.flush()
            heard.broken = False
            await gateway.flush()
            await gateway.flush()
            assert [list(states) for states in saved] == [[0], [0]], "the second after the first had failed"


async def test_disconnecting_lets_handlers_end() -> None:
    async with scene() as s:
        heard = Heard()
        async with s.gateway(heard):
            heard.hold = asyncio.Event()
            s.write("привет")
            await asyncio.wait_for(heard.begun.wait(), DEADLINE)
            asyncio.get_running_loop().call_later(0.05, heard.hold.set)
        assert heard.updates.qsize() == 1
        assert s.store.states[0].pts == s.anna.pts


async def test_what_a_handler_failed_on_comes_again() -> None:
    async with scene() as s:
        heard = Heard()
        async with s.gateway(heard) as gateway:
            before = dict(s.store.states)
            heard.broken = True
            s.write("раз")
            await asyncio.wait_for(heard.begun.wait(), DEADLINE)
            heard.broken = False
            s.write("два")
            await heard.next()
            await gateway.flush()
            assert not gateway.connected, "its holder lets the account go"
        assert s.store.states == before
        async with s.gateway(heard):
            assert await heard.texts(2) == ["раз", "два"]


async def test_what_came_while_nobody_was_connected_is_caught_up() -> None:
    async with scene() as s:
        s.member(s.channel)
        heard = Heard()
        async with s.gateway(heard):
            s.publish("до")
            await heard.next()
        s.publish("пост")
        s.write("письмо")
        async with s.gateway(heard):
            assert sorted(await heard.texts(2)) == ["письмо", "пост"]
        assert heard.updates.empty()


async def test_edits_and_deletions_while_nobody_was_connected_are_caught_up() -> None:
    async with scene() as s:
        heard = Heard()
        async with s.gateway(heard):
            numbers = [s.write(text).twin or 0 for text in ("раз", "два")]
            await heard.texts(2)
        s.commit(rules.edit(s.world, s.anna, numbers[0], "стоп"))
        s.commit(rules.delete(s.world, s.anna, [numbers[1]]))
        s.write("три")
        async with s.gateway(heard):
            assert await heard.texts(2) == ["три", "стоп"]
            assert await heard.next() == DeletedMessages(None, (numbers[1],))
            s.write("четыре")
            assert await heard.texts(1) == ["четыре"]
        assert heard.updates.empty()


async def test_what_came_while_the_line_was_cut_is_caught_up() -> None:
    async with scene() as s:
        s.member(s.channel)
        heard = Heard()
        async with s.gateway(heard) as gateway:
            s.publish("до")
            await heard.next()
            assert s.sandbox.core.disconnect(s.anna.id) == 1
            s.publish("пост")
            s.write("письмо")
            assert sorted(await heard.texts(2)) == ["письмо", "пост"]
            assert gateway.connected
