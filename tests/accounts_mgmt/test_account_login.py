"""Connecting an account from the terminal, through a running system."""

import re
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts_mgmt.models import SignIn, TelegramAccountSession
from relove.sandbox.client import SandboxClient
from tests.live import running_runner, running_sandbox, wait_for

PHONE, PASSWORD = "+79990001133", "стрекоза-7"


@pytest.fixture
def sandbox(transactional_db: None, settings: Any) -> Iterator[SandboxClient]:
    with running_sandbox(settings) as client:
        client.add_user("Вера", username="vera", phone=PHONE[1:], password=PASSWORD)
        with running_runner():
            yield client


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, sandbox: SandboxClient) -> list[str]:
    """A person at the terminal: answers by what the question begins with. Keeps the questions."""
    asked: list[str] = []
    codes = ["00000x"]

    def answer(question: str) -> str:
        asked.append(question)
        if question.startswith("Phone"):
            return "8 999 000-11-33"
        if question.startswith("Code"):
            return codes.pop() if codes else sandbox.code(PHONE)
        assert question.startswith("Second")
        return PASSWORD

    monkeypatch.setattr("builtins.input", answer)
    monkeypatch.setattr("getpass.getpass", answer)
    return asked


def test_by_a_code_and_the_second_password(typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    call_command("account_login", "Вера", "--role=main")
    account = TelegramAccountSession.objects.get()
    assert (account.label, account.role, account.state, account.username) == ("Вера", "main", "active", "vera")
    assert [question.split()[0] for question in typed] == ["Phone", "Code", "Code", "Second"]
    shown = capsys.readouterr()
    assert "@vera" in shown.out
    assert PASSWORD not in shown.out + shown.err
    with pytest.raises(CommandError, match="already: Вера"):
        call_command("account_login", "Вера")


def test_from_a_session_file(sandbox: SandboxClient, tmp_path: Path) -> None:
    def write(name: str, key: bytes) -> Path:
        with sqlite3.connect(tmp_path / name) as file:
            file.execute("CREATE TABLE sessions (dc_id INTEGER, server_address TEXT, port INTEGER, auth_key BLOB)")
            file.execute("INSERT INTO sessions VALUES (2, '203.0.113.9', 443, ?)", [key])
        file.close()
        return tmp_path / name

    with pytest.raises(CommandError):
        call_command("account_login", "Вера", f"--session-file={write('dead.session', b'x' * 256)}")
    assert not TelegramAccountSession.objects.exists()
    good = write("good.session", bytes.fromhex(sandbox.session("vera")["auth_key"]))
    call_command("account_login", "Вера", f"--session-file={good}")
    assert TelegramAccountSession.objects.get().username == "vera"
    (tmp_path / "text.session").write_text("no database")
    with pytest.raises(CommandError, match="neither"):
        call_command("account_login", "Вера", f"--session-file={tmp_path / 'text.session'}")


def test_breaking_off_leaves_nothing(sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(question: str) -> str:
        if question.startswith("Phone"):
            return PHONE
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", answer)
    with pytest.raises(KeyboardInterrupt):
        call_command("account_login", "Вера")
    assert not TelegramAccountSession.objects.exists()
    assert not SignIn.objects.exists()


def test_the_qr_code_is_drawn_in_the_terminal(typed: list[str], sandbox: SandboxClient) -> None:
    screen = StringIO()

    def scan() -> None:
        link = wait_for(lambda: re.search(r"tg://login\?token=[\w-]+", screen.getvalue()), "a link is shown")
        sandbox.scan("vera", link[0])

    with ThreadPoolExecutor(1) as pool:
        scanned = pool.submit(scan)
        call_command("account_login", "Вера", "--qr", stdout=screen)
        scanned.result()
    assert "▄" in screen.getvalue()
    assert TelegramAccountSession.objects.get().state == "active"
