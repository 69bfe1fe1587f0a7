"""An account's page: who it is, how it is and until when, what it sent against its limits, what happened to it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts_mgmt import health, pauses
from accounts_mgmt.models import AccountSecurityLog, TelegramAccountSession
from commentators.models import GeneratedComment
from tests.admin_scene import Scene

Event = AccountSecurityLog.Event


@pytest.fixture
def scene(db: None) -> Scene:
    return Scene()


def page_of(account: TelegramAccountSession, client: Client, scene: Scene) -> tuple[dict[str, object], str]:
    """What the page's templates are given, and what a person reads there."""
    client.force_login(scene.staff)
    address = reverse("admin:accounts_mgmt_telegramaccountsession_change", args=[account.pk])
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.context, " ".join(answer.content.decode().split())


def test_who_it_is_and_that_it_is_well(client: Client, scene: Scene) -> None:
    account = scene.account
    account.bio = f"Чай. {account.disclosure}"
    account.save()
    context, read = page_of(account, client, scene)
    for words in (
        "Мария",
        "@maria_k",
        account.get_role_display(),
        "Анна Королёва",
        account.bio,
        "+7 ••• ••• 12 34",
    ):
        assert words in read
    assert [one["look"].variant for one in context["findings"]] == ["success"]


def test_what_holds_it_back_why_and_until_when(client: Client, scene: Scene) -> None:
    account, now = scene.account, timezone.now()
    until = now + timedelta(hours=2)
    account.flood_until, account.slowed_at = until, now - timedelta(hours=20)
    account.disclosure_seen_at = account.owner_consent_at = None
    account.state, account.state_reason = "limited", "Telegram ограничил аккаунт."
    account.save()
    pauses.set_pause("account", account.pk, scene.staff, until=until, reason="Отпуск владельца")
    context, read = page_of(account, client, scene)
    told = [(one["text"], bool(one["until"])) for one in context["findings"]]
    assert [ends for _text, ends in told] == [False, True, True, True, False, False]
    assert "Telegram ограничил аккаунт." in told[0][0]
    assert "Отпуск владельца" in told[1][0]
    assert all(text in read for text, _ends in told)


def test_sends_against_limits_and_waits_by_day(client: Client, scene: Scene) -> None:
    account, now = scene.account, timezone.localtime()
    sent = GeneratedComment.objects.filter(status="sent")
    sent.update(random_id=1, attempted_at=now, sent_at=now)
    health.log_event(account.pk, Event.FLOOD, code="FLOOD_WAIT", seconds=50)
    with translation.override("ru"):
        context, read = page_of(account, client, scene)
    [comments] = [one for one in context["today"] if one.most]
    assert (comments.sent, comments.most) == (1, scene.schedule.comments_per_day)
    assert (context["minute"].sent, context["minute"].most) == (1, 20)
    chart = context["chart"]
    assert (len(chart["bars"]), chart["times"], chart["seconds"]) == (14, 2, 80)
    assert [bar["height"] for bar in chart["bars"]] == [1] * 13 + [64]
    assert chart["bars"][-1]["title"] in read
    assert [row["why"] for row in context["log"]] == ["FLOOD_WAIT", ""]
