"""Pausing at every level: nothing leaves from the commit on, runners confirm it, and no burst follows."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts_mgmt import pauses
from accounts_mgmt.claims import GUARD
from accounts_mgmt.models import AccountSecurityLog, Pause, RunnerBeat
from accounts_mgmt.outbox import Guard, Status
from accounts_mgmt.stranded import end_stranded
from commentators.models import GeneratedComment
from relove.models import Staff, UserActivityLog
from tests.accounts_mgmt import scene as play
from tests.admin_scene import Scene
from tests.live import wait_for

EVERYTHING = reverse("admin:accounts_mgmt_pause_everything")


@pytest.fixture
def scene(db: None) -> Scene:
    return Scene()


@pytest.fixture
def page(client: Client, scene: Scene) -> Client:
    client.force_login(scene.staff)
    return client


def refused(comment: GeneratedComment) -> set[str]:
    """Why the comment may not leave because of pauses, as the runner asks it."""
    rows = GeneratedComment.objects.filter(pk=comment.pk)

    def fails(guard: Guard) -> bool:
        return not rows.filter(guard.condition).exists()

    return {str(guard.reason) for guard in GeneratedComment.guards() if fails(guard)} & {
        "Всё приостановлено.",
        "Аккаунт приостановлен.",
        "Канал приостановлен.",
        "Everything is paused.",
        "The account is paused.",
        "The channel is paused.",
    }


def test_each_level_holds_what_it_concerns(scene: Scene) -> None:
    comment = scene.comments["draft"][0]
    other = 999_999
    assert not refused(comment)
    for level, target in (("everything", None), ("account", scene.account.pk), ("channel", scene.channel.pk)):
        pauses.set_pause(level, target, scene.staff, reason="Проверка")
        assert len(refused(comment)) == 1, level
        assert pauses.lift(level, target, scene.staff)
        assert not refused(comment)
    pauses.set_pause("channel", other, scene.staff)
    pauses.set_pause("person", scene.account.pk, scene.staff)
    assert not refused(comment)


def test_a_pause_ends_by_itself(scene: Scene) -> None:
    pauses.set_pause("everything", None, scene.staff, until=timezone.now() + timedelta(hours=1))
    assert refused(scene.comments["draft"][0])
    Pause.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert not refused(scene.comments["draft"][0])
    assert pauses.standing("everything") is None


def test_who_paused_and_who_let_go_on_is_kept(scene: Scene) -> None:
    pauses.set_pause("account", scene.account.pk, scene.staff, reason="Отпуск владельца")
    pauses.lift("account", scene.account.pk, scene.staff, "Вернулась")
    pause = Pause.objects.get()
    assert (pause.paused_by, pause.reason, pause.lifted_by, pause.lift_reason) == (
        scene.staff,
        "Отпуск владельца",
        scene.staff,
        "Вернулась",
    )
    logged = UserActivityLog.objects.filter(subject_table="pauses").order_by("id")
    assert list(logged.values_list("activity_type", flat=True)) == ["paused_account", "resumed_account"]
    events = AccountSecurityLog.objects.filter(account=scene.account).order_by("id")
    assert list(events.values_list("event", flat=True))[-2:] == ["paused", "resumed"]


def test_a_second_pause_takes_the_place_of_the_first(scene: Scene) -> None:
    first = pauses.set_pause("account", scene.account.pk, scene.staff)
    second = pauses.set_pause("account", scene.account.pk, scene.staff, reason="Дольше")
    assert pauses.standing("account", scene.account.pk) == second
    first.refresh_from_db()
    assert first.lifted_at is not None


def test_going_on_takes_what_was_held_back_up_at_once(scene: Scene) -> None:
    (held,) = scene.comments["pending"]
    (waiting,) = scene.comments["draft"][:1]
    later = timezone.now() + timedelta(minutes=1)
    rows = GeneratedComment.objects.filter(pk__in=[held.pk, waiting.pk])
    rows.update(status=Status.PENDING, next_retry=later, failed_code="FLOOD_WAIT_60")
    rows.filter(pk=held.pk).update(failed_code=GUARD)
    pauses.set_pause("channel", scene.channel.pk, scene.staff)
    pauses.lift("channel", scene.channel.pk, scene.staff)
    assert rows.get(pk=held.pk).next_retry is None
    assert rows.get(pk=waiting.pk).next_retry == later, "Telegram's wait stands"


@pytest.mark.parametrize(("level", "target"), [("everything", 1), ("account", None)])
def test_a_pause_names_what_it_is_about(db: None, level: str, target: int | None) -> None:
    with pytest.raises(IntegrityError):
        Pause.objects.create(level=level, target_id=target)


def test_only_runners_that_live_are_counted(scene: Scene) -> None:
    pause = pauses.set_pause("everything", None, scene.staff)
    now = timezone.now()
    for number, (age, seen) in enumerate([(0, pause.pk), (1, 0), (60, 0)]):
        beat = now - timedelta(seconds=age)
        RunnerBeat.objects.create(id=number, host="h", pid=1, since=now, beat_at=beat, pause_seen=seen)
    assert pauses.obeyed(pause) == pauses.Obeyed(stopped=1, runners=2)


# --- pages --------------------------------------------------------------------------------------


def test_the_red_button_stands_on_every_page_and_needs_one_click(page: Client, scene: Scene) -> None:
    stop = reverse("admin:accounts_mgmt_pause_stop")
    for name in ("index", "section_system", "commentators_generatedcomment_review", "relove_staff_changelist"):
        assert stop in page.get(reverse(f"admin:{name}")).content.decode()
    assert page.post(stop)["Location"] == EVERYTHING
    assert pauses.standing("everything") is not None
    # the button gives way to the words at once
    assert stop not in page.get(reverse("admin:index")).content.decode()
    page.post(stop)
    assert Pause.objects.count() == 1, "pressed twice"


def test_the_red_button_is_no_link(page: Client) -> None:
    assert page.get(reverse("admin:accounts_mgmt_pause_stop")).status_code == 405


def test_anybody_may_stop_but_only_some_may_go_on(client: Client, scene: Scene) -> None:
    person = Staff.objects.create_user("olga", is_staff=True)
    client.force_login(person)
    client.post(reverse("admin:accounts_mgmt_pause_stop"))
    assert client.post(EVERYTHING, {"reason_text": "Можно"}).status_code == 403
    assert pauses.standing("everything") is not None

    person.user_permissions.add(Permission.objects.get(codename="change_pause"))
    client.post(EVERYTHING, {"reason_text": ""})
    assert pauses.standing("everything") is not None, "a reason is needed"
    client.post(EVERYTHING, {"reason_text": "Разобрались"})
    assert pauses.standing("everything") is None


@pytest.mark.parametrize("level", ["account", "channel", "person"])
def test_one_thing_is_paused_and_goes_on(page: Client, scene: Scene, level: str) -> None:
    target = {"account": scene.account, "channel": scene.channel, "person": scene.person}[level].pk
    address = reverse("admin:accounts_mgmt_pause_one", args=[level, target])
    page.post(address, {"hours": "8"})
    assert pauses.standing(level, target) is None, "a reason is needed"
    page.post(address, {"hours": "8", "reason_text": "Отпуск"})
    pause = pauses.standing(level, target)
    assert pause is not None
    assert pause.until > timezone.now() + timedelta(hours=7)
    assert "Отпуск" in page.get(address).content.decode()
    page.post(address, {"reason_text": "Вернулась"})
    assert pauses.standing(level, target) is None


def test_what_is_not_there_is_not_paused(page: Client, scene: Scene) -> None:
    for level, target in (("account", 10**6), ("nonsense", 1), ("script", 10**6)):
        page.post(reverse("admin:accounts_mgmt_pause_one", args=[level, target]), {"reason_text": "x"})
    assert not Pause.objects.exists()


# --- with real runners ----------------------------------------------------------------------------


@pytest.fixture
def stage(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[play.Scene]:
    with play.stage(settings, tmp_path) as scene:
        yield scene


@pytest.mark.processes
@pytest.mark.timeout(180)
def test_nothing_leaves_once_the_runners_have_confirmed(stage: play.Scene, django_user_model: Any) -> None:
    staff = django_user_model.objects.create_superuser("anna")
    pace = {"RELOVE_SEND_CEILING": "20"}
    with play.runner(stage, "127.0.0.2", **pace), play.runner(stage, "127.0.0.3", **pace):
        wait_for(lambda: RunnerBeat.objects.count() == 2, "both runners live")
        ids = stage.queue(posts=20)
        stage.wait_until_accepted(10)

        began = timezone.now()
        pause = pauses.set_pause("everything", None, staff)
        wait_for(lambda: pauses.obeyed(pause).by_all, "both runners have stopped")
        took = (timezone.now() - began).total_seconds()
        confirmed = len(stage.accepted())
        assert took < 2, f"{took:.2f} s"

        late = GeneratedComment.objects.filter(status=Status.PENDING).order_by("-id").values_list("id", flat=True)
        late_ids = list(late[:5])
        GeneratedComment.objects.filter(id__in=late_ids).update(expires_at=timezone.now() + timedelta(seconds=1))
        end_stranded()
        wait_for(lambda: timezone.now() > began + timedelta(seconds=4), "time for something to leave passes")
        assert len(stage.accepted()) == confirmed, "something left after the confirmation"
        assert confirmed < len(ids), "there was something to hold back"

        pauses.lift("everything", None, staff, "Разобрались")
        rest = len(ids) - len(late_ids)
        wait_for(lambda: len(stage.accepted()) == rest, "the rest leaves", 90)
        stage.wait_until_settled()

    moments = sorted(entry["time"] for entry in stage.accepted()[confirmed:])
    in_a_second = max(sum(start <= m < start + 1 for m in moments) for start in moments)
    assert in_a_second <= 22, "no burst after the pause"
    marked = GeneratedComment.objects.filter(status=Status.EXPIRED).values_list("id", flat=True)
    assert set(marked) == set(late_ids)
