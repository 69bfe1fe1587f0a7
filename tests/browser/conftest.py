"""Chromium against the real application over ASGI; nothing on a page may break the content policy."""

import asyncio
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from django.conf import settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from relove.models import Staff
from tests.admin_scene import Scene

# Playwright keeps a running loop in the test's thread, where Django would refuse its ORM.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

RESULTS = Path(settings.BASE_DIR) / "test-results"
VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  const place = `${event.sourceFile}:${event.lineNumber}`;
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${place} ${event.sample}`);
});
"""


class AsgiServer:
    """Uvicorn in a thread of the test process, on a free port."""

    def __init__(self) -> None:
        from relove.asgi import application

        app = ASGIStaticFilesHandler(application)
        config = uvicorn.Config(
            app,
            host="127.0.0.1",
            port=0,
            lifespan="off",
            ws="websockets-sansio",
            log_level="warning",
            timeout_graceful_shutdown=2,
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        asyncio.run(self.server.serve())

    def start(self) -> "AsgiServer":
        self.thread.start()
        deadline = time.monotonic() + 10
        while not self.server.started:
            assert time.monotonic() < deadline, "the server did not start"
            self.thread.join(0.01)
        return self

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(10)

    @property
    def url(self) -> str:
        port = self.server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"


def installed_browser() -> str | None:
    """The first of the names that Chromium has on Linux systems; the Makefile looks for the same ones."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def browser_or_end() -> str:
    """Its path; without one the test is skipped, and fails where every test must run."""
    path = installed_browser()
    if path is None:
        end = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        end("Chromium is missing on this machine (apt-get install chromium)")
    return path


# Not for the session: while Playwright runs, no other test of this process can run an event loop.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = browser_or_end()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def site(transactional_db: None) -> Iterator[str]:
    server = AsgiServer().start()
    yield server.url
    server.stop()


@pytest.fixture
def scene(transactional_db: None) -> Scene:
    return Scene(rows=4)


@pytest.fixture
def context(chromium: Browser, site: str, scene: Scene) -> Iterator[BrowserContext]:
    context = signed_in(chromium, site, scene.staff)
    yield context
    context.close()


def signed_in(chromium: Browser, site: str, staff: Staff) -> BrowserContext:
    """A window of its own in which this person is signed in."""
    context = chromium.new_context(
        base_url=site,
        locale="ru-RU",
        timezone_id="Europe/Moscow",
        reduced_motion="reduce",
        viewport={"width": 1440, "height": 900},
    )
    context.set_default_timeout(5000)
    context.add_init_script(VIOLATIONS)
    client = Client()
    client.force_login(staff)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": site}])
    return context


@pytest.fixture
def faults() -> list[str]:
    """Errors of scripts and of the console, over all pages of a test."""
    return []


@pytest.fixture
def page(context: BrowserContext, faults: list[str]) -> Iterator[Page]:
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
    page.on("console", lambda message: _collect(message, page, faults))
    yield page
    faults += [f"{page.url}: {words}" for words in violations(page)]
    assert faults == []


def _collect(message: Any, page: Page, faults: list[str]) -> None:
    if message.type in ("error", "warning"):
        faults.append(f"{page.url}: {message.text}")


def violations(page: Page) -> list[str]:
    found: list[str] = page.evaluate("window.violations || []")
    return found


def shoot(page: Page, name: str) -> None:
    """Keep a picture under test-results/, which is not committed."""
    RESULTS.mkdir(exist_ok=True)
    page.screenshot(path=str(RESULTS / f"{name}.png"))
