"""The board of a study group: what it shows, and what staff do there."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts_mgmt.models import TelegramAccountSession
from education import playing
from education.models import EducationGroup, GroupMessage
from relove.models import Staff
from tests.education import scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def group() -> EducationGroup:
    return scene.begun_group(timezone.now())


@pytest.fixture
def page(client: Client, django_user_model: type[Staff]) -> Client:
    client.force_login(django_user_model.objects.create_superuser("admin"))
    return client


def do(page: Client, group: EducationGroup, what: str, **fields: str) -> EducationGroup:
    address = reverse("admin:education_educationgroup_change", args=[group.pk])
    assert page.post(address, {"do": what, **fields}).status_code == 302
    group.refresh_from_db()
    return group


def test_the_board_shows_roles_words_and_what_comes_next(page: Client, group: EducationGroup) -> None:
    text = page.get(reverse("admin:education_educationgroup_change", args=[group.pk])).content.decode()
    for words in ("Партнёр 0", "Рады видеть вас, Ольга", "Первое задание"):
        assert words in text
    assert page.get(reverse("admin:education_educationgroup_changelist")).status_code == 200


def test_staff_pause_skip_speak_and_end(page: Client, group: EducationGroup) -> None:
    assert do(page, group, "pause").state == "paused"
    assert do(page, group, "resume").state == "running"
    assert do(page, group, "step").is_hurried
    assert do(page, group, "skip").beat == 1
    do(page, group, "say", role="спрашивает", text="Можно уточнить?")
    row = GroupMessage.objects.get(purpose="hand")
    assert (row.origin, row.status) == ("person", "pending")
    assert do(page, group, "end").state == "ended"
    assert GroupMessage.objects.filter(purpose="summary", status="pending").exists()
    transcript = page.get(reverse("admin:education_educationgroup_transcript", args=[group.pk]))
    assert "программы с ИИ" in transcript.content.decode()
    assert do(page, group, "archive").state == "archived"


def test_a_manager_asks_for_a_group_with_the_scenario_before_their_eyes(page: Client) -> None:
    now = timezone.now()
    _host, _bots, client = scene.rows(now)
    address = reverse("admin:education_educationgroup_new", args=[client.pk])
    assert page.get(address).status_code == 200
    scene.live_scenario(now)
    assert "Рады видеть вас" in page.get(address).content.decode()
    page.post(address)
    assert EducationGroup.objects.get().user == client


def test_a_group_whose_speaker_was_stopped_stands_still_with_the_reason(
    page: Client, group: EducationGroup
) -> None:
    now = timezone.now()
    playing.advance(group.pk, now)
    row = GroupMessage.objects.get(purpose="")
    TelegramAccountSession.objects.filter(pk=row.sender_id).update(state="banned", state_reason="Заблокирован.")

    playing.advance(group.pk, now)
    group.refresh_from_db()
    assert (group.state, group.state_reason) == ("paused", f"{row.sender} не пишет: Заблокирован.")
    board = page.get(reverse("admin:education_educationgroup_change", args=[group.pk]))
    assert group.state_reason in board.content.decode()

    # while it is so, nobody makes it go on
    do(page, group, "resume")
    playing.advance(group.pk, now)
    group.refresh_from_db()
    assert group.state == "paused"
    TelegramAccountSession.objects.filter(pk=row.sender_id).update(state="active", state_reason="")
    do(page, group, "resume")
    playing.advance(group.pk, now)
    group.refresh_from_db()
    assert group.state == "running"


def test_a_line_set_aside_halts_the_group(group: EducationGroup) -> None:
    now = timezone.now()
    playing.advance(group.pk, now)
    GroupMessage.objects.filter(purpose="").update(set_aside=True, failed_reason="Трижды прервано.")
    playing.advance(group.pk, now)
    group.refresh_from_db()
    assert (group.state, group.state_reason) == ("paused", "Трижды прервано.")
