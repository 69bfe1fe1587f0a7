"""What versions achieved, and the last messages under another threshold."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts_mgmt.models import Contact, TelegramAccountSession
from relove.models import Staff
from sales import reports
from sales.models import ClientConversation
from sales.strategy import Strategy
from tests.sales.scene import NOW, live_script, main_account, say
from tests.sales.test_answering import answer


@pytest.fixture
def account(db: None) -> TelegramAccountSession:
    return main_account()


def dialogue(account: TelegramAccountSession) -> None:
    """Greeted, told, offered, agreed: the last step does something."""
    said = (
        ("Здравствуйте", "other"),
        ("После развода тяжело", "рассказ"),
        ("Уже год", "рассказ"),
        ("Да", "согласие"),
    )
    for number, (text, intent) in enumerate(said, 1):
        answer(say(account, text, number), intent=intent)
    answer(say(account, "А кошки видят сны", 5), score=0.3)


def test_a_version_is_reported_with_stages_programmes_and_what_went_wrong(account: TelegramAccountSession) -> None:
    script = live_script("automatic")
    dialogue(account)
    Contact.objects.update(stopped_at=NOW)
    (report,) = reports.by_version(script)
    assert (report.version.number, report.dialogues, report.stopped) == (1, 1, 1)
    assert report.handed_over + report.free >= 1
    assert {"знакомство", "потребность", "предложение", "закрытие"} <= report.stages.keys()
    assert report.programmes == {ClientConversation.objects.get().programme: 1}
    assert ClientConversation.objects.get().programme == "Путь Героя"
    assert reports.first_touches(script) != []


def test_another_threshold_is_replayed_with_what_would_change_first(
    account: TelegramAccountSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = live_script("draft")
    for number, score in enumerate((0.95, 0.6, 0.75), 1):
        answer(say(account, f"Сообщение номер {number}", number), score=score)
    found = reports.replay(script, 0.5)
    assert [(each.row.score, each.changes) for each in found] == [(0.6, True), (0.75, False), (0.95, False)]
    assert found[0].would_be is Strategy.SCRIPT
    assert [each.changes for each in reports.replay(script, 0.7)] == [False, False, False]
    assert reports.REPLAYED == 200
    monkeypatch.setattr(reports, "REPLAYED", 2)
    assert {each.row.score for each in reports.replay(script, 0.5)} == {0.6, 0.75}, "the last ones alone"


@pytest.mark.parametrize("page", ["report", "threshold"])
def test_the_pages_open_empty_and_filled(account: TelegramAccountSession, client: Client, page: str) -> None:
    client.force_login(Staff.objects.create_superuser("anna"))
    address = reverse(f"admin:sales_salesscript_{page}")
    assert client.get(address).status_code == 200
    live_script("automatic")
    dialogue(account)
    filled = client.get(address)
    assert filled.status_code == 200
    assert "знакомство" in filled.content.decode() or page == "threshold"
    client.force_login(Staff.objects.create_user("stranger", is_staff=True))
    assert client.get(address).status_code == 403
