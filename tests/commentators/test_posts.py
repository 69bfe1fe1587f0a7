"""Posts are stored once: live and by interval, twice, edited, in the parts of an album."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from commentators import monitoring, posts
from commentators.models import TelegramChannel, TelegramPost
from relove.telegram.gateway import ChannelInfo, Counts, Message, Peer, PeerKind
from tests.commentators.conftest import NOW, Place

CHANNEL = Peer(PeerKind.CHANNEL, 100)


def message(number: int, text: str = "Текст", **fields: Any) -> Message:
    return Message(CHANNEL, number, text, NOW, is_post=True, **fields)


def test_it_stores_a_post_once_however_it_comes(place: Place) -> None:
    assert len(posts.store(place.channel.id, [message(1), message(2)])) == 2
    assert len(posts.store(place.channel.id, [message(2), message(3)])) == 1
    monitoring.saw_post(1, message(3))
    assert [post.message_id for post in place.channel.posts.order_by("message_id")] == [1, 2, 3]


def test_a_live_post_hides_no_gap_from_the_next_reading(place: Place) -> None:
    monitoring.saw_post(1, message(50))
    assert monitoring.reading_place(place.channel.id).last == 0
    monitoring.read(place.channel.id, [message(48), message(49), message(50)], NOW)
    assert monitoring.reading_place(place.channel.id).last == 50
    assert place.channel.posts.count() == 3


def test_it_follows_edits_and_counts_without_losing_the_stage(place: Place) -> None:
    posts.store(place.channel.id, [message(1)])
    place.channel.posts.update(stage=TelegramPost.Stage.DRAFTED)
    later = NOW + timedelta(minutes=1)
    posts.store(place.channel.id, [message(1, "Исправлено", edited_at=later, counts=Counts(views=7, reactions=2))])
    post = place.channel.posts.get()
    assert (post.text, post.edited_at, post.stage) == ("Исправлено", later, TelegramPost.Stage.DRAFTED)
    assert post.engagement == {"views": 7, "likes": 2, "comments": None}


def test_it_makes_one_post_of_an_album_whose_parts_come_apart(place: Place) -> None:
    posts.store(place.channel.id, [message(1, "", album=9, media="photo")])
    captioned = message(2, "Подпись", album=9, media="photo")
    posts.store(place.channel.id, [captioned, message(3, "", album=9, media="photo")])
    posts.store(place.channel.id, [message(3, "", album=9, media="photo")])
    post = place.channel.posts.get()
    assert post.text == "Подпись"
    assert [item["message_id"] for item in post.media_urls] == [1, 2, 3]
    assert post.media_urls[0]["url"] == "https://t.me/put_k_sebe/1"


def test_it_leaves_service_messages_and_strangers_channels_alone(place: Place) -> None:
    assert posts.store(place.channel.id, [message(1, "", is_service=True)]) == []
    monitoring.saw_post(1, Message(Peer(PeerKind.CHANNEL, 999), 1, "Чужое", NOW, is_post=True))
    assert not TelegramPost.objects.exists()


HOSTILE = [
    "до\0после",
    "до\ud83dпосле",
    "𝔘𝔫𝔦 👨\u200d👩\u200d👧\u200d👦",
    "\u202eевслатс",
    "<script>alert(1)</script>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_it_stores_whatever_text_telegram_sends(place: Place, text: str) -> None:
    posts.store(place.channel.id, [message(1, text)])
    assert place.channel.posts.get().text == text.replace("\0", "").replace("\ud83d", "?")


def test_it_marks_deleted_posts_once(place: Place) -> None:
    posts.store(place.channel.id, [message(1), message(2)])
    monitoring.saw_deletion(100, [2], NOW)
    monitoring.saw_deletion(100, [2], NOW + timedelta(hours=1))
    assert list(place.channel.posts.filter(deleted_at=NOW).values_list("message_id", flat=True)) == [2]


def test_a_late_reading_does_not_take_an_edit_back(place: Place) -> None:
    edited = NOW + timedelta(minutes=5)
    posts.store(place.channel.id, [message(1, "Новый текст", edited_at=edited)])
    posts.store(place.channel.id, [message(1, "Старый текст")])
    assert place.channel.posts.get().text == "Новый текст"


def test_a_caption_that_comes_late_brings_its_album_back(place: Place) -> None:
    posts.store(place.channel.id, [message(1, "", album=9, media="photo")])
    # the drafting was quicker than the second part
    place.channel.posts.update(
        stage=TelegramPost.Stage.IGNORED, stage_reason="Нет текста", created_at=timezone.now()
    )
    posts.store(place.channel.id, [message(2, "Подпись", album=9, media="photo")])
    post = place.channel.posts.get()
    assert (post.stage, post.text) == (TelegramPost.Stage.NEW, "Подпись")


def test_a_name_taken_by_another_owner_carries_no_agreement(place: Place) -> None:
    stranger = ChannelInfo(Peer(PeerKind.CHANNEL, 777), "Чужой", "put_k_sebe", "", 5, True, False, None)
    answer = monitoring.checked(place.channel.id, 1, stranger, NOW)
    place.channel.refresh_from_db()
    assert place.channel.basis == "none"
    assert place.channel.problem == answer["reason"]
    assert place.channel.chat is not None
    assert place.channel.chat.telegram_id == 100


def test_one_channel_is_not_added_under_two_names(place: Place) -> None:
    renamed = TelegramChannel.objects.create(username="novoe_imya")
    same = ChannelInfo(CHANNEL, "Путь к себе", "novoe_imya", "", 5, True, False, None)
    assert "put_k_sebe" in monitoring.checked(renamed.id, 1, same, NOW)["reason"]
