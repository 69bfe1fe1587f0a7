"""What programs log: two forms, one id through everything, and nothing that a log may not hold."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from django.test import Client
from django_q.signals import pre_enqueue, pre_execute

from relove import logs, oplog
from tests.heard import Said, listening

ROOT = Path(__file__).resolve().parents[2]
KEY, API_HASH = "Zm9yLXRlc3RzLW9ubHktYS1rZXktb2YtMzItYnl0ZXM=", "0123456789abcdef0123456789abcdef"
# The canaries, each as it may come to a log: none of them is ever seen there.
RUSSIAN = "Мне очень плохо, и я никому об этом не говорила"
ENGLISH = "nobody in my family knows about the divorce yet"
PHONES = ("+7 916 123-45-67", "+79161234567", "79161234567", "89161234567", "9161234567")
SECRETS = (
    *(KEY, API_HASH, "hunter2-canary", "sk-canary-1234567890abcdef"),
    *("1234567890:AAHcanary-canary-canary-canary-can", "@canary_anna", "anna@canary.example"),
)
SECRETS_KNOWN = (KEY, "hunter2-canary")
CANARIES = (RUSSIAN, ENGLISH, *PHONES, *SECRETS, "canary", "плохо", "divorce")


@pytest.fixture(params=logs.FORMATS)
def said(request: Any) -> Iterator[Said]:
    with listening(request.param, SECRETS_KNOWN) as heard:
        yield heard


def fail(error: BaseException) -> None:
    try:
        raise ValueError(f"cannot read {ENGLISH}")
    except ValueError as first:
        raise error from first


def raised(error: BaseException) -> BaseException:
    """The error with frames, and another one behind it."""
    with pytest.raises(type(error)) as caught:
        fail(error)
    return caught.value


def lines_with(canary: str) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
    """(logger, template, arguments) as our code and libraries write them."""
    for logger in ("relove.x", "telethon.client.updates", "httpx", "django.request", "uvicorn.error", "asyncio"):
        yield logger, "row %s: %s", (17, canary)
        yield logger, "row 17: %r", (canary,)
        yield logger, f"could not parse '{canary}' as a number", ()
        yield logger, "answer: %s", ({"text": canary, "password": canary, "code": canary},)
        yield logger, "%(task)s met %(text)s", ({"task": "posts:1", "text": canary},)
        yield logger, "failed: %s", (raised(RuntimeError(canary)),)


@pytest.mark.parametrize("canary", [RUSSIAN, ENGLISH, *PHONES, *SECRETS])
def test_what_was_put_into_a_line_is_not_in_the_log(said: Said, canary: str) -> None:
    for logger, template, arguments in lines_with(canary):
        said.hear(logger, template, *arguments)
    assert said.text.count("row ") == 12
    assert [face for face in CANARIES if face in said.text] == []


@pytest.mark.parametrize("error", [RuntimeError, KeyError, ValueError, UnicodeError, Exception])
def test_a_traceback_shows_where_and_not_what(said: Said, error: type[Exception]) -> None:
    for canary in (RUSSIAN, ENGLISH, *PHONES, *SECRETS):
        log = logging.getLogger("django.request")
        log.error("Internal Server Error: %s", "/admin/", exc_info=raised(error(canary)))
        structlog.get_logger("relove.y").error("task_failed", exc_info=raised(error(canary)), text=canary)
        group = raised(ExceptionGroup(canary, [error(canary)]))
        logging.getLogger("asyncio").error(f"Task <exception={error(canary)!r}>\nfuture: {canary}", exc_info=group)
        logging.getLogger("django-q").error(f"Failed 'relove.tasks.x' (name) - {canary} : Traceback …{canary}")
    assert "test_logs.py" in said.text
    assert error.__name__ in said.text
    assert [face for face in CANARIES if face in said.text] == []


def test_libraries_lines_in_their_own_shapes() -> None:
    spoken = Said(logs.JSON, SECRETS_KNOWN)
    address = "/admin/?q=79161234567&code=12345"
    spoken.hear("uvicorn.access", '%s - "%s %s HTTP/%s" %d', "127.0.0.1:4", "GET", address, "1.1", 200)
    address = "https://u:p4ss-canary@h/v1?key=canary"
    spoken.hear("httpx", 'HTTP Request: %s %s "%s %d %s"', "POST", address, "HTTP/1.1", 200, "OK")
    spoken.hear("telethon.network.mtprotosender", "Connected with auth_key=%s", bytes(range(99, 131)))
    statement = f"INSERT INTO users VALUES ('{ENGLISH}', '{PHONES[1]}')"
    spoken.hear("django.db.backends", "(%.3f) %s; args=%s; alias=%s", 0.002, statement, (RUSSIAN,), "default")
    spoken.hear("openai", "Request options: %s", {"json_data": {"messages": [{"content": RUSSIAN}]}})
    assert [face for face in (*CANARIES, "cdefgh") if face in spoken.text] == []
    access, client, *_rest = (line["event"] for line in spoken.lines)
    assert access.startswith('127.0.0.1:4 - "GET /admin/?•••')
    assert client.endswith('"HTTP/1.1 200 OK"')


def test_what_helps_is_still_said(spoken: Said) -> None:
    log = logging.getLogger("accounts_mgmt.holding")
    log.warning("account %s: the database is away (%s)", 17, "OperationalError")
    log.error("connection lost", exc_info=raised(ConnectionRefusedError(111, "Connection refused")))
    logging.getLogger("django.security.csrf").warning(
        "Forbidden (%s): %s", "Origin checking failed - https://x.example does not match any.", "/admin/login/"
    )
    spoken.hear("relove.x", "lost %s of %s", 3)  # arguments that do not fit
    first, second, third, fourth = spoken.lines
    assert first["event"] == "account 17: the database is away (OperationalError)"
    assert (first["level"], first["logger"]) == ("warning", "accounts_mgmt.holding")
    assert "ConnectionRefusedError: [Errno 111] Connection refused" in second["exception"]
    assert "does not match any" in third["event"]
    assert fourth["event"] == "lost %s of %s"


def test_hostile_text_stays_in_its_line(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    # pytest's own handlers would keep half a character, which a parallel run cannot hand over
    logger = logging.getLogger("relove.hostile")
    monkeypatch.setattr(logger, "propagate", False)
    logger.addHandler(said.handler)
    for text in ("a\nERROR forged", "b\r\x1b[2J", "\u202egnp.exe", "\ud800", "\0", "\u2028x"):
        logger.warning("%s", text)
    logger.removeHandler(said.handler)
    written = said.text.encode().decode()
    assert len(written.splitlines()) == 6
    assert not any(letter in written for letter in "\r\x1b\u202e\0\u2028")


def test_a_readable_line_begins_as_programs_expect_it() -> None:
    heard = Said(logs.READABLE)
    record = logging.LogRecord("relove.x", logging.ERROR, __file__, 1, "no %s", ("answer",), None)
    with logs.about("generated_comments", 5):
        line = heard.handler.format(record)
    assert line.partition(" ")[2] == "ERROR relove.x no answer task=generated_comments:5"


@pytest.mark.django_db
def test_an_id_goes_with_a_task_and_ends_with_it(spoken: Said) -> None:
    task: dict[str, Any] = {"func": "accounts_mgmt.tasks.expire_calls"}
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        pre_enqueue.send(sender="django_q", task=task)
    pre_execute.send(sender="django_q", func=None, task=task)
    logging.getLogger("relove.x").info("first")
    pre_execute.send(sender="django_q", func=None, task={"func": "relove.tasks.other"})
    logging.getLogger("relove.x").info("second")
    structlog.contextvars.clear_contextvars()
    first, second = (line for line in spoken.lines if line["logger"] == "relove.x")
    assert (first["task"], first["request_id"]) == ("expire_calls", "r-1")
    assert (second["task"], second.get("request_id")) == ("other", None)


@pytest.mark.django_db
def test_an_operation_is_told_without_its_reason(spoken: Said) -> None:
    oplog.log_operation("send_message", "failed", 12, RUSSIAN, account_id=3, subject=("direct_messages", 9))
    (line,) = (line for line in spoken.lines if line["logger"] == "relove.oplog")
    told = {name: line[name] for name in ("event", "level", "status", "ms", "account", "task")}
    assert told == {
        **{"event": "send_message", "level": "warning", "status": "failed", "ms": 12},
        **{"account": 3, "task": "direct_messages:9"},
    }


@pytest.mark.django_db
def test_a_request_is_logged_under_its_id_without_its_query(spoken: Said, admin_client: Client) -> None:
    logging.getLogger("django_structlog").setLevel(logging.INFO)
    admin_client.get("/admin/login/?next=/admin/&q=79161234567")
    logging.getLogger("django_structlog").setLevel(logging.ERROR)
    lines = [line for line in spoken.lines if line["logger"].startswith("django_structlog")]
    assert [line["event"] for line in lines] == ["request_started", "request_finished"]
    assert len({line["request_id"] for line in lines}) == 1
    assert "ip" not in lines[0]
    assert all("79161234567" not in str(line) for line in lines)


def test_the_server_of_the_pages_has_no_handlers_of_its_own() -> None:
    """As uvicorn sets its logs up before it loads the application."""
    script = f"""
import logging, django, uvicorn
uvicorn.Config("relove.asgi:application").configure_logging()
django.setup()
logging.getLogger("uvicorn.error").error("lost %s", "{RUSSIAN}")
logging.getLogger("uvicorn.access").info('%s - "%s %s HTTP/%s" %d', "1.2.3.4:5", "GET", "/canary", "1.1", 200)
"""
    environment = {**os.environ, "RELOVE_LOG_FORMAT": "json", "DJANGO_SETTINGS_MODULE": "relove.settings"}
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    (line,) = ended.stderr.splitlines()
    assert json.loads(line)["event"] == "lost •••"
    assert ended.stdout == ""


def test_the_settings_know_their_secrets(settings: Any) -> None:
    configured = settings.LOGGING["formatters"]["redacted"]["secrets"]
    assert {settings.SECRET_KEY, settings.HASH_KEY, *settings.PERSONAL_KEYS, *settings.SESSION_KEYS} <= set(
        configured
    )
