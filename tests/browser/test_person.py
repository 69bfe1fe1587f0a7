"""A person's page in a browser: what is known of them, and their erasure, asked for twice."""

from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from diagnostics import services
from diagnostics.models import DiagnosticResult, JourneyProgress, UserSession
from relove.models import TelegramUser
from tests.admin_scene import Scene
from tests.browser.conftest import shoot
from tests.diagnostics.conftest import reference as reference

NARROW = {"width": 390, "height": 844}
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("reference")]


@pytest.fixture
def diagnosed(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TelegramUser:
    """The person of the scene with a result; what is kept beside the database stays in the test's folder."""
    monkeypatch.setenv("RELOVE_STATE_DIR", str(tmp_path))
    session, turn = services.start(scene.person, "ru", scene.now)
    services.answer(session.pk, "да", scene.now)
    while not turn.ended:
        turn = services.answer(session.pk, "2", scene.now)
    return scene.person


def look_narrow(page: Page, name: str) -> None:
    wide = page.viewport_size
    assert wide is not None
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    shoot(page, name)
    page.set_viewport_size(wide)


def test_a_person_is_looked_at_and_erased(page: Page, diagnosed: TelegramUser) -> None:
    page.goto(reverse("admin:relove_telegramuser_change", args=[diagnosed.pk]))
    expect(page.get_by_text("Получил результат диагностики").first).to_be_visible()
    shoot(page, "person")
    look_narrow(page, "person-narrow")
    page.get_by_role("link", name="Удалить данные человека").first.click()
    expect(page.get_by_text("Отменить это нельзя")).to_be_visible()
    shoot(page, "erase")
    look_narrow(page, "erase-narrow")
    assert DiagnosticResult.objects.exists(), "asking erases nothing"
    page.locator("main, #main").get_by_role("button", name="Удалить").last.click()
    expect(page.get_by_text("Данные человека удалены").first).to_be_visible()
    expect(page.get_by_text("Ольга")).to_have_count(0)
    assert not UserSession.objects.exists()
    assert TelegramUser.objects.get(pk=diagnosed.pk).first_name == ""


def test_what_a_questionnaire_came_to_is_shown_wide_and_narrow(page: Page, diagnosed: TelegramUser) -> None:
    DiagnosticResult.objects.update(wording="Вам важно чувствовать тепло, и это опора.")
    pages = {"result": DiagnosticResult, "session": UserSession, "progress": JourneyProgress}
    for name, model in pages.items():
        page.goto(reverse(f"admin:diagnostics_{model._meta.model_name}_change", args=[model.objects.get().pk]))
        expect(page.get_by_text("Ольга").first).to_be_visible()
        shoot(page, name)
        look_narrow(page, f"{name}-narrow")
