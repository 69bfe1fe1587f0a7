"""Earlier posts, as many as a person wishes: in pages, again after a crash, to an end that is told."""

from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts_mgmt import calls
from accounts_mgmt.models import AccountCall, TelegramAccountSession
from commentators import backfill, drafting, freshness, posts
from commentators.models import ChannelBackfill
from relove.db import in_thread
from relove.fields import Sealed
from relove.telegram.gateway import ChatForbidden
from relove.telegram.mtproto import MtprotoGateway
from tests.commentators.conftest import NOW, Place
from tests.commentators.reading import carry_out, play
from tests.relove.gateway_scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def readable(place: Place) -> Place:
    """With a listening account and a deputy that can read."""
    TelegramAccountSession.objects.update(session=Sealed.seal("session", "x"))
    place.channel.deputy = place.accounts[1].session
    place.channel.save()
    return place


def begin(place: Place, wanted: int) -> ChannelBackfill:
    return backfill.begin(place.channel.id, wanted, None, timezone.now())


def test_the_last_posts_are_read_in_pages(readable: Place) -> None:
    async def act(telegram: Scene, gateway: MtprotoGateway) -> None:
        for number in range(250):
            telegram.publish(f"Пост {number}")
        await in_thread(begin, readable, 230)
        done = await carry_out(gateway)
        assert [call.result for call in done] == [
            {"read": 100, "found": 100},
            {"read": 100, "found": 200},
            {"read": 30, "found": 230},
        ]

    play(readable, act)
    reading = ChannelBackfill.objects.get()
    assert (reading.found, reading.problem, reading.finished_at is not None) == (230, "", True)
    assert readable.channel.posts.count() == 230
    readable.channel.refresh_from_db()
    assert readable.channel.last_message_id == 0, "what is new is another reading's to find"


def test_a_channel_with_fewer_posts_ends_it_early(readable: Place) -> None:
    async def act(telegram: Scene, gateway: MtprotoGateway) -> None:
        telegram.publish("Один")
        telegram.publish("Два")
        await in_thread(begin, readable, 500)
        await carry_out(gateway)

    play(readable, act)
    assert ChannelBackfill.objects.filter(found=2, finished_at__isnull=False).exists()


def test_a_page_that_is_carried_out_twice_counts_once(readable: Place) -> None:
    async def act(telegram: Scene, gateway: MtprotoGateway) -> None:
        for number in range(5):
            telegram.publish(f"Пост {number}")
        await in_thread(begin, readable, 3)
        page = await in_thread(backfill.next_page, readable.channel.id)
        assert page is not None
        await gateway.resolve("kanal")
        # two holders of the account, one after the other, with the same page in hand
        half = replace(page, limit=2)
        messages = await gateway.history(page.place.address, limit=half.limit)
        assert await in_thread(backfill.keep, half, messages, NOW) == 2
        assert await in_thread(backfill.keep, half, messages, NOW) == 2
        await carry_out(gateway)

    play(readable, act)
    assert ChannelBackfill.objects.filter(found=3, finished_at__isnull=False).exists()
    assert readable.channel.posts.count() == 3


def test_a_chain_that_broke_is_taken_up_again(readable: Place) -> None:
    begin(readable, 10)
    AccountCall.objects.all().delete()
    assert backfill.ask_due(NOW) == 1
    assert backfill.ask_due(NOW) == 0, "one page at a time"


def test_where_the_listener_may_not_read_its_deputy_does_and_then_it_ends(readable: Place) -> None:
    begin(readable, 10)
    page = backfill.next_page(readable.channel.id)
    assert page is not None
    for account in readable.accounts:
        assert ChannelBackfill.objects.filter(finished_at=None).exists()
        call = calls.Call(1, account.session_id, {"channel": readable.channel.id})
        backfill.refused(page, call, ChatForbidden("CHANNEL_PRIVATE"), NOW)
    assert ChannelBackfill.objects.exclude(problem="").filter(finished_at=NOW).exists()
    asked = AccountCall.objects.filter(kind=backfill.KIND).values_list("account_id", flat=True).order_by("id")
    assert list(asked) == [account.session_id for account in readable.accounts]


def test_one_reading_at_a_time_of_a_number_that_makes_sense(readable: Place) -> None:
    for wrong in (0, backfill.MOST + 1):
        with pytest.raises(ValidationError):
            begin(readable, wrong)
    begin(readable, 10)
    with pytest.raises(ValidationError):
        begin(readable, 10)


def test_earlier_posts_get_no_draft_and_stay_what_they_are(readable: Place) -> None:
    post = readable.post(created_at=NOW)
    assert "слишком старый" in drafting.stale(post, NOW + freshness.limit() * 2)
    readable.channel.posts.update(stage="ignored")
    assert posts._worded(readable.channel, [post.message_id]) == 0, "read again, it does not come back"
