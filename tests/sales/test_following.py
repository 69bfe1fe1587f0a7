"""What a client changes, takes back, reads or sends besides words, and what becomes of the answer."""

from typing import Any

import pytest
from django.utils import timezone

from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.outbox import Status
from accounts_mgmt.private import coming_in
from relove.management import sandbox_world
from relove.models import SessionLog
from sales.answering import find_setting, store
from sales.models import ConversationMessage
from tests.live import running_runner, running_sandbox, wait_for
from tests.sales.scene import NOW, live_script, main_account, message, say
from tests.sales.test_answering import answer, decided


@pytest.fixture
def account(db: None) -> TelegramAccountSession:
    return main_account()


def change(account: TelegramAccountSession, number: int, text: str) -> None:
    coming_in.edited(account.pk, message(number, text), NOW)


def stages() -> list[tuple[str, str]]:
    return list(ConversationMessage.objects.received().order_by("id").values_list("text", "stage"))


def test_changed_words_take_the_draft_back_and_are_answered_as_they_are_now(
    account: TelegramAccountSession,
) -> None:
    live_script()
    row = say(account, "Здраствуйте")
    setting, made = find_setting(row.pk), decided(row)
    change(account, 1, "Здравствуйте")
    assert store(setting, made, NOW) is None, "what was being prepared answers words that stand no more"
    row.refresh_from_db()
    draft = answer(row)
    assert draft is not None
    change(account, 1, "Здравствуйте!")
    draft.refresh_from_db()
    assert draft.status == Status.CANCELLED
    assert stages() == [("Здравствуйте!", "wanted")]


def test_a_change_leaves_no_later_message_without_an_answer(account: TelegramAccountSession) -> None:
    live_script()
    say(account, "Сколко стоит")
    last = say(account, "И когда начало?", 2)
    change(account, 1, "Сколько стоит")
    assert stages() == [("Сколько стоит", ""), ("И когда начало?", "wanted")]
    assert find_setting(last.pk).said.text == "Сколько стоит\nИ когда начало?"


def test_what_was_answered_is_not_answered_again_but_looked_at(account: TelegramAccountSession) -> None:
    live_script("automatic")
    row = say(account, "Здравствуйте")
    assert answer(row) is not None
    change(account, 1, "Здравствуйте, я Ольга")
    row.refresh_from_db()
    assert (row.stage, bool(row.stage_reason)) == ("person", True)
    assert ConversationMessage.objects.filter(direction="out").count() == 1


def test_what_is_taken_back_is_not_answered_and_what_stays_is(account: TelegramAccountSession) -> None:
    live_script()
    first, second = say(account, "Здравствуйте"), say(account, "А какая погода?", 2)
    draft = answer(second)
    coming_in.deleted(account.pk, (2,), NOW)
    assert draft is not None
    draft.refresh_from_db()
    assert draft.status == Status.CANCELLED
    assert stages() == [("Здравствуйте", "wanted"), ("А какая погода?", "")]
    assert find_setting(first.pk).said.text == "Здравствуйте"
    coming_in.deleted(account.pk, (1,), NOW)
    assert [stage for _text, stage in stages()] == ["", ""]
    assert set(ConversationMessage.objects.received().values_list("status", flat=True)) == {Status.DELETED}


@pytest.mark.django_db(transaction=True)
def test_telegram_tells_of_changes_of_reading_and_of_what_is_no_text(settings: Any) -> None:
    heard = ConversationMessage.objects.received()
    with running_sandbox(settings) as telegram:
        telegram.world(sandbox_world.description())
        telegram.settings(people=False)
        main = sandbox_world.connect_main(telegram, timezone.now())
        sandbox_world.add_script(timezone.now(), automatic=True)
        kinds = ["voice", "round", "sticker", "document", "photo"]
        with running_runner():
            connected = SessionLog.objects.filter(account_id=main.pk, status="active")
            wait_for(connected.exists, "the account is connected")
            for kind in kinds:
                telegram.say("reader_lena", "relove_main", media=kind)
            wait_for(lambda: heard.count() == len(kinds), "everything has come")
            assert list(heard.order_by("id").values_list("media", "stage")) == [(kind, "person") for kind in kinds]
            assert heard.exclude(stage_reason="").count() == len(kinds)

            said = telegram.say("reader_igor", "relove_main", "Сколко стоит?")["id"]
            wait_for(heard.filter(text="Сколко стоит?", stage="wanted").exists, "it has come")
            telegram.edit_said("reader_igor", said, "Сколько стоит?")
            wait_for(heard.filter(text="Сколько стоит?", stage="wanted").exists, "the change is followed")
            telegram.read("relove_main", "reader_igor")
            wait_for(heard.filter(text="Сколько стоит?", is_read=True).exists, "it was read at another device")
            telegram.take_back("reader_igor", [said])
            wait_for(heard.filter(status=Status.DELETED, stage="").exists, "taking it back is followed")
    assert heard.filter(status=Status.DELETED).count() == 1
    assert not ConversationMessage.objects.filter(direction="out").exists()
