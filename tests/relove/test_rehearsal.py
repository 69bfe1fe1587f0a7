"""A rehearsal as it is: the second system, its clock, and what it tells of everything that would happen."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.core.serializers.json import DjangoJSONEncoder
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts_mgmt.models import Contact, Pause, TelegramAccountSession
from accounts_mgmt.outbox import outgoing_models
from commentators.models import TelegramChannel, TelegramPost
from relove import rehearsals, roles, tasks
from relove.management import sandbox_world
from relove.management.rehearsal import copying, director, outside
from relove.models import Chat, Rehearsal, RehearsalItem, Staff, TelegramUser
from tests.live import running_sandbox

pytestmark = pytest.mark.django_db(transaction=True)

LENGTH = timedelta(hours=4)
TEXTS = (
    "Привычка начинается с малого. Что помогает вам держаться, когда сил мало?",
    "Отдых не награда, а условие. Как вы отдыхаете, когда тревожно?",
)
# what opens the real system; the names under which a process would find them
SECRETS = {
    "TELEGRAM_API_ID": "424242",
    "TELEGRAM_API_HASH": "canary-api-hash",
    "LLM_API_KEY": "canary-llm-key",
    "LLM_BASE_URL": "https://llm.example.org/canary",
    "RELOVE_METRICS_TOKEN": "canary-metrics",
    "SOMETHING_ELSE": "canary-else",
}


@pytest.fixture
def channel(settings: Any) -> TelegramChannel:
    """A system as a manager left it: accounts with sessions, channels, posts of the last hours, a live script."""
    now = timezone.now()
    voices = sandbox_world.VOICES[:4]
    with running_sandbox(settings) as telegram:
        telegram.world(sandbox_world.description())
        accounts = sandbox_world.connect_accounts(telegram, now, voices)
        sandbox_world.connect_main(telegram, now)
    sandbox_world.add_script(now, automatic=True)
    channel = sandbox_world.add_channel(accounts, now, per_day=600)
    looked_at(channel, "Путь к себе", 501)
    foreign = TelegramChannel.objects.create(username="foreign", listener=accounts[0].session)
    looked_at(foreign, "Чужой", 601)
    for number, text in enumerate(TEXTS):
        at = now - timedelta(hours=3 - number)
        for where in (channel, foreign):
            TelegramPost.objects.create(channel=where, message_id=number + 1, text=text, created_at=at)
    accounts_of = TelegramAccountSession.objects.filter(label__in=(voices[2].first_name, voices[3].first_name))
    signed_out, paused = accounts_of.order_by("-id")
    Pause.objects.create(level=Pause.Level.ACCOUNT, target_id=paused.pk)
    TelegramAccountSession.objects.filter(pk=signed_out.pk).update(state="signed_out", state_reason="Вышел")
    return channel


def looked_at(channel: TelegramChannel, title: str, number: int) -> None:
    channel.chat = Chat.objects.create(kind=Chat.Kind.CHANNEL, telegram_id=number, title=title)
    channel.discussion = Chat.objects.create(kind=Chat.Kind.SUPERGROUP, telegram_id=number + 1)
    channel.title = title
    channel.save()


def environments() -> Iterator[dict[str, str]]:
    """Of the inside of a rehearsal that this process has begun, as the kernel knows it."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            is_mine = f"PPid:\t{os.getpid()}\n" in (process / "status").read_text()
            if is_mine and "--inside" in (process / "cmdline").read_text():
                yield dict(line.split("=", 1) for line in (process / "environ").read_text().split("\0") if line)


@pytest.mark.processes
@pytest.mark.timeout(300)
def test_the_last_hours_are_played_by_the_real_code_and_nothing_real_is_touched(
    channel: TelegramChannel, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the real system is one that speaks with the real Telegram
    settings.TELEGRAM_GATEWAY = "telegram"
    monkeypatch.setenv("RELOVE_TELEGRAM", "telegram")
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    given: list[dict[str, str]] = []
    before = sealed_sessions()

    row = rehearsals.ask(None, timezone.now(), length=LENGTH)
    begun = rehearsals.begin(row.pk, timezone.now())
    assert begun
    outside.carry_out(begun, lambda line: given.extend(environments()))

    assert begun.state == "done"
    assert begun.figures["accounts"] == 4
    assert begun.figures["posts"] == 4
    assert begun.figures["repeated"] == 0
    assert begun.figures["left_out"] == [["Олег", "Вышел"]]
    assert begun.took(timezone.now()) * 10 < LENGTH
    said_and_done(begun)
    comments_go_out_by_schedule_and_basis(begun)
    # what the inside was given
    assert given
    for one in given:
        assert one["RELOVE_TELEGRAM"] == "sandbox"
        assert one["RELOVE_SANDBOX_TELEGRAM"].startswith("127.0.0.1:")
        assert one["LLM_BASE_URL"].startswith("http://127.0.0.1:")
        assert "canary" not in " ".join(one.values())
        assert one["DATABASE_URL"] != os.environ["DATABASE_URL"]
        assert not set(one["RELOVE_SESSION_KEYS"].split(",")) & set(settings.SESSION_KEYS)
        assert not set(one["RELOVE_PERSONAL_KEYS"].split(",")) & set(settings.PERSONAL_KEYS)
    # what was left as it was
    assert sealed_sessions() == before
    assert not any(kind._default_manager.exists() for kind in outgoing_models())
    assert not TelegramUser.objects.exists()


def sealed_sessions() -> list[Any]:
    rows = TelegramAccountSession.objects.order_by("id")
    return list(rows.values_list("id", "telegram_user_id", "phone_hash", "lease_token", "last_seen"))


def said_and_done(row: Rehearsal) -> None:
    """Invented people are answered, or not, as the rules have it."""

    def of(person: str) -> list[tuple[str, str, str]]:
        items = row.items.filter(place__startswith=person, account="reLove").order_by("at", "id")
        return [(item.kind, item.verdict, item.approved) for item in items]

    came, answered = ("said", "came", ""), ("reply", "sent", "automatic")
    by_rule = ("reply", "sent", "fixed")
    assert of("Мария")[:4] == [came, answered] * 2
    assert of("Пётр")[:4] == [came, answered, came, by_rule], "asked whether it is a bot"
    assert of("Ольга")[:4] == [came, answered, came, by_rule], "after a stop one fixed text"
    held = row.items.filter(place__startswith="Ольга", verdict="held").values_list("reason", flat=True)
    assert list(held) == ["Человек попросил не присылать автоматических сообщений."]
    assert of("Света").count(by_rule) == 1
    assert row.items.filter(place__startswith="Света", verdict="held").exists(), "a person takes over"
    first = row.items.filter(place__startswith="Мария", verdict="sent").order_by("at", "id")[0]
    assert "ИИ" in first.text, "the opening message discloses"
    answers = row.items.filter(place__startswith="Аня", kind="reply").order_by("at", "id")
    assert answers.filter(account="Анна", verdict="sent", approved="rehearsal").count() == 1, (
        "a draft for a person"
    )
    waits = answers.filter(account="Вера").last()
    assert waits
    assert (waits.verdict, waits.reason) == ("held", "Аккаунт приостановлен.")


def comments_go_out_by_schedule_and_basis(row: Rehearsal) -> None:
    posts = row.items.filter(kind="post")
    mine = TelegramPost.objects.filter(channel__basis="own").order_by("created_at")
    for item, post in zip(posts.filter(place="Путь к себе").order_by("at"), mine, strict=True):
        assert abs(item.at - post.created_at) < timedelta(minutes=1), "it came at its own time"
    sent = list(row.items.filter(kind="comment", verdict="sent").order_by("at"))
    assert len(sent) == len(TEXTS)
    assert all(item.approved == "rehearsal" and item.place == "Путь к себе" for item in sent)
    assert all(row.since < item.at < row.until for item in sent)
    refused = row.items.filter(kind="comment", verdict="refused")
    assert {item.place for item in refused} == {"Чужой"}
    assert all("основани" in item.reason for item in refused)


@pytest.mark.processes
def test_one_that_is_stopped_ends_with_its_process(channel: TelegramChannel) -> None:
    staff = Staff.objects.create_user("olga")
    begun = rehearsals.begin(rehearsals.ask(staff, timezone.now(), length=LENGTH).pk, timezone.now())
    assert begun
    # told before anything is started
    outside.carry_out(begun, lambda line: assert_stopped(begun, staff))
    assert begun.state == "cancelled"
    assert begun.finished_at
    assert list(environments()) == []


def assert_stopped(row: Rehearsal, staff: Staff) -> None:
    assert rehearsals.cancel(row, staff, timezone.now())


def test_without_an_account_it_fails_at_once_and_says_why() -> None:
    with pytest.raises(CommandError, match="Нет ни одного действующего аккаунта"):
        call_command("rehearse")
    row = Rehearsal.objects.get()
    assert (row.state, row.problem) == ("failed", "Нет ни одного действующего аккаунта: писать некому.")


def test_what_is_taken_along_is_configuration_alone(channel: TelegramChannel) -> None:
    staff = Staff.objects.create_user("canary_staff", first_name="Канарейка")
    person = TelegramUser.objects.create(telegram_id=778899, first_name="Canaria", username="canary_person")
    Contact.objects.create(user=person, consent_note="canary_note", consent_by=staff)
    now = timezone.now()

    taken = json.dumps(copying.read(now - LENGTH, now), cls=DjangoJSONEncoder, ensure_ascii=False)

    assert "canar" not in taken.lower()
    assert "Канарейка" not in taken
    for account in TelegramAccountSession.objects.all():
        assert account.label in taken
        assert account.phone_mask not in taken
        assert account.phone_hash not in taken
        assert str(account.telegram_user_id) not in taken
    assert '"session": null' not in taken
    assert all(text in taken for text in TEXTS)


def test_nothing_of_a_rehearsal_can_be_sent() -> None:
    kinds = outgoing_models()
    assert Rehearsal not in kinds
    assert RehearsalItem not in kinds
    ties = [field for field in RehearsalItem._meta.get_fields() if field.is_relation]
    assert [field.related_model for field in ties] == [Rehearsal]


@pytest.mark.parametrize("speed", [1, 10, 60])
def test_a_short_gap_passes_at_the_speed_and_a_long_one_at_once(speed: int) -> None:
    wait, moved = director.stretch(timedelta(seconds=40), speed)
    assert (moved.total_seconds() + wait) / wait == pytest.approx(speed)
    assert director.stretch(timedelta(hours=5), speed) == (0.0, timedelta(hours=5))
    assert director.stretch(timedelta(seconds=-1), speed) == (0.0, timedelta(0))


def test_one_at_a_time_and_none_that_nobody_carries_out() -> None:
    now = timezone.now()
    row = rehearsals.ask(None, now, length=LENGTH)
    with pytest.raises(rehearsals.UnderWay):
        rehearsals.ask(None, now, length=LENGTH)
    with pytest.raises(CommandError, match="under way"):
        call_command("rehearse")
    assert rehearsals.begin(row.pk, now)
    assert rehearsals.begin(row.pk, now) is None, "one process alone carries it out"
    assert rehearsals.end_silent(now) == 0
    assert rehearsals.end_silent(now + timedelta(minutes=2)) == 1
    row.refresh_from_db()
    assert (row.state, row.problem) == ("failed", "Процесс репетиции прервался.")
    late = rehearsals.ask(None, now, length=LENGTH)
    Rehearsal.objects.filter(pk=late.pk).update(created_at=now - timedelta(hours=1))
    assert tasks.rehearse() is None
    assert Rehearsal.objects.filter(state="failed").count() == 2


@pytest.mark.parametrize(
    ("role", "seen", "asked"),
    [(roles.OPERATORS, 403, 403), (roles.MANAGERS, 200, 302), (roles.DEVELOPERS, 200, 302)],
)
def test_managers_and_above_see_and_begin_one(client: Client, role: str, seen: int, asked: int) -> None:
    roles.sync()
    staff = Staff.objects.create_user("somebody", is_staff=True)
    staff.groups.add(Group.objects.get(name=role))
    client.force_login(staff)
    assert client.get(reverse("admin:relove_rehearsal_changelist")).status_code == seen
    answer = client.post(reverse("admin:relove_rehearsal_ask"), {"days": "3", "approval": "none", "speed": "20"})
    assert answer.status_code == asked
    assert Rehearsal.objects.count() == (asked == 302)
    row = Rehearsal.objects.first() or rehearsals.ask(None, timezone.now(), length=LENGTH)
    assert client.get(reverse("admin:relove_rehearsal_change", args=[row.pk])).status_code == seen
    assert client.post(reverse("admin:relove_rehearsal_cancel", args=[row.pk])).status_code == asked
    row.refresh_from_db()
    assert row.state == ("cancelled" if asked == 302 else "waiting")
