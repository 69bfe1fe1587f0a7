"""An outbox whose database may know less than has been sent stands still until a person confirms."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts_mgmt import attending, freezing, pauses, staff_links
from accounts_mgmt.claims import statements
from accounts_mgmt.models import (
    AccountChatHold,
    OutboxWatch,
    StaffMessage,
    StaffTelegram,
    TelegramAccountSession,
)
from accounts_mgmt.outbox import OutgoingMessage, Status
from commentators.models import GeneratedComment
from relove import checkup, troubles
from relove.models import Chat, Staff, UserActivityLog
from tests.admin_scene import Scene

FROZEN = reverse("admin:accounts_mgmt_pause_frozen")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def scene(db: None) -> Scene:
    """An outbox that has been alive, with a message in every state, one of them to staff."""
    scene = Scene()
    freezing.begin()
    AccountChatHold.objects.all().delete()
    TelegramAccountSession.objects.update(role="main", state="active", lease_token=5)
    chat = Chat.objects.create(kind=Chat.Kind.PRIVATE, telegram_id=900)
    link = StaffTelegram.objects.create(staff=scene.staff, account=scene.account, chat=chat)
    staff_links.write(link, "Старое", StaffMessage.Purpose.ALERT, scene.now, HOUR)
    return scene


def last_alive(ago: timedelta, **fields: Any) -> datetime:
    beat: datetime = timezone.now() - ago
    OutboxWatch.objects.update(beat_at=beat, **fields)
    return beat


def claimable(kind: type[OutgoingMessage], account: TelegramAccountSession) -> int:
    """How many rows the claim itself would hand to a runner now."""
    parameters = {
        "accounts": [account.pk], "tokens": [5], "rooms": [50], "ahead": 3600.0,
        "suspects": False, "blocked": [], "limit": 100,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT before_the_claim")
        cursor.execute(statements(kind).claim, parameters)
        found = len(cursor.fetchall())
        cursor.execute("ROLLBACK TO before_the_claim")
    return found


@pytest.mark.parametrize(
    ("ago", "mark", "frozen"), [(HOUR - MINUTE, None, False), (HOUR + MINUTE, None, True), (MINUTE, MINUTE, True)]
)
def test_it_freezes_after_an_hour_of_silence_or_at_a_mark(
    scene: Scene, ago: timedelta, mark: timedelta | None, frozen: bool
) -> None:
    assert claimable(GeneratedComment, scene.account)
    last_alive(ago, restored_at=mark and timezone.now() - mark)
    freezing.begin()

    assert bool(freezing.standing()) is frozen
    assert bool(claimable(GeneratedComment, scene.account)) is not frozen
    # the next runner finds it as it is
    freezing.begin()
    assert bool(freezing.standing()) is frozen
    watch = OutboxWatch.objects.get()
    assert watch.beat_at > timezone.now() - MINUTE
    assert watch.restored_at is None


def test_a_long_silence_with_nothing_waiting_is_no_reason(scene: Scene) -> None:
    GeneratedComment.objects.unsettled().update(status=Status.CANCELLED)
    last_alive(HOUR + MINUTE)
    freezing.begin()
    assert freezing.standing() is None
    # but a person's yes to an old draft looks into the chat before it is sent
    assert not GeneratedComment.objects.drafts().filter(first_attempt_at=None).exists()


def test_a_new_database_sends(db: None) -> None:
    freezing.begin()
    freezing.begin()
    assert freezing.standing() is None


def test_a_living_runner_keeps_the_heartbeat_fresh(scene: Scene) -> None:
    last_alive(MINUTE)
    with connection.cursor() as cursor:
        cursor.execute(attending.BEAT, [1, "host", 1, 0])
    assert OutboxWatch.objects.get().beat_at > timezone.now() - MINUTE / 2


def test_what_may_have_left_is_looked_for_first(scene: Scene) -> None:
    beat = last_alive(3 * HOUR)
    GeneratedComment.objects.update(created_at=beat - HOUR)
    GeneratedComment.objects.filter(status=Status.CANCELLED).update(status=Status.SENDING, claimed_by=4)
    freezing.begin()
    states = dict(GeneratedComment.objects.values_list("id", "status"))
    was = {row.pk: state for state, rows in scene.comments.items() for row in rows}
    moved = {was[pk]: state for pk, state in states.items() if was[pk] != state}
    assert moved == {"pending": "unknown", "cancelled": "unknown"}
    looked_for = GeneratedComment.objects.exclude(first_attempt_at=None)
    assert set(looked_for.values_list("status", flat=True)) == {"draft", "unknown", "failed"}
    assert {row.first_attempt_at for row in looked_for} == {beat}
    assert not GeneratedComment.objects.unsettled().exclude(claimed_by=None).exists()


def test_only_new_messages_to_staff_pass(scene: Scene) -> None:
    assert claimable(StaffMessage, scene.account) == 1
    last_alive(2 * HOUR)
    freezing.begin()
    assert claimable(StaffMessage, scene.account) == 0
    assert StaffMessage.objects.get().status == Status.EXPIRED
    link = StaffTelegram.objects.get()
    staff_links.write(link, "Отправка заморожена", StaffMessage.Purpose.ALERT, timezone.now(), HOUR)
    assert claimable(StaffMessage, scene.account) == 1


def test_the_red_button_and_the_freeze_hold_each_for_itself(scene: Scene) -> None:
    last_alive(2 * HOUR)
    freezing.begin()
    pauses.set_pause("everything", None, scene.staff, reason="Ещё и так")
    assert pauses.lift("everything", None, scene.staff, "Можно")
    assert freezing.standing() is not None
    pauses.set_pause("everything", None, scene.staff)
    assert freezing.confirm(scene.staff, "Всё сверено")
    assert not freezing.confirm(scene.staff, "Ещё раз")
    assert pauses.standing("everything") is not None


def test_it_is_told_everywhere(scene: Scene, client: Client) -> None:
    assert freezing.check().startswith("not frozen, last heartbeat")
    last_alive(2 * HOUR)
    freezing.begin()
    with pytest.raises(checkup.Trouble, match="frozen since"):
        freezing.check()
    first = troubles.found(timezone.now())[0]
    assert (first.key, first.url, first.tell) == ("frozen", FROZEN, True)
    client.force_login(scene.staff)
    assert FROZEN in client.get(reverse("admin:index")).content.decode()
    # where the header's red button leads meanwhile
    assert client.get(reverse("admin:accounts_mgmt_pause_everything"))["Location"] == FROZEN


def test_a_person_with_the_right_confirms_with_a_reason(scene: Scene, client: Client) -> None:
    last_alive(2 * HOUR)
    freezing.begin()
    person = Staff.objects.create_user("olga", is_staff=True)
    client.force_login(person)
    assert client.get(FROZEN).status_code == 200
    assert client.post(FROZEN, {"reason_text": "Можно"}).status_code == 403
    person.user_permissions.add(Permission.objects.get(codename="change_pause"))
    client.post(FROZEN, {"reason_text": ""})
    freeze = freezing.standing()
    assert freeze is not None, "a reason is needed"
    client.post(FROZEN, {"reason_text": "Сверили с чатами"})

    freeze.refresh_from_db()
    assert (freeze.lifted_by, freeze.lift_reason) == (person, "Сверили с чатами")
    logged = UserActivityLog.objects.get(activity_type="resumed_frozen")
    assert (logged.staff, logged.details["reason"]) == (person, "Сверили с чатами")
    assert claimable(GeneratedComment, scene.account)
    assert "не заморожена" in client.get(FROZEN).content.decode()
