"""Account calls: asked by rows, carried out by the runner that holds the account."""

import asyncio
import math
import threading
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.utils import timezone

from accounts_mgmt import calls
from accounts_mgmt.call_desk import CallDesk, finish
from accounts_mgmt.delivery import Held
from accounts_mgmt.leases import Lease
from accounts_mgmt.lines import Line
from accounts_mgmt.models import AccountCall, AccountSecurityLog, Pause, TelegramAccountSession
from relove.models import Staff
from relove.telegram.gateway import Gateway, Outgoing, Peer, PeerKind
from tests.accounts_mgmt.scene import Scene
from tests.live import running_runner, wait_for

State = AccountCall.State
Register = Callable[..., None]


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Register:
    """Register a kind for one test."""

    def register(name: str, run: calls.CallFunction, *, repeatable: bool = True) -> None:
        monkeypatch.setitem(calls._kinds, name, calls.Kind(name, run, repeatable))

    return register


def ask(scene: Scene, kind: str, account: int = 0, **arguments: Any) -> AccountCall:
    return calls.ask(scene.accounts[account].session_id, kind, arguments, now=timezone.now())


def answer(call: AccountCall) -> AccountCall:
    wait_for(lambda: not AccountCall.objects.open().filter(id=call.pk).exists(), f"{call.kind} is answered")
    call.refresh_from_db()
    assert call.finished_at is not None
    return call


async def resolve(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    found = await gateway.resolve(call.arguments["name"])
    return {"title": found.title}


async def say_to_oneself(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    me = await gateway.profile()
    sent = await gateway.send(Outgoing(Peer(PeerKind.USER, me.id), "раз", call.id))
    return {"id": sent.message_id}


# --- carried out --------------------------------------------------------------------------------


def test_a_call_is_answered_or_refused_with_a_sentence(scene: Scene, register: Register) -> None:
    register("resolve", resolve)
    with running_runner():
        done = answer(ask(scene, "resolve", name="put_k_sebe"))
        refused = answer(ask(scene, "resolve", name="nobody_here"))
        profile = answer(ask(scene, "profile", account=1))
    assert (done.state, done.result, done.error) == (State.DONE, {"title": "Путь к себе"}, "")
    assert (refused.state, refused.result) == (State.REFUSED, None)
    assert refused.error == "Такого имени в Telegram нет."
    assert profile.result is not None
    assert profile.result["username"] == "relove_pavel"


def test_a_lost_answer_is_unknown_unless_the_call_may_be_repeated(
    scene: Scene, register: Register, settings: Any
) -> None:
    register("say", say_to_oneself, repeatable=False)
    with running_runner():
        answer(ask(scene, "profile"))
        settings.TELEGRAM_REQUEST_TIMEOUT = 0.3
        for method in ("messages.SendMessage", "users.GetFullUser"):
            scene.client.add_fault("silence", method=method)
        repeatable = answer(ask(scene, "profile"))
        scene.client.clear_faults()
        scene.client.add_fault("silence", method="messages.SendMessage")
        lost = answer(ask(scene, "say"))
    assert (lost.state, bool(lost.error)) == (State.UNKNOWN, True)
    assert (repeatable.state, bool(repeatable.error)) == (State.REFUSED, True)


def test_a_session_lost_in_a_call_quarantines_the_account(scene: Scene) -> None:
    account = scene.accounts[0].session
    with running_runner():
        answer(ask(scene, "profile"))
        scene.client.add_fault("SESSION_REVOKED", method="users.GetFullUser", account=account.telegram_user_id)
        call = answer(ask(scene, "profile"))
        wait_for(lambda: held(account) is None, "it is let go")
    assert call.state == State.REFUSED
    account.refresh_from_db()
    assert account.state == TelegramAccountSession.State.SIGNED_OUT
    log = AccountSecurityLog.objects.get(event=AccountSecurityLog.Event.REVOKED)
    assert log.details == {"code": "SESSION_REVOKED", "request": "profile"}


def held(account: TelegramAccountSession) -> int | None:
    return TelegramAccountSession.objects.values_list("lease_token", flat=True).get(id=account.pk)


def test_what_a_dead_holder_left_is_repeated_or_unknown(scene: Scene, register: Register) -> None:
    register("say", say_to_oneself, repeatable=False)
    repeatable, once = ask(scene, "profile"), ask(scene, "say")
    AccountCall.objects.update(state=State.RUNNING, claimed_by=5)
    with running_runner():
        assert answer(repeatable).state == State.DONE
        assert answer(once).state == State.UNKNOWN
    assert not [entry for entry in scene.client.ledger() if entry["random_id"] == once.pk]


def test_what_this_runner_cannot_or_may_no_longer_do_is_left_alone(scene: Scene, register: Register) -> None:
    register("resolve", resolve)
    late = ask(scene, "resolve", name="put_k_sebe")
    foreign = ask(scene, "profile")
    AccountCall.objects.filter(id=late.pk).update(deadline=timezone.now() - timedelta(seconds=1))
    AccountCall.objects.filter(id=foreign.pk).update(kind="of_a_newer_version")
    with running_runner():
        answer(ask(scene, "resolve", name="put_k_sebe"))
    states = AccountCall.objects.filter(id__in=(late.pk, foreign.pk)).values_list("state", flat=True)
    assert list(states) == [State.WAITING, State.WAITING]


@pytest.mark.parametrize(("repeatable", "state"), [(True, State.REFUSED), (False, State.UNKNOWN)])
def test_a_fault_of_ours_is_an_answer_too(
    repeatable: bool, state: str, scene: Scene, register: Register, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
        raise ZeroDivisionError("of the test")

    async def talk(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
        return {"not for a column": object()}

    register("fail", fail, repeatable=repeatable)
    register("talk", talk, repeatable=repeatable)
    with running_runner():
        answers = [answer(ask(scene, kind)) for kind in ("fail", "talk")]
        assert answer(ask(scene, "profile")).state == State.DONE
    assert [one.state for one in answers] == [state, state]
    assert {one.error for one in answers} == {"Ошибка в программе; подробности в журнале."}
    assert "ZeroDivisionError: of the test" in caplog.text


def test_what_letting_go_cuts_short_waits_for_the_next_holder(scene: Scene, register: Register) -> None:
    begun = threading.Event()

    async def wait(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
        begun.set()
        return {"name": (await gateway.profile()).first_name}

    register("wait", wait)
    account = scene.accounts[0].session
    with running_runner():
        answer(ask(scene, "profile"))
        scene.client.add_fault("silence", method="users.GetFullUser", account=account.telegram_user_id)
        call = ask(scene, "wait")
        wait_for(begun.is_set, "it is under way")
        TelegramAccountSession.objects.filter(id=account.pk).update(state="disabled")
        wait_for(lambda: held(account) is None, "it is let go")
        waiting = AccountCall.objects.filter(id=call.pk, state=State.WAITING, claimed_by=None)
        wait_for(waiting.exists, "the call waits again")
        scene.client.clear_faults()
        TelegramAccountSession.objects.filter(id=account.pk).update(state="active")
        assert answer(call).result == {"name": "Анна"}


@pytest.mark.django_db(transaction=True)
def test_a_call_claimed_for_an_account_just_let_go_waits_again() -> None:
    account = TelegramAccountSession.objects.create(label="Анна", role="main", lease_token=7)
    call = calls.ask(account.pk, "profile", {}, now=timezone.now())
    ours = {account.pk: Held(Lease(account.pk, 7, math.inf), cast(Gateway, SimpleNamespace(connected=True)))}

    class SlowLine(Line):
        async def rows(self, sql: str, parameters: Any) -> list[Any]:
            found = await super().rows(sql, parameters)
            ours.clear()
            return found

    async def serve() -> None:
        line = SlowLine()
        desk = CallDesk(line, ours)
        await desk.serve()
        await desk.join()
        await line.close()

    asyncio.run(serve())
    call.refresh_from_db()
    assert (call.state, call.claimed_by, call.finished_at) == (State.WAITING, None, None)


def test_an_account_that_is_told_to_wait_asks_nothing(scene: Scene) -> None:
    account = TelegramAccountSession.objects.filter(id=scene.accounts[0].session_id)
    with running_runner():
        answer(ask(scene, "profile"))
        account.update(flood_until=timezone.now() + timedelta(hours=1))
        waiting = ask(scene, "profile")
        # a later call of another account has been served
        answer(ask(scene, "profile", account=1))
        waiting.refresh_from_db()
        assert waiting.state == State.WAITING
        # a pause concerns what is written, not what is asked
        account.update(flood_until=None)
        Pause.objects.create(level="everything")
        assert answer(waiting).state == State.DONE


# --- rows ---------------------------------------------------------------------------------------


@pytest.fixture
def account(db: None) -> TelegramAccountSession:
    return TelegramAccountSession.objects.create(label="Анна", role="main")


def test_asking_keeps_who_asked_and_how_long_it_may_wait(account: TelegramAccountSession) -> None:
    now, staff = timezone.now(), Staff.objects.create_user("olga")
    call = calls.ask(account.pk, "profile", {"a": 1}, now=now, asked_by=staff)
    call.refresh_from_db()
    assert (call.account, call.asked_by, call.state, call.arguments) == (account, staff, State.WAITING, {"a": 1})
    assert call.deadline == now + calls.PATIENCE


def test_an_unknown_kind_is_not_written_down(account: TelegramAccountSession) -> None:
    with pytest.raises(calls.UnknownKind, match="fly"):
        calls.ask(account.pk, "fly", {}, now=timezone.now())
    assert not AccountCall.objects.exists()


def test_calls_that_nobody_answered_are_closed(account: TelegramAccountSession) -> None:
    now = timezone.now()

    def call(state: str, ago: timedelta) -> AccountCall:
        return AccountCall.objects.create(account=account, kind="profile", state=state, deadline=now - ago)

    second, long = timedelta(seconds=1), calls.PATIENCE + timedelta(seconds=1)
    late, lost = call(State.WAITING, second), call(State.RUNNING, long)
    waiting, running = call(State.WAITING, -second), call(State.RUNNING, second)
    assert calls.expire(now) == 2
    for one, state in ((late, State.EXPIRED), (lost, State.UNKNOWN)):
        one.refresh_from_db()
        assert (one.state, one.finished_at, bool(one.error)) == (state, now, True)
    assert set(AccountCall.objects.open()) == {waiting, running}
    assert calls.expire(now) == 0


def test_a_former_holders_answer_is_not_written(account: TelegramAccountSession) -> None:
    call = AccountCall.objects.create(
        account=account, kind="profile", state=State.RUNNING, claimed_by=7, deadline=timezone.now()
    )
    finish(call.pk, 6, State.DONE, {"a": 1}, "")
    call.refresh_from_db()
    assert (call.state, call.result) == (State.RUNNING, None)
    finish(call.pk, 7, State.REFUSED, None, "почему " * 100)
    call.refresh_from_db()
    assert (call.state, len(call.error)) == (State.REFUSED, 255)
