"""Which browser the tests take, and that a missing one is noticed where every test must run."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from tests.browser.conftest import browser_or_end, installed_browser

NAMES = ["chromium", "chromium-browser", "google-chrome"]


@pytest.mark.parametrize("name", NAMES)
def test_each_of_its_names_is_found(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert installed_browser() is None

    program = tmp_path / name
    program.touch(mode=0o755)
    assert installed_browser() == str(program)


def test_the_makefile_looks_for_the_same_names() -> None:
    text = (Path(settings.BASE_DIR) / "Makefile").read_text()

    assert re.findall(r"command -v (\S+) >/dev/null", text) == NAMES


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_missing_browser_is_a_failure_on_ci_and_a_skip_elsewhere(
    ci: str, outcome: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CI", ci)

    with pytest.raises(outcome, match="Chromium is missing"):
        browser_or_end()
