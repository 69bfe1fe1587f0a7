"""Secrets with a known face, sent through the whole system: they are found nowhere in clear."""

import io
import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib import admin
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task
from redis import Redis

from accounts_mgmt import calls, signing_in
from accounts_mgmt.models import AccountCall, TelegramAccountSession
from accounts_mgmt.sessions import open_session, seal_session
from relove.fields import Sealed, keyed_hash
from relove.models import Staff
from relove.sandbox.client import SandboxClient
from relove.telegram.session import SessionData
from tests.accounts_mgmt.test_sign_in import begin, signed_in, stage
from tests.live import running_runner, running_sandbox, wait_for

PHONE, SECOND_PHONE = "79161234567", "79167654321"
PASSWORD = "canary-of-the-password"
API_HASH, LLM_KEY = "canary-of-the-api-hash", "canary-of-the-llm-key"


class Canaries:
    """The secrets of one account, in every form in which they might be written."""

    def __init__(self, auth_key: bytes, code: str = "") -> None:
        rings = [*django_settings.PERSONAL_KEYS, *django_settings.SESSION_KEYS, django_settings.HASH_KEY]
        phones = [PHONE, PHONE[1:], "+7 916 123-45-67", SECOND_PHONE, SECOND_PHONE[1:]]
        texts = [*phones, PASSWORD, API_HASH, LLM_KEY, *rings]
        # a part of the key is enough to give it away, however it is cut or quoted
        pieces = [auth_key[start : start + 12] for start in range(0, len(auth_key) - 12, 12)]
        raw = [text.encode() for text in texts] + pieces
        self.faces = {*texts, *(data.hex() for data in raw), *(repr(data)[2:-1] for data in raw)}
        self.raw = {*raw, *(face.encode() for face in self.faces)}
        # five digits stand in many a number: alone they count
        self.code = re.compile(rf"(?<![\w.-]){code}(?![\w.-])") if code else None

    def in_text(self, text: str) -> list[str]:
        found = [face for face in self.faces if face in text]
        return found + (self.code.findall(text) if self.code else [])

    def in_bytes(self, data: bytes) -> list[bytes]:
        found = [face for face in self.raw if face in data]
        return found + [code.encode() for code in self.in_text(data.decode("utf-8", "replace"))]


@pytest.fixture
def client(transactional_db: None, settings: Any) -> Iterator[SandboxClient]:
    settings.TELEGRAM_API_HASH, settings.LLM_API_KEY = API_HASH, LLM_KEY
    with running_sandbox(settings) as client:
        yield client


@pytest.fixture
def canaries(client: SandboxClient, caplog: pytest.LogCaptureFixture) -> Canaries:
    """One account has connected, heard, been asked and been used up; everything was logged."""
    caplog.set_level(logging.DEBUG)
    for name in ("telethon", "accounts_mgmt", "relove", "django.db.backends", "psycopg", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)
    client.add_user("Анна", username="canary", phone=PHONE)
    ready = client.session("canary")
    auth_key = bytes.fromhex(ready["auth_key"])
    account = _account(auth_key, ready["user"]["id"])
    with running_runner():
        _use(account, client)
        code = _sign_in(client)
    return Canaries(auth_key, code)


def _account(auth_key: bytes, telegram_id: int) -> TelegramAccountSession:
    host, _, port = django_settings.SANDBOX_TELEGRAM.rpartition(":")
    return TelegramAccountSession.objects.create(
        label="Анна",
        role="main",
        telegram_user_id=telegram_id,
        phone=Sealed.seal("personal", PHONE),
        phone_hash=keyed_hash(PHONE),
        phone_mask="+7 ••• ••• 45 67",
        session=seal_session(SessionData(auth_key, 2, host, int(port))),
        disclosure="Пишу с помощью ИИ",
    )


def _use(account: TelegramAccountSession, client: SandboxClient) -> None:
    asked = [calls.ask(account.pk, kind, {}, now=timezone.now()) for kind in ("profile", "disclose")]
    wait_for(lambda: not AccountCall.objects.open().exists(), "both calls are answered")
    assert {call.pk for call in asked} == set(
        AccountCall.objects.filter(state="done").values_list("id", flat=True)
    )
    client.add_user("Борис", username="boris")
    client.say("boris", "canary", "Здравствуйте")
    # the end of a session is where a careless program shows it
    client.add_fault("AUTH_KEY_UNREGISTERED", account=account.telegram_user_id)
    calls.ask(account.pk, "profile", {}, now=timezone.now())
    ended = TelegramAccountSession.objects.filter(state="signed_out")
    wait_for(ended.exists, "the account is signed out")


def _sign_in(client: SandboxClient) -> str:
    """Another person comes by a code and the second password, and once more by halves; the first code."""
    person = client.add_user("Вера", username="vera", phone=SECOND_PHONE, password=PASSWORD)
    staff = Staff.objects.create_user("vera")
    account = begin(staff, phone=f"+{SECOND_PHONE}")
    waiting, code = stage(account, "code"), client.code(f"+{SECOND_PHONE}")
    signing_in.hand_over_code(waiting, code, staff, timezone.now())
    signing_in.hand_over_password(stage(account, "password"), PASSWORD, staff, timezone.now())
    signed_in(account, person["id"])
    client.add_user("Ольга", username="olga_v", phone="79160000001", password=PASSWORD)
    stage(begin(staff, phone="+79160000001"), "code")
    return code


def rows_of_all_tables() -> Iterator[tuple[str, bytes]]:
    """What a plain SQL dump would hold: every row of every table, bytea as hex."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            for (row,) in cursor.fetchall():
                yield table, row.encode()


def test_no_secret_is_found_in_clear(canaries: Canaries, caplog: pytest.LogCaptureFixture) -> None:
    account = TelegramAccountSession.objects.earliest("id")
    assert account.phone is not None
    assert account.phone.reveal_text() == PHONE, "the secrets are there, sealed"

    # a database dump
    rows = list(rows_of_all_tables())
    assert {"telegram_account_sessions", "account_entities", "account_security_logs"} <= {
        table for table, _ in rows
    }
    assert [(table, canaries.in_bytes(row)) for table, row in rows if canaries.in_bytes(row)] == []

    # an export of every model
    out = io.StringIO()
    call_command("dumpdata", stdout=out)
    assert "telegramaccountsession" in out.getvalue()
    assert canaries.in_text(out.getvalue()) == []

    # what a traceback or a log shows of a row
    for model in apps.get_models():
        for row in model._default_manager.all():
            assert canaries.in_text(f"{row} {row!r} {vars(row)}") == []

    # everything that was logged, down to DEBUG
    records = caplog.get_records("setup")
    assert "telethon.network.mtprotosender" in {
        record.name for record in records if record.levelno == logging.DEBUG
    }
    for record in records:
        assert canaries.in_text(f"{logging.Formatter().format(record)} {record.args!r}") == []


def test_no_secret_is_in_tasks_or_caches(canaries: Canaries) -> None:
    cache.set("account", TelegramAccountSession.objects.earliest("id"), 60)
    async_task("accounts_mgmt.tasks.expire_calls", TelegramAccountSession.objects.earliest("id"))
    open_session(TelegramAccountSession.objects.exclude(session=None).latest("id").pk)
    for queued in OrmQ.objects.all():
        assert canaries.in_text(repr(queued.task)) == []
        assert canaries.in_bytes(str(queued.payload).encode()) == []
    assert OrmQ.objects.exists()
    with Redis.from_url(django_settings.REDIS_URL) as redis:
        for key in redis.scan_iter("*"):
            if redis.type(key) == b"string":
                assert canaries.in_bytes(redis.get(key) or b"") == []
        assert redis.dbsize() > 0
        cache.clear()


def addresses(account: int) -> Iterator[str]:
    """Every page of the admin that needs no row, and those of the account's number; each row of each table."""
    names = {name for name in get_resolver("relove.urls").namespace_dict["admin"][1].reverse_dict if name}
    for name in sorted(name for name in names if isinstance(name, str)):
        for arguments in ([], [account]):
            with suppress(NoReverseMatch):
                yield reverse(f"admin:{name}", args=arguments)
    for model in admin.site._registry:
        page = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
        for row in model._default_manager.all()[:50]:
            yield reverse(page, args=[row.pk])


def test_no_secret_is_on_a_page_or_in_an_export(canaries: Canaries) -> None:
    browser = Client()
    browser.force_login(Staff.objects.create_superuser("olga"))
    account = TelegramAccountSession.objects.earliest("id")
    opened = 0
    for address in addresses(account.pk):
        response = browser.get(address)
        assert response.status_code < 500, address
        opened += response.status_code == 200
        assert canaries.in_bytes(response.getvalue()) == [], address
    assert opened > 100
    change = reverse("admin:accounts_mgmt_telegramaccountsession_change", args=[account.pk])
    assert "+7 ••• ••• 45 67" in browser.get(change).content.decode()

    exported = 0
    for page in admin.site._registry.values():
        for resource in getattr(page, "resource_classes", None) or []:
            assert canaries.in_text(resource().export().csv) == []
            exported += 1
    assert exported


def test_a_canary_would_be_seen() -> None:
    """The net itself: each form of a secret is caught."""
    key = bytes(range(200, 248))
    canaries = Canaries(key)
    for shown in (f"phone={PHONE}", f"+{PHONE}", key.hex(), repr(key), API_HASH, LLM_KEY):
        assert canaries.in_text(shown)
        assert canaries.in_bytes(shown.encode())
    assert canaries.in_bytes(b"..." + key + b"...")
    assert not canaries.in_text("+7 ••• ••• 45 67")
