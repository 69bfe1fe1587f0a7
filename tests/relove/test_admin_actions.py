"""Decisions made on pages: who may make them, what they say before and after."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts_mgmt import pauses
from accounts_mgmt.models import AccountCall, AccountChatHold, AccountSecurityLog
from commentators.models import CommentKey, GeneratedComment, TelegramChannel
from relove.models import SessionLog
from tests.admin_scene import Scene

COMMENTS = "admin:commentators_generatedcomment"
ACCOUNT = "admin:accounts_mgmt_telegramaccountsession"


@pytest.fixture
def scene(db: None) -> Scene:
    return Scene(rows=3)


@pytest.fixture
def page(client: Client, scene: Scene) -> Client:
    client.force_login(scene.staff)
    return client


def many(page: Client, action: str, rows: list[GeneratedComment], **fields: str) -> str:
    form: dict[str, Any] = {"action": action, "index": "0", "_selected_action": [row.pk for row in rows], **fields}
    return page.post(reverse(f"{COMMENTS}_changelist"), form, follow=True).content.decode()


def state(comment: GeneratedComment) -> str:
    comment.refresh_from_db()
    return comment.status


def test_a_bulk_action_asks_first_and_does_nothing(page: Client, scene: Scene) -> None:
    text = many(page, "approve_drafts", scene.comments["draft"])

    assert "Одобрить комментарии: 3" in text
    assert {state(comment) for comment in scene.comments["draft"]} == {"draft"}


def test_it_says_how_many_were_done_and_why_others_were_not(page: Client, scene: Scene) -> None:
    rows = [*scene.comments["draft"], scene.comments["sent"][0]]

    text = many(page, "approve_drafts", rows, confirmed="1")

    assert "Одобрено: 3." in text
    assert "Пропущено: 1." in text
    assert "Сейчас состояние «отправлен»." in text


def test_rejecting_many_needs_a_reason(page: Client, scene: Scene) -> None:
    text = many(page, "reject_drafts", scene.comments["draft"], confirmed="1")
    assert "Отклонить комментарии: 3" in text

    many(page, "reject_drafts", scene.comments["draft"], confirmed="1", reason_text="Устарело")
    scene.comments["draft"][0].refresh_from_db()
    assert scene.comments["draft"][0].failed_reason == "Устарело"


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        ("cancel_comments", "pending", "cancelled"),
        ("retry_comments", "failed", "pending"),
        ("check_comments", "unknown", "unknown"),
    ],
)
def test_other_decisions_in_bulk(page: Client, scene: Scene, action: str, before: str, after: str) -> None:
    text = many(page, action, scene.comments[before], confirmed="1")

    assert "Пропущено" not in text
    assert {state(comment) for comment in scene.comments[before]} == {after}


def test_a_decision_on_one_comment_is_never_made_by_following_a_link(page: Client, scene: Scene) -> None:
    comment = scene.comments["draft"][0]
    address = reverse("admin:commentators_generatedcomment_approve_one", args=[comment.pk])

    assert "Одобрить комментарии: 1" in page.get(address).content.decode()
    assert state(comment) == "draft"

    page.post(address, {"confirmed": "1"})
    assert state(comment) == "pending"


@pytest.mark.parametrize(("action", "after"), [("found_one", "sent"), ("missing_one", "failed")])
def test_a_person_decides_what_nobody_could_read(page: Client, scene: Scene, action: str, after: str) -> None:
    comment = scene.comments["unknown"][0]
    address = reverse(f"{COMMENTS}_{action}", args=[comment.pk])

    page.get(address)
    assert state(comment) == "unknown"

    page.post(address, {"confirmed": "1"})
    assert state(comment) == after


def test_only_fitting_decisions_are_offered(page: Client, scene: Scene) -> None:
    text = page.get(reverse(f"{COMMENTS}_change", args=[scene.comments["failed"][0].pk])).content.decode()

    assert "retry_one" in text
    assert "approve_one" not in text


def test_viewing_is_not_deciding(client: Client, scene: Scene) -> None:
    scene.staff.is_superuser = False
    scene.staff.save()
    scene.staff.user_permissions.add(Permission.objects.get(codename="view_generatedcomment"))
    client.force_login(scene.staff)
    comment = scene.comments["draft"][0]

    seen = client.get(reverse(f"{COMMENTS}_review"))
    refused = client.post(reverse(f"{COMMENTS}_review_decide", args=[comment.pk]), {"what": "approve"})

    assert seen.status_code == 200
    assert "data-approve" not in seen.content.decode()
    assert refused.status_code == 403
    assert state(comment) == "draft"


def test_an_edit_that_fails_the_checks_is_refused_with_the_reason(page: Client, scene: Scene) -> None:
    comment = scene.comments["draft"][0]
    address = reverse(f"{COMMENTS}_review_decide", args=[comment.pk])

    answer = page.post(address, {"what": "edit_approve", "text": "Смотрите https://example.com"})

    assert "В тексте есть ссылка." in answer.json()["reason"]
    assert state(comment) == "draft"


def test_adding_a_channel_asks_telegram_and_shows_the_answer(page: Client, scene: Scene) -> None:
    scene.account.session = _any_session()
    scene.account.save()

    answer = page.post(reverse("admin:commentators_telegramchannel_add"), {"name": "https://t.me/Put_k_sebe"})

    call = AccountCall.objects.latest("id")
    channel = TelegramChannel.objects.get(username="put_k_sebe")
    progress = reverse("admin:accounts_mgmt_accountcall_progress", args=[call.pk])
    assert answer["Location"].startswith(progress)
    waiting = page.get(answer["Location"]).content.decode()
    assert "Ожидает" in waiting
    assert "hx-trigger" in waiting

    AccountCall.objects.filter(pk=call.pk).update(state="refused", error="Такого имени в Telegram нет.")
    part = page.get(answer["Location"], headers={"HX-Request": "true"}).content.decode()
    assert "Такого имени в Telegram нет." in part
    assert "hx-trigger" not in part
    assert "<html" not in part
    assert reverse("admin:commentators_telegramchannel_change", args=[channel.pk]) in part


def _any_session() -> Any:
    from relove.fields import Sealed

    return Sealed.seal("session", b"x")


@pytest.mark.parametrize("next_url", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_going_on_never_leads_to_another_site(page: Client, scene: Scene, next_url: str) -> None:
    call = AccountCall.objects.latest("id")
    address = reverse("admin:accounts_mgmt_accountcall_progress", args=[call.pk])

    text = page.get(address, {"next": next_url}).content.decode()

    assert f'href="{next_url}"' not in text


def test_a_wrong_name_is_refused_at_the_field(page: Client, scene: Scene) -> None:
    scene.account.session = _any_session()
    scene.account.save()

    answer = page.post(reverse("admin:commentators_telegramchannel_add"), {"name": "два слова"})

    assert "Напишите канал как @имя" in answer.content.decode()


def test_pausing_an_account_leads_to_the_page_of_pauses(page: Client, scene: Scene) -> None:
    answer = page.get(reverse(f"{ACCOUNT}_pause_account", args=[scene.account.pk]))
    assert answer["Location"] == reverse("admin:accounts_mgmt_pause_one", args=["account", scene.account.pk])


def test_resuming_ends_the_pause(page: Client, scene: Scene) -> None:
    pauses.set_pause("account", scene.account.pk, scene.staff)

    page.post(reverse(f"{ACCOUNT}_resume_account", args=[scene.account.pk]), {"confirmed": "1"})

    assert pauses.standing("account", scene.account.pk) is None
    assert AccountSecurityLog.objects.latest("id").event == "resumed"


@pytest.mark.parametrize("action", ["write_disclosure", "resume_account"])
def test_an_action_on_an_account_is_never_done_by_following_a_link(
    page: Client, scene: Scene, action: str
) -> None:
    calls, events = AccountCall.objects.count(), AccountSecurityLog.objects.count()

    answer = page.get(reverse(f"{ACCOUNT}_{action}", args=[scene.account.pk]), {"confirmed": "1", "hours": "1"})

    assert answer.status_code == 200
    assert 'name="confirmed"' in answer.content.decode()
    assert (AccountCall.objects.count(), AccountSecurityLog.objects.count()) == (calls, events)


def test_reading_a_profile_is_asked_of_the_account(page: Client, scene: Scene) -> None:
    page.get(reverse(f"{ACCOUNT}_act", args=[scene.account.pk]), {"do": "profile"})
    assert not AccountCall.objects.filter(kind="profile", asked_by=scene.staff).exists(), (
        "following a link asks nothing"
    )
    page.post(reverse(f"{ACCOUNT}_act", args=[scene.account.pk]), {"do": "profile"})

    call = AccountCall.objects.latest("id")
    assert (call.kind, call.account, call.asked_by) == ("profile", scene.account, scene.staff)


def found(page: Client, table: str, **query: str) -> int:
    """How many rows the list shows for this query."""
    answer = page.get(reverse(f"admin:{table}_changelist"), query)
    assert answer.status_code == 200, query
    return len(answer.context["cl"].result_list)


@pytest.mark.parametrize(
    "table",
    ["accounts_mgmt_accountsecuritylog", "accounts_mgmt_accountchathold", "relove_sessionlog"],
)
def test_logs_of_accounts_are_found_by_the_accounts_name(page: Client, scene: Scene, table: str) -> None:
    cache.clear()  # names of accounts are remembered for ten seconds
    cache.clear()  # names of accounts are remembered for ten seconds
    everything = found(page, table)

    assert everything > 0
    assert found(page, table, q="МАРИЯ") == everything
    assert found(page, table, q="Никого") == 0


def test_work_sessions_are_found_by_the_person_too(page: Client, scene: Scene) -> None:
    SessionLog.objects.create(session_type="comment", user=scene.person, start_time=scene.now)

    assert found(page, "relove_sessionlog", q="olga") == 1


def test_waits_in_chats_are_filtered_by_account_and_length(page: Client, scene: Scene) -> None:
    table = "accounts_mgmt_accountchathold"
    soon = timezone.now() + timedelta(hours=1)
    AccountChatHold.objects.create(account=scene.account, chat=scene.channel.chat, reason="x", until=soon)

    assert found(page, table) == 2
    assert found(page, table, length="passing") == found(page, table, length="lasting") == 1
    assert found(page, table, account__id__exact=str(scene.account.pk)) == 2


def lift(client: Client, hold: AccountChatHold, **fields: str) -> str:
    form = {"action": "lift_holds", "index": "0", "_selected_action": [hold.pk], **fields}
    place = reverse("admin:accounts_mgmt_accountchathold_changelist")
    return client.post(place, form, follow=True).content.decode()


def test_a_wait_in_a_chat_is_lifted_after_a_question_and_written_down(page: Client, scene: Scene) -> None:
    hold = AccountChatHold.objects.get()

    assert 'name="confirmed"' in lift(page, hold)
    assert AccountChatHold.objects.exists()

    lift(page, hold, confirmed="1")
    assert not AccountChatHold.objects.exists()
    event = AccountSecurityLog.objects.latest("id")
    assert (event.event, event.staff, event.details["reason"]) == ("resumed", scene.staff, "slow mode")
    assert event.details["chat"] == str(scene.channel.discussion)


def test_who_may_only_look_lifts_no_wait(client: Client, scene: Scene) -> None:
    scene.staff.is_superuser = False
    scene.staff.save()
    scene.staff.user_permissions.add(Permission.objects.get(codename="view_accountchathold"))
    client.force_login(scene.staff)

    lift(client, AccountChatHold.objects.get(), confirmed="1")

    assert AccountChatHold.objects.exists()


def test_a_comment_shows_its_unique_keys(page: Client, scene: Scene) -> None:
    comment = scene.comments["sent"][0]
    place = reverse(f"{COMMENTS}_change", args=[comment.pk])
    without = page.get(place).content.decode()
    CommentKey.objects.create(
        comment_id=comment.pk, post_id=comment.post_id, account=scene.commentator, random_id=8123456789
    )

    assert "8123456789" not in without
    assert "8123456789" in page.get(place).content.decode()
