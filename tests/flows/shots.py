"""The pages of a client's journey as staff see them, photographed for docs/ (JOURNEY_SHOTS names the folder)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.urls import reverse
from playwright.sync_api import Page, sync_playwright

from diagnostics.models import DiagnosticResult
from education.models import EducationGroup
from relove.models import Staff
from sales.models import ConversationMessage
from tests.browser.conftest import AsgiServer, browser_or_end, signed_in

LIMIT = 200_000
# what is to be in the picture
SHOWN = {"journey-dialogue": "Вам есть 18 лет", "journey-person": "Получил результат диагностики"}


def take(folder: Path, staff: Staff, group: EducationGroup) -> None:
    """Raises AssertionError where a picture is larger than `LIMIT` bytes."""
    first = ConversationMessage.objects.received().order_by("id")[0]
    result = DiagnosticResult.objects.get()
    thread = f"?account={first.sender_id}&user={group.user_id}"
    pages = {
        "journey-dialogue": reverse("admin:sales_conversationmessage_inbox") + thread,
        "journey-result": reverse("admin:diagnostics_diagnosticresult_change", args=[result.pk]),
        "journey-board": reverse("admin:education_educationgroup_change", args=[group.pk]),
        "journey-person": reverse("admin:relove_telegramuser_change", args=[group.user_id]),
    }
    with _window(staff) as page:
        for name, address in pages.items():
            page.goto(address)
            page.wait_for_load_state("networkidle")
            if shown := SHOWN.get(name):
                page.get_by_text(shown).last.scroll_into_view_if_needed()
            file = folder / f"{name}.png"
            page.screenshot(path=str(file))
            assert file.stat().st_size < LIMIT, file


@contextmanager
def _window(staff: Staff) -> Iterator[Page]:
    server = AsgiServer().start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=browser_or_end(), args=["--no-sandbox", "--disable-dev-shm-usage"]
            )
            page = signed_in(browser, server.url, staff).new_page()
            page.set_default_timeout(60_000)
            yield page
            browser.close()
    finally:
        server.stop()
