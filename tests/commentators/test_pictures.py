"""Small pictures of posts, and photos that comments carry: on pages, through checks, into Telegram once."""

import io
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from accounts_mgmt.models import TelegramAccountSession
from commentators import posts, services, thumbnails
from commentators.checks import check_draft
from commentators.models import CommentPhoto, PostThumbnail, TelegramPost
from relove.db import in_thread
from relove.fields import Sealed
from relove.models import Staff
from relove.sandbox import media
from relove.telegram.gateway import AlreadySent, BadMessage, Outgoing, Peer, PeerKind
from relove.telegram.mtproto import MtprotoGateway
from tests.commentators.conftest import TEXT, Place
from tests.commentators.reading import carry_out, play
from tests.commentators.test_posts import message
from tests.commentators.test_services import draft
from tests.relove.gateway_scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)


def jpeg(size: tuple[int, int] = (64, 48)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, "JPEG")
    return out.getvalue()


def photo(**fields: Any) -> CommentPhoto:
    values = {"image": jpeg(), "width": 64, "height": 48, "description": "Тропа"}
    return CommentPhoto.objects.create(**values | fields)


def ask() -> int:
    TelegramAccountSession.objects.update(session=Sealed.seal("session", "x"))
    return thumbnails.ask_due(timezone.now())


def test_an_album_gets_small_pictures_once(place: Place) -> None:
    async def act(telegram: Scene, gateway: MtprotoGateway) -> None:
        for number in (1, 2):
            telegram.publish("Подпись" if number == 1 else "", grouped=7, media=media.photo(number))
        telegram.publish("Опрос", media=media.poll(3, "Да?", ["да", "нет"]))
        await gateway.resolve("kanal")
        await in_thread(posts.store, place.channel.id, await gateway.history(telegram.place))
        assert await in_thread(ask) == 1
        (call,) = await carry_out(gateway)
        assert call.result == {"found": 2}

    play(place, act)
    assert ask() == 0, "once"
    for small in PostThumbnail.objects.all():
        assert (small.width, small.height) == (320, 213)
        assert Image.open(io.BytesIO(small.image)).format == "JPEG"
    assert PostThumbnail.objects.values("post").distinct().count() == 1


def test_a_part_that_comes_later_has_the_album_looked_at_again(place: Place) -> None:
    now = timezone.now()
    posts.store(place.channel.id, [message(1, "", album=9, media="photo")])
    TelegramPost.objects.update(created_at=now)
    wanted = thumbnails.to_read(place.channel.id, now)
    posts.store(place.channel.id, [message(2, "", album=9, media="photo")])
    thumbnails.record(place.channel.id, wanted, {1: jpeg()}, now)
    assert thumbnails.to_read(place.channel.id, now).message_ids == [1, 2]
    thumbnails.record(place.channel.id, thumbnails.to_read(place.channel.id, now), {1: jpeg(), 2: b"?"}, now)
    assert list(PostThumbnail.objects.values_list("message_id", flat=True)) == [1]
    assert thumbnails.to_read(place.channel.id, now).message_ids == []


def test_pictures_are_served_to_who_may_see_them_alone(place: Place, client: Client) -> None:
    small = PostThumbnail.objects.create(post=place.post(), message_id=1, image=jpeg(), width=64, height=48)
    addresses = [
        reverse("admin:commentators_telegrampost_thumbnail", args=[small.pk]),
        reverse("admin:commentators_commentphoto_image", args=[photo().pk]),
    ]
    assert {client.get(address).status_code for address in addresses} == {302}
    client.force_login(Staff.objects.create_user("guest", is_staff=True))
    assert {client.get(address).status_code for address in addresses} == {403}
    client.force_login(Staff.objects.create_superuser("anna", password=None))
    for address in addresses:
        answer = client.get(address)
        assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
        assert "private" in answer["Cache-Control"]
        assert answer.content == jpeg()
    assert client.get(addresses[0].replace(str(small.pk), "999")).status_code == 404


def test_posts_show_their_pictures_with_the_way_to_telegram(place: Place, client: Client) -> None:
    post = place.post(media_urls=[{"kind": "photo", "message_id": 1, "url": "https://t.me/put_k_sebe/1"}])
    small = PostThumbnail.objects.create(post=post, message_id=1, image=jpeg(), width=64, height=48)
    comment = draft(place, post)
    client.force_login(Staff.objects.create_superuser("anna", password=None))
    picture = reverse("admin:commentators_telegrampost_thumbnail", args=[small.pk])
    pages = [
        reverse("admin:commentators_telegrampost_changelist"),
        reverse("admin:commentators_telegrampost_change", args=[post.pk]),
        reverse("admin:commentators_generatedcomment_review_decide", args=[comment.pk]),
    ]
    for address in pages:
        assert picture in client.get(address).content.decode()
    for address in pages[1:]:
        assert "https://t.me/put_k_sebe/1" in client.get(address).content.decode()


# --- photos of comments -------------------------------------------------------------------------


def test_the_library_takes_pictures_and_refuses_the_rest(client: Client) -> None:
    client.force_login(Staff.objects.create_superuser("anna", password=None))
    address = reverse("admin:commentators_commentphoto_add")
    wrong = SimpleUploadedFile("a.jpg", b"<script>", "image/jpeg")
    assert client.post(address, {"file": wrong, "description": "Тропа"}).status_code == 200
    assert not CommentPhoto.objects.exists()
    right = SimpleUploadedFile("a.jpg", jpeg((3200, 100)), "image/jpeg")
    client.post(address, {"file": right, "description": "Тропа", "is_active": "on"})
    kept = CommentPhoto.objects.get()
    assert (kept.width, kept.height, kept.is_active) == (1600, 50, True)
    page = reverse("admin:commentators_commentphoto_change", args=[kept.pk])
    client.post(page, {"description": "Лес"})
    changed = CommentPhoto.objects.get()
    assert (changed.description, changed.is_active, bytes(changed.image)) == ("Лес", False, bytes(kept.image))


def test_a_draft_gets_a_picture_or_leaves_it_out(place: Place, staff: Staff) -> None:
    comment, picture = draft(place, place.post()), photo()
    services.choose_photo(comment.id, staff, picture.pk)
    comment.refresh_from_db()
    assert comment.photo == picture
    services.choose_photo(comment.id, staff, None)
    comment.refresh_from_db()
    assert comment.photo is None
    picture.is_active = False
    picture.save()
    with pytest.raises(ValidationError):
        services.choose_photo(comment.id, staff, picture.pk)


def test_a_caption_may_be_a_quarter_of_a_text() -> None:
    long = "А вы бы с чего начали? " + "🌱" * 520
    assert [refusal.code for refusal in check_draft(long, post_text=TEXT)] == []
    assert [refusal.code for refusal in check_draft(long, post_text=TEXT, with_photo=True)] == ["long"]


def test_a_photo_goes_out_once_with_its_caption(place: Place) -> None:
    async def act(telegram: Scene, gateway: MtprotoGateway) -> None:
        post = telegram.publish("Пост")
        await gateway.resolve("kanal")
        group, copy = await gateway.comment_place(telegram.place, post.id)
        comment = Outgoing(group, "Подпись", 77, copy, jpeg((700, 500)))
        sent = await gateway.send(comment)
        with pytest.raises(AlreadySent):
            await gateway.send(comment)
        (entry,) = telegram.ledger
        assert (entry.random_id, entry.text, entry.reply_to) == (77, "Подпись", copy)
        (found,) = await gateway.messages(group, [sent.message_id])
        assert found.media == "photo"
        assert await gateway.find_own(comment, found.date) == [sent]
        small = (await gateway.thumbnails(group, [sent.message_id]))[sent.message_id]
        assert Image.open(io.BytesIO(small)).size == (320, 229)
        with pytest.raises(BadMessage):
            await gateway.send(Outgoing(group, "х" * 1025, 78, copy, jpeg()))

    play(place, act)


def test_a_private_photo_is_answered_with_its_number(place: Place) -> None:
    async def act(telegram: Scene, gateway: MtprotoGateway) -> None:
        me = await gateway.profile()
        sent = await gateway.send(Outgoing(Peer(PeerKind.USER, me.id), "Себе", 5, photo=jpeg()))
        assert telegram.anna.messages[sent.message_id].media is not None

    play(place, act)
