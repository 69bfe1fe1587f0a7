"""The questionnaire edited in a browser: words, weights, order, and what no answers lead to any more."""

from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from diagnostics.models import DiagnosticOption, DiagnosticQuestion
from tests.admin_scene import Scene
from tests.browser.conftest import shoot
from tests.diagnostics.conftest import reference as reference

NARROW = {"width": 390, "height": 844}
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _as_shipped(transactional_db: None, reference: None) -> Iterator[None]:
    """The questionnaire is every test's: what is changed here is put back."""
    tables = (DiagnosticQuestion, DiagnosticOption)
    before = [list(table.objects.all()) for table in tables]
    yield
    for table, rows in zip(tables, before, strict=True):
        fields = [field.name for field in table._meta.concrete_fields if not field.primary_key]
        table.objects.bulk_update(rows, fields)


def first() -> DiagnosticQuestion:
    found: DiagnosticQuestion = DiagnosticQuestion.objects.order_by("order", "id")[0]
    return found


def test_a_question_is_reworded_and_its_answers_weighed(page: Page, scene: Scene) -> None:
    question = DiagnosticQuestion.objects.filter(context="psychotype")[0]
    option = question.options.all()[0]
    page.goto(reverse("admin:diagnostics_diagnosticquestion_change", args=[question.pk]))
    shoot(page, "question")
    page.locator("#id_text").fill("Как вы выбираете путь?")
    page.locator("#id_options-0-text").fill("Сравниваю всё, что известно")
    page.locator("#id_options-0-psychotype_weight").fill("0")
    page.get_by_role("button", name="Сохранить и остаться").click()
    expect(page.get_by_text("Психотип и его вес задаются вместе").first).to_be_visible()
    shoot(page, "question-refused")
    assert DiagnosticOption.objects.get(pk=option.pk).psychotype_weight, "nothing is half stored"
    page.locator("#id_options-0-psychotype_weight").fill("4")
    page.get_by_role("button", name="Сохранить и остаться").click()
    expect(page.get_by_text("Психотип и его вес задаются вместе")).to_have_count(0)
    question.refresh_from_db()
    option.refresh_from_db()
    assert question.text == "Как вы выбираете путь?"
    assert (option.text, option.psychotype_weight) == ("Сравниваю всё, что известно", 4)
    page.set_viewport_size(NARROW)
    page.goto(page.url)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    shoot(page, "question-narrow")


def test_the_list_warns_of_what_is_lost_and_keeps_a_new_order(page: Page, scene: Scene) -> None:
    DiagnosticOption.objects.filter(stage="ORDEAL").update(stage=None, stage_weight=0)
    page.goto(reverse("admin:diagnostics_diagnosticquestion_changelist"))
    expect(page.get_by_text("Ни один набор ответов не ведёт сюда: Испытание")).to_be_visible()
    shoot(page, "questions")
    was = first()
    handles = page.locator(".material-symbols-outlined", has_text="drag_indicator")
    handles.nth(0).drag_to(handles.nth(2))
    page.get_by_role("button", name="Сохранить").last.click()
    page.wait_for_load_state()
    assert first() != was
