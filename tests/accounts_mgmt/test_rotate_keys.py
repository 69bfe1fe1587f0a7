"""Changing keys while the system runs."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from accounts_mgmt import keys
from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.sessions import open_session, seal_session
from relove.fields import KeyMissing, Sealed, new_key
from relove.telegram.session_data import session_at
from tests.accounts_mgmt.scene import ROOT, Scene, cluster

pytestmark = pytest.mark.django_db

COUNT = 7
# enough for a run that can be broken off between its first word and its end
MANY = 400


@pytest.fixture(autouse=True)
def rings(settings: Any) -> None:
    settings.PERSONAL_KEYS, settings.SESSION_KEYS = [new_key()], [new_key()]


@pytest.fixture
def accounts(rings: None) -> list[TelegramAccountSession]:
    return [
        TelegramAccountSession.objects.create(
            label=f"Аккаунт {n}",
            role="main",
            phone=Sealed.seal("personal", f"+7999000000{n}"),
            session=seal_session(session_at(2, bytes([n]) * 256)) if n else None,
        )
        for n in range(COUNT)
    ]


def change_keys(settings: Any) -> None:
    settings.PERSONAL_KEYS = [new_key(), *settings.PERSONAL_KEYS]
    settings.SESSION_KEYS = [new_key(), *settings.SESSION_KEYS]


def column(name: str) -> keys.Column:
    [found] = [c for c in keys.columns() if c.name == f"telegram_account_sessions.{name}"]
    return found


def assert_opens() -> None:
    for n, account in enumerate(TelegramAccountSession.objects.order_by("pk")):
        assert account.phone is not None
        assert account.phone.reveal_text() == f"+7999000000{n}"
        if n:
            assert open_session(account.pk).auth_key == bytes([n]) * 256


def test_afterwards_the_old_keys_are_not_needed(accounts: Any, settings: Any, capsys: Any) -> None:
    change_keys(settings)
    call_command("rotate_keys")
    assert f"{COUNT * 2 - 1} values sealed anew, 0 left" in capsys.readouterr().out
    settings.PERSONAL_KEYS, settings.SESSION_KEYS = settings.PERSONAL_KEYS[:1], settings.SESSION_KEYS[:1]
    assert_opens()
    call_command("rotate_keys")
    assert "0 values sealed anew, 0 left" in capsys.readouterr().out


def test_it_goes_on_where_it_was_interrupted(accounts: Any, settings: Any) -> None:
    change_keys(settings)

    def interrupt(column: keys.Column) -> None:
        if column.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        keys.rotate(column("phone"), interrupt, batch=2)
    assert_opens()
    assert keys.left(column("phone"), batch=2) == COUNT - 3
    again = column("phone")
    assert keys.rotate(again, batch=2) == again.total == COUNT - 3
    assert_opens()


def test_what_somebody_changes_meanwhile_is_not_overwritten(accounts: Any, settings: Any) -> None:
    change_keys(settings)
    old_ring = settings.PERSONAL_KEYS[1:]
    last = accounts[-1]

    def meddle(column: keys.Column) -> None:
        if column.done == 1:
            # a process that was started with the old ring writes
            current, settings.PERSONAL_KEYS = settings.PERSONAL_KEYS, old_ring
            TelegramAccountSession.objects.filter(pk=last.pk).update(phone=Sealed.seal("personal", "+79995554433"))
            settings.PERSONAL_KEYS = current

    assert keys.rotate(column("phone"), meddle) == COUNT - 1
    last.refresh_from_db()
    assert last.phone.reveal_text() == "+79995554433"
    assert keys.left(column("phone")) == 1
    assert keys.rotate(column("phone")) == 1
    last.refresh_from_db()
    assert last.phone.reveal_text() == "+79995554433"


def test_a_key_taken_out_too_early_is_told(accounts: Any, settings: Any) -> None:
    settings.PERSONAL_KEYS = [new_key()]
    with pytest.raises(CommandError, match="taken out too early"):
        call_command("rotate_keys")
    with pytest.raises(KeyMissing):
        keys.rotate(column("phone"))


def rings_as(personal: list[str], session: list[str]) -> dict[str, str]:
    return {"RELOVE_PERSONAL_KEYS": ",".join(personal), "RELOVE_SESSION_KEYS": ",".join(session)}


def idle_accounts() -> None:
    """Signed-in accounts that no runner holds, so that there is much to seal anew."""
    TelegramAccountSession.objects.bulk_create(
        TelegramAccountSession(
            label=f"Запасной {n}",
            role="main",
            state=TelegramAccountSession.State.DISABLED,
            phone=Sealed.seal("personal", f"+7999{n:07}"),
            session=seal_session(session_at(2, n.to_bytes(256))),
        )
        for n in range(MANY)
    )


@contextmanager
def command(scene: Scene, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """`manage.py rotate_keys` as somebody at a terminal runs it."""
    process = subprocess.Popen(
        [sys.executable, "-u", "manage.py", "rotate_keys"],
        cwd=ROOT,
        env={**scene.environment, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a shell that runs us in the background has it ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.processes
def test_while_a_runner_sends_it_is_broken_off_and_goes_on(scene: Scene, settings: Any) -> None:
    """Half of it done, the runner dies: its successor opens both kinds. At the end the new keys are enough."""
    idle_accounts()
    change_keys(settings)
    both = rings_as(settings.PERSONAL_KEYS, settings.SESSION_KEYS)
    new = rings_as(settings.PERSONAL_KEYS[:1], settings.SESSION_KEYS[:1])
    total = MANY + len(scene.accounts)
    ids = scene.queue(posts=80)
    with cluster(scene, RELOVE_SEND_CEILING="28", **both):
        scene.wait_until_accepted(10)
        with command(scene, **both) as first:
            assert first.stdout
            assert first.stderr
            # somebody else is at a row of the second half, so that the signal comes before the end
            with transaction.atomic():
                TelegramAccountSession.objects.select_for_update().get(label=f"Запасной {MANY // 2}")
                begun = f"telegram_account_sessions.phone: 100 of {total} …\n"
                assert any(line == begun for line in first.stdout), first.stderr.read()
                first.send_signal(signal.SIGINT)
            _out, told = first.communicate(timeout=30)
        assert first.returncode == 130
        assert told == "Interrupted. What was sealed anew stays so; run it again to go on.\n"
        left = keys.left(column("phone"))
        assert 0 < left <= total - 100
        for pid in scene.holders():
            os.kill(pid, signal.SIGKILL)
        scene.wait_until_accepted(len(scene.accepted()) + 10)
        with command(scene, **both) as second:
            said, _errors = second.communicate(timeout=30)
        assert second.returncode == 0
        assert f"telegram_account_sessions.phone: {left} of {left}\n" in said
        assert f"telegram_account_sessions.session: {total} of {total}\n" in said
        assert f"{left + total} values sealed anew, 0 left" in said
    assert len(scene.accepted()) < len(ids), "nothing was left to send when the keys were changed"
    with cluster(scene, **new):
        scene.wait_until_settled()
        scene.assert_each_sent_once(ids)
