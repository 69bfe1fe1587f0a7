"""Known posts read again: their response, their edits, and which of them are gone."""

import pytest
from django.utils import timezone
from telethon.tl import types

from accounts_mgmt.models import AccountCall, TelegramAccountSession
from commentators import posts, refreshing
from commentators.models import TelegramPost
from commentators.prompts import summary_messages
from relove.db import in_thread
from relove.fields import Sealed
from relove.sandbox import media, rules
from relove.telegram.gateway import Counts
from relove.telegram.mtproto import MtprotoGateway
from tests.commentators.conftest import NOW, Place
from tests.commentators.reading import carry_out, play
from tests.commentators.test_posts import message
from tests.relove.gateway_scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def readable(place: Place) -> Place:
    TelegramAccountSession.objects.update(session=Sealed.seal("session", "x"))
    return place


def ask() -> int:
    TelegramPost.objects.update(refreshed_at=None)
    return refreshing.ask_due(timezone.now())


def test_response_edits_and_deletions_are_found_without_updates(readable: Place) -> None:
    async def act(telegram: Scene, gateway: MtprotoGateway) -> None:
        liked, edited, gone = (telegram.publish(f"Пост {number}") for number in range(3))
        grouped = [telegram.publish("", grouped=5, media=media.photo(n)) for n in (1, 2)]
        await gateway.resolve("kanal")
        seen = await gateway.history(telegram.place)
        await in_thread(posts.store, readable.channel.id, seen)
        rules.react(telegram.channel, liked.id, telegram.boris.id, "👍")
        rules.react(telegram.channel, grouped[0].id, telegram.boris.id, "👍")
        telegram.commit(rules.edit(telegram.world, telegram.channel, edited.id, "Исправлено"))
        telegram.commit(rules.delete(telegram.world, telegram.channel, [gone.id, grouped[1].id]))
        assert await in_thread(ask) == 1
        (call,) = await carry_out(gateway)
        assert call.result == {"read": 3, "gone": 2}

    play(readable, act)
    rows = {post.message_id: post for post in TelegramPost.objects.all()}
    liked, edited, gone, album = (rows[number] for number in sorted(rows))
    assert liked.engagement["likes"] == album.engagement["likes"] == 1
    assert edited.text == "Исправлено"
    assert gone.deleted_at is not None
    assert album.deleted_at is None, "a part of it is still there"
    assert all(post.refreshed_at for post in rows.values())


def test_a_request_takes_whole_albums_and_no_more_than_it_may(readable: Place) -> None:
    for number in range(12):
        first = number * 10 + 1
        parts = [message(first + part, "", album=number + 1, media="photo") for part in range(10)]
        posts.store(readable.channel.id, parts)
    TelegramPost.objects.update(refreshed_at=None)
    wanted = refreshing.to_read(readable.channel.id, NOW)
    assert len(wanted.posts) == 10
    assert len(wanted.message_ids) == refreshing.AT_ONCE


def test_storing_counts_as_a_reading(readable: Place) -> None:
    posts.store(readable.channel.id, [message(1, counts=Counts(views=5))])
    assert not TelegramPost.objects.to_refresh(timezone.now()).exists()


def test_what_is_not_watched_or_not_readable_is_not_asked_for(readable: Place) -> None:
    readable.post(created_at=timezone.now())
    readable.channel.problem = "Закрыт"
    readable.channel.save()
    assert ask() == 0
    readable.channel.problem, readable.channel.is_active = "", False
    readable.channel.save()
    assert ask() == 0
    assert not AccountCall.objects.exists()


def test_names_that_telegram_tells_are_kept_and_do_not_leave(readable: Place) -> None:
    # lengths count UTF-16 units: the hand takes two
    mention = types.MessageEntityMentionName(offset=9, length=6, user_id=1)

    async def act(telegram: Scene, gateway: MtprotoGateway) -> None:
        telegram.publish("👋 Это — Юлиана, познакомьтесь", entities=[mention])
        await gateway.resolve("kanal")
        await in_thread(posts.store, readable.channel.id, await gateway.history(telegram.place))

    play(readable, act)
    post = TelegramPost.objects.get()
    assert post.names == ["Юлиана"]
    asked = summary_messages(post.text, "ru", post.names)
    assert "Юлиан" not in str(asked)
    assert "[имя]" in str(asked)
