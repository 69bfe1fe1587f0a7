"""Signing in through account calls: a real runner, a real server, what a person would type."""

import base64
import logging
import struct
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from accounts_mgmt import calls, handover, phones, signing_in
from accounts_mgmt.models import AccountCall, AccountSecurityLog, SignIn, TelegramAccountSession
from relove import sealing
from relove.models import Staff
from relove.sandbox.client import Answer, SandboxClient
from tests.live import running_runner, running_sandbox, wait_for

PHONE, SECOND_PHONE = "+79990001122", "+79990001133"
PASSWORD = "стрекоза-7-канарейка"
State, Step = TelegramAccountSession.State, SignIn.Step


@pytest.fixture
def sandbox(transactional_db: None, settings: Any) -> Iterator[SandboxClient]:
    with running_sandbox(settings) as client:
        yield client


@pytest.fixture
def anna(sandbox: SandboxClient) -> Answer:
    return sandbox.add_user("Анна", username="anna", phone=PHONE[1:])


@pytest.fixture
def vera(sandbox: SandboxClient) -> Answer:
    return sandbox.add_user(
        "Вера", username="vera", phone=SECOND_PHONE[1:], password=PASSWORD, password_hint="насекомое"
    )


@pytest.fixture
def staff(transactional_db: None) -> Staff:
    return Staff.objects.create_user("olga")


@pytest.fixture
def runner(sandbox: SandboxClient) -> Iterator[None]:
    with running_runner():
        yield


def begin(staff: Staff, method: str = "code", phone: str = PHONE, **fields: Any) -> TelegramAccountSession:
    if method != "code":
        phone = ""
    given = {"label": "Новый", "role": "commentator", "method": method, "phone": phone, "staff": staff}
    return signing_in.begin(**(given | {"now": timezone.now()} | fields))


def stage(account: TelegramAccountSession, step: str) -> SignIn:
    """The sign-in, once it stands there and nothing is being asked."""

    def there() -> SignIn | None:
        found = signing_in.under_way(account.pk, timezone.now())
        return found if found and found.step == step and not signing_in.answer_awaited(found) else None

    found: SignIn = wait_for(there, f"the sign-in stands at {step}")
    return found


def link_of(account: TelegramAccountSession) -> str:
    return stage(account, Step.LINK).shown_link


def problem(account: TelegramAccountSession, code: str) -> SignIn:
    def there() -> SignIn | None:
        found = signing_in.under_way(account.pk, timezone.now())
        return found if found and found.problem == code and not signing_in.answer_awaited(found) else None

    found: SignIn = wait_for(there, f"the sign-in has met {code}")
    return found


def signed_in(account: TelegramAccountSession, telegram_id: int) -> TelegramAccountSession:
    def there() -> bool:
        account.refresh_from_db()
        return account.state == State.ACTIVE and account.disclosure == ""

    wait_for(there, "the account is active")
    assert (account.telegram_user_id, SignIn.objects.count()) == (telegram_id, 0)
    return account


def test_by_a_code_and_then_the_account_works(
    runner: None, sandbox: SandboxClient, anna: Answer, staff: Staff
) -> None:
    account = begin(staff)
    sign_in = stage(account, Step.CODE)
    assert (sign_in.code_kind, sign_in.code_length, sign_in.next_kind) == ("app", 5, "sms")
    code = sandbox.code(PHONE)
    signing_in.hand_over_code(sign_in, f"{code[:2]} {code[2:]}", staff, timezone.now())
    signed_in(account, anna["id"])
    assert (account.username, account.phone_mask) == ("anna", "+7 ••• ••• 11 22")
    assert account.phone is not None
    assert account.phone.reveal_text() == PHONE
    tried = AccountCall.objects.get(kind="sign_in_code")
    wait_for(lambda: not AccountCall.objects.open().filter(account=account).exists(), "the step is answered")
    tried.refresh_from_db()
    assert (tried.state, tried.result) == ("done", {"name": "Анна", "username": "anna"})
    log = AccountSecurityLog.objects.get(event="signed_in")
    assert (log.staff, log.details) == (staff, {"method": "code"})
    call = calls.ask(account.pk, "profile", {}, now=timezone.now())
    wait_for(lambda: AccountCall.objects.filter(pk=call.pk, state="done").exists(), "the account answers calls")
    assert not sandbox.stats()["dead_keys"]


def test_a_wrong_code_is_told_and_the_right_one_still_counts(
    runner: None, sandbox: SandboxClient, anna: Answer, staff: Staff
) -> None:
    account = begin(staff)
    sign_in, code = stage(account, Step.CODE), sandbox.code(PHONE)
    signing_in.hand_over_code(sign_in, f"{(int(code) + 1) % 100_000:05}", staff, timezone.now())
    sign_in = problem(account, "PHONE_CODE_INVALID")
    assert sign_in.handed is None
    refused = AccountCall.objects.get(kind="sign_in_code")
    assert (refused.state, refused.arguments) == ("refused", {})
    signing_in.hand_over_code(sign_in, code, staff, timezone.now())
    signed_in(account, anna["id"])


def test_a_code_is_asked_for_again_in_its_time(
    runner: None, sandbox: SandboxClient, anna: Answer, staff: Staff
) -> None:
    account = begin(staff)
    sign_in = stage(account, Step.CODE)
    with pytest.raises(signing_in.TooEarly):
        signing_in.ask_code_again(sign_in, staff, timezone.now())
    signing_in.ask_code_again(sign_in, staff, timezone.now() + timedelta(seconds=61))
    wait_for(lambda: stage(account, Step.CODE).code_kind == "sms", "the code comes another way")
    signing_in.hand_over_code(stage(account, Step.CODE), sandbox.code(PHONE), staff, timezone.now())
    signed_in(account, anna["id"])


def test_an_expired_code_is_followed_by_a_new_one(
    runner: None, sandbox: SandboxClient, anna: Answer, staff: Staff
) -> None:
    account = begin(staff)
    sign_in, code = stage(account, Step.CODE), sandbox.code(PHONE)
    sandbox.settings(code_seconds=0)
    signing_in.hand_over_code(sign_in, code, staff, timezone.now())
    sign_in = problem(account, "PHONE_CODE_EXPIRED")
    sandbox.settings(code_seconds=300)
    signing_in.ask_code_again(sign_in, staff, timezone.now() + timedelta(seconds=61))
    wait_for(lambda: stage(account, Step.CODE).problem == "", "a new code is sent")
    signing_in.hand_over_code(stage(account, Step.CODE), sandbox.code(PHONE), staff, timezone.now())
    signed_in(account, anna["id"])


def test_the_second_password(runner: None, sandbox: SandboxClient, vera: Answer, staff: Staff) -> None:
    account = begin(staff, phone=SECOND_PHONE)
    signing_in.hand_over_code(stage(account, Step.CODE), sandbox.code(SECOND_PHONE), staff, timezone.now())
    sign_in = stage(account, Step.PASSWORD)
    assert sign_in.hint == "насекомое"
    signing_in.hand_over_password(sign_in, "не тот", staff, timezone.now())
    signing_in.hand_over_password(problem(account, "PASSWORD_HASH_INVALID"), PASSWORD, staff, timezone.now())
    signed_in(account, vera["id"])


def test_by_a_link_that_is_renewed_until_it_is_scanned(
    runner: None, sandbox: SandboxClient, anna: Answer, staff: Staff
) -> None:
    sandbox.settings(link_seconds=3)
    account = begin(staff, "link")
    first = link_of(account)
    link = wait_for(lambda: (new := link_of(account)) != first and new, "the link is renewed")
    sandbox.scan("anna", link)
    signed_in(account, anna["id"])
    assert account.phone_mask == "+7 ••• ••• 11 22"


def test_a_link_and_the_second_password(runner: None, sandbox: SandboxClient, vera: Answer, staff: Staff) -> None:
    account = begin(staff, "link")
    sandbox.scan("vera", link_of(account))
    signing_in.hand_over_password(stage(account, Step.PASSWORD), PASSWORD, staff, timezone.now())
    signed_in(account, vera["id"])


@pytest.mark.parametrize(
    ("fault", "code", "waits"),
    [("FLOOD_WAIT_600", "FLOOD_WAIT", True), ("PHONE_NUMBER_BANNED", "PHONE_NUMBER_BANNED", False)],
)
def test_what_telegram_refuses_stands_at_the_sign_in_alone(
    runner: None, sandbox: SandboxClient, anna: Answer, staff: Staff, fault: str, code: str, waits: bool
) -> None:
    sandbox.add_fault(fault, method="auth.SendCode")
    account = begin(staff)
    sign_in = problem(account, code)
    assert (sign_in.wait_until is not None) == waits
    account.refresh_from_db()
    assert (account.state, account.flood_until) == (State.SIGNING_IN, None)
    assert not AccountSecurityLog.objects.exists()


def test_a_number_without_an_account(runner: None, sandbox: SandboxClient, staff: Staff) -> None:
    account = begin(staff)
    signing_in.hand_over_code(stage(account, Step.CODE), sandbox.code(PHONE), staff, timezone.now())
    problem(account, "PHONE_NUMBER_UNOCCUPIED")


def test_another_data_centre(runner: None, sandbox: SandboxClient, anna: Answer, staff: Staff) -> None:
    sandbox.add_fault("PHONE_MIGRATE_4", method="auth.SendCode", times=1)
    account = begin(staff)
    signing_in.hand_over_code(stage(account, Step.CODE), sandbox.code(PHONE), staff, timezone.now())
    signed_in(account, anna["id"])


def test_a_sign_in_outlives_its_runner(sandbox: SandboxClient, anna: Answer, staff: Staff) -> None:
    with running_runner():
        by_code, by_link = begin(staff), begin(staff, "link")
        stage(by_code, Step.CODE)
        link = link_of(by_link)
    SignIn.objects.filter(account=by_link).update(link=None)
    with running_runner():
        signing_in.hand_over_code(stage(by_code, Step.CODE), sandbox.code(PHONE), staff, timezone.now())
        signed_in_row = wait_for(
            lambda: TelegramAccountSession.objects.filter(pk=by_code.pk, state=State.ACTIVE).first(), "signed in"
        )
        assert signed_in_row.telegram_user_id == anna["id"]
        assert wait_for(lambda: link_of(by_link), "the link is shown again") == link


def test_one_account_is_never_connected_twice(
    runner: None, sandbox: SandboxClient, anna: Answer, staff: Staff
) -> None:
    account = begin(staff)
    with pytest.raises(signing_in.AlreadyHere) as caught:
        begin(staff)
    assert caught.value.account == account
    signing_in.hand_over_code(stage(account, Step.CODE), sandbox.code(PHONE), staff, timezone.now())
    signed_in(account, anna["id"])
    twin = begin(staff, "link")
    sandbox.scan("anna", link_of(twin))
    problem(twin, "ACCOUNT_HERE_ALREADY")
    # the second session is ended again; the first goes on
    ended = [key["error"] for key in sandbox.stats()["dead_keys"]]
    assert ended == ["AUTH_KEY_UNREGISTERED"]
    call = calls.ask(account.pk, "profile", {}, now=timezone.now())
    wait_for(lambda: AccountCall.objects.filter(pk=call.pk, state="done").exists(), "the account answers calls")


def test_signing_in_again_keeps_the_account(
    runner: None, sandbox: SandboxClient, anna: Answer, vera: Answer, staff: Staff
) -> None:
    account = begin(staff)
    signing_in.hand_over_code(stage(account, Step.CODE), sandbox.code(PHONE), staff, timezone.now())
    signed_in(account, anna["id"])
    with pytest.raises(ValidationError):
        signing_in.begin_again(account, "code", staff, timezone.now())
    TelegramAccountSession.objects.filter(pk=account.pk).update(state=State.SIGNED_OUT, state_reason="Нет сессии")
    wait_for(lambda: not TelegramAccountSession.objects.exclude(lease_token=None).exists(), "it is let go")
    # somebody else scans: it is not this account
    signing_in.begin_again(account, "link", staff, timezone.now())
    sandbox.scan("vera", link_of(account))
    signing_in.hand_over_password(stage(account, Step.PASSWORD), PASSWORD, staff, timezone.now())
    signing_in.leave_off(problem(account, "ANOTHER_ACCOUNT"))
    account.refresh_from_db()
    assert (account.state, account.state_reason) == (State.SIGNED_OUT, "Нет сессии")
    signing_in.begin_again(account, "code", staff, timezone.now())
    signing_in.hand_over_code(stage(account, Step.CODE), sandbox.code(PHONE), staff, timezone.now())
    signed_in(account, anna["id"])


# --- existing sessions -----------------------------------------------------------------------------


def session_string(key: bytes) -> str:
    return (
        "1" + base64.urlsafe_b64encode(struct.pack(">B4sH256s", 2, bytes([149, 154, 167, 51]), 443, key)).decode()
    )


def test_an_existing_session_is_checked_before_it_is_kept(
    runner: None, sandbox: SandboxClient, anna: Answer, staff: Staff
) -> None:
    account = begin(staff, "import")
    sign_in = stage(account, Step.BEGUN)
    wait_for(lambda: handover.RunnerKey.objects.exists(), "the runner's key is known")
    signing_in.hand_over_session(sign_in, session_string(b"x" * 256), staff, timezone.now())
    sign_in = problem(account, "AUTH_KEY_UNREGISTERED")
    account.refresh_from_db()
    assert account.session is None
    signing_in.hand_over_session(sign_in, "not a session", staff, timezone.now())
    sign_in = problem(account, "NOT_A_SESSION")
    key = bytes.fromhex(sandbox.session("anna")["auth_key"])
    signing_in.hand_over_session(sign_in, session_string(key), staff, timezone.now())
    signed_in(account, anna["id"])


# --- rows --------------------------------------------------------------------------------------------


def test_what_nobody_finished_in_time_is_left_off(transactional_db: None, staff: Staff) -> None:
    new, now = begin(staff), timezone.now()
    old = TelegramAccountSession.objects.create(
        label="Пётр", role="main", state=State.SIGNED_OUT, state_reason="Нет"
    )
    signing_in.begin_again(old, "link", staff, now)
    assert signing_in.expire(now + timedelta(minutes=9)) == 0
    assert signing_in.expire(now + timedelta(minutes=11)) == 2
    assert not TelegramAccountSession.objects.filter(pk=new.pk).exists()
    old.refresh_from_db()
    assert (old.state, old.state_reason, SignIn.objects.count()) == (State.SIGNED_OUT, "Нет", 0)
    with pytest.raises(ValidationError, match=r"QR"):
        signing_in.begin_again(old, "code", staff, now)


def test_without_any_runner_nothing_is_handed_over(transactional_db: None, staff: Staff) -> None:
    account = begin(staff)
    sign_in = signing_in.under_way(account.pk, timezone.now())
    assert sign_in is not None
    with pytest.raises(handover.NoRunner):
        signing_in.hand_over_code(sign_in, "12345", staff, timezone.now())


# --- the page's words ----------------------------------------------------------------------------------

REFUSALS = [
    "PHONE_CODE_INVALID",
    "PHONE_CODE_EXPIRED",
    "FLOOD_WAIT",
    "PHONE_PASSWORD_FLOOD",
    "PHONE_NUMBER_BANNED",
    "PHONE_NUMBER_INVALID",
    "PHONE_NUMBER_UNOCCUPIED",
    "PASSWORD_HASH_INVALID",
    "AUTH_KEY_UNREGISTERED",
    "AUTH_KEY_DUPLICATED",
    "ACCOUNT_HERE_ALREADY",
    "ANOTHER_ACCOUNT",
    "NOT_A_SESSION",
    "TIMEOUT",
    "CONNECTION_LOST",
]


@pytest.fixture
def page(db: None, client: Client) -> Client:
    client.force_login(Staff.objects.create_superuser("anna"))
    return client


def test_every_refusal_is_told_in_words(page: Client, staff: Staff) -> None:
    account = begin(staff)
    AccountCall.objects.update(state="refused")
    address = reverse("admin:accounts_mgmt_telegramaccountsession_sign_in", args=[account.pk])
    told = set()
    for code in REFUSALS:
        SignIn.objects.update(problem=code, step=Step.CODE)
        answer = page.get(address)
        assert code not in answer.content.decode()
        told.add(answer.context["problem"])
    assert len(told) == len(REFUSALS)


def test_a_question_without_an_answer_says_why(page: Client, staff: Staff) -> None:
    account = begin(staff)
    address = reverse("admin:accounts_mgmt_telegramaccountsession_sign_in", args=[account.pk])
    assert page.get(address).context["unanswered"] == ""
    assert calls.expire(timezone.now() + calls.PATIENCE * 2) == 1
    sentence = AccountCall.objects.get().error
    assert sentence
    assert escape(sentence) in page.get(address).content.decode()


@pytest.mark.parametrize(
    ("typed", "phone"),
    [
        ("+7 999 000-11-22", "+79990001122"),
        ("8 (999) 000-11-22", "+79990001122"),
        ("79990001122", "+79990001122"),
        ("0044 20 7946 0958", "+442079460958"),
    ],
)
def test_phones_are_written_in_one_way(typed: str, phone: str) -> None:
    assert phones.normalise(typed) == phone


@pytest.mark.parametrize(
    "typed", ["", "12345", "+0 999 000 11 22", "сорок два", "+7999000112233445", "999 000 11 22"]
)
def test_what_is_no_phone_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        phones.normalise(typed)


# --- canaries ------------------------------------------------------------------------------------------


def dump() -> bytes:
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        parts = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            parts += [row[0] for row in cursor.fetchall()]
    return "\n".join(parts).encode()


def test_codes_and_passwords_lie_nowhere_in_clear(
    sandbox: SandboxClient, vera: Answer, staff: Staff, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with running_runner():
        account = begin(staff, phone=SECOND_PHONE)
        sign_in = stage(account, Step.CODE)
        code = sandbox.code(SECOND_PHONE)
    # nobody takes it up: it waits, sealed
    signing_in.hand_over_code(sign_in, code, staff, timezone.now())
    waiting = SignIn.objects.get()
    assert waiting.handed is not None
    assert sealing.unseal(bytes(waiting.handed)) == code
    first = dump()
    with running_runner():
        sign_in = stage(account, Step.PASSWORD)
        signing_in.hand_over_password(sign_in, PASSWORD, staff, timezone.now())
        signed_in(account, vera["id"])
    second = dump()
    for found in (first, second, caplog.text.encode()):
        for canary in (PASSWORD, PASSWORD.encode().hex(), SECOND_PHONE[1:], SECOND_PHONE.encode().hex()):
            assert canary.encode() not in found
    assert f'"{code}"'.encode() not in first + second
    assert code.encode().hex().encode() not in first + second
