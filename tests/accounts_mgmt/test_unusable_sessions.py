"""One session that cannot be used, or must not be, holds up no other account."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from accounts_mgmt import holding
from accounts_mgmt.models import AccountSecurityLog, TelegramAccountSession
from accounts_mgmt.sessions import seal_session
from relove.fields import Sealed, new_key
from relove.telegram.client import belongs_here
from relove.telegram.session import SessionData
from tests.accounts_mgmt.scene import Scene
from tests.live import running_runner, wait_for

State = TelegramAccountSession.State
REAL = "149.154.167.51"


def at(address: str) -> SessionData:
    return SessionData(b"k" * 256, 2, address, 443)


def of_a_lost_key(settings: Any) -> Sealed:
    keys, settings.SESSION_KEYS = settings.SESSION_KEYS, [new_key()]
    sealed = seal_session(at("127.0.0.1"))
    settings.SESSION_KEYS = keys
    return sealed


UNUSABLE: dict[str, Callable[[Any], Sealed]] = {
    "key lost": of_a_lost_key,
    "cut": lambda _: Sealed("session", b"1"),
    "no JSON": lambda _: Sealed.seal("session", "x"),
    "incomplete": lambda _: Sealed.seal("session", json.dumps({"dc": 2})),
    "real Telegram's": lambda _: seal_session(at(REAL)),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_it_is_set_apart_and_the_others_are_held(
    name: str, scene: Scene, settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(holding, "AVOID_SECONDS", 0.3)
    accounts = TelegramAccountSession.objects
    # taken first
    broken = scene.accounts[0].session
    usable = broken.session
    accounts.filter(id=broken.id).update(session=UNUSABLE[name](settings))
    with running_runner():
        others = accounts.exclude(id=broken.id).filter(security_logs__event="leased")
        wait_for(lambda: others.count() == len(scene.accounts) - 1, "the others are held")
        wait_for(lambda: accounts.exclude(state_reason="").filter(id=broken.id).exists(), "the reason is told")
        broken.refresh_from_db()
        assert broken.state == State.ACTIVE
        wait_for(lambda: caplog.text.count("is not connected") > 1, "it is tried again")
        log = AccountSecurityLog.objects.filter(account=broken, event="released")
        assert [row.details for row in log] == [{"reason": broken.state_reason}]
        # and once it can be used, it is
        accounts.filter(id=broken.id).update(session=usable)
        wait_for(
            lambda: accounts.filter(id=broken.id, state_reason="", security_logs__event="leased").exists(), ""
        )
    assert not scene.client.stats()["dead_keys"]


@pytest.mark.parametrize(
    ("gateway", "address", "here"),
    [
        ("telegram", REAL, True),
        ("telegram", "2001:67c:4e8:f002::a", True),
        ("telegram", "127.0.0.1", False),
        ("telegram", "10.0.0.7", False),
        ("telegram", "sandbox", False),
        ("sandbox", REAL, False),
        ("sandbox", "127.0.0.1", True),
        ("sandbox", "sandbox", True),
        ("sandbox", "91.108.56.7", True),
    ],
)
def test_a_session_belongs_to_the_sandbox_or_to_telegram(
    gateway: str, address: str, here: bool, settings: Any
) -> None:
    settings.TELEGRAM_GATEWAY = gateway
    settings.SANDBOX_TELEGRAM = "91.108.56.7:443"
    assert belongs_here(at(address)) == here
