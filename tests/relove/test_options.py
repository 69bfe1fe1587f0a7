"""Settings that staff change while the system runs: one door, ranges, a log, and no restart."""

import time as clock
from collections.abc import Iterator
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from constance.codecs import dumps
from constance.models import Constance
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts_mgmt.delivery import retry_delay
from accounts_mgmt.limits import ceiling, pace
from commentators.checks import Limits
from commentators.planning import in_working_hours
from relove import options
from relove.models import Staff, UserActivityLog
from tests.admin_scene import administrator
from tests.live import running_drafting, running_runner, wait_for

Settings = Any


@pytest.fixture(autouse=True)
def _nothing_remembered(db: None) -> Iterator[None]:
    """What one test has stored is not in the memory of the next."""
    options.refresh()
    yield
    options._memory.stored = {}


@pytest.fixture
def staff() -> Staff:
    return administrator()


@pytest.fixture
def page(client: Client, staff: Staff) -> Client:
    client.force_login(staff)
    return client


ADDRESS = reverse("admin:section_system")


def filled(page: Client, **changed: Any) -> dict[str, Any]:
    """The form as the browser would send it, with some fields changed."""
    form = page.get(ADDRESS).context["form"]
    return {name: form[name].value() for name in form.fields} | changed


def test_the_environment_gives_the_defaults(settings: Settings) -> None:
    settings.RETRY_BASE_SECONDS = 120.0
    assert retry_delay(1, 0.0) == 120
    assert not options.stored()


def test_a_change_holds_without_a_restart(staff: Staff) -> None:
    wanted = {
        "SEND_CEILING": 10.0,
        "ACCOUNT_CHAT_PER_MINUTE": 5,
        "CHAT_PER_MINUTE": 7,
        "RETRY_BASE_SECONDS": 60.0,
        "OWN_SIMILARITY": 0.5,
        "WORK_FROM": time(10),
        "WORK_TO": time(20),
    }
    assert set(options.change(wanted, staff)) == set(wanted)

    assert ceiling()[0].seconds == pytest.approx(0.1)
    assert [limit.count for limit in pace(1, 7) if limit.seconds == 60] == [5, 7]
    assert retry_delay(2, 0.0) == 120
    assert Limits().own_similarity == 0.5
    evening = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)
    assert not in_working_hours(evening)
    assert in_working_hours(evening.replace(hour=12))


def test_every_change_is_logged_with_author_and_both_values(staff: Staff) -> None:
    options.change({"SEND_CEILING": 10.0, "LLM_DAILY_BUDGET_USD": Decimal("2.50")}, staff)
    options.change({"SEND_CEILING": 10.0, "LLM_DAILY_BUDGET_USD": Decimal("3")}, staff)

    rows = UserActivityLog.objects.filter(activity_type=options.ACTIVITY).order_by("id")
    assert [(row.staff, row.details) for row in rows] == [
        (staff, {"option": "SEND_CEILING", "old": "28", "new": "10"}),
        (staff, {"option": "LLM_DAILY_BUDGET_USD", "old": "20", "new": "2.5"}),
        (staff, {"option": "LLM_DAILY_BUDGET_USD", "old": "2.5", "new": "3"}),
    ]


def test_going_back_to_the_environment_forgets_the_stored_value(staff: Staff, settings: Settings) -> None:
    options.change({"SEND_CEILING": 10.0}, staff)
    options.change({"SEND_CEILING": settings.SEND_CEILING}, staff)
    assert not options.stored()


def test_whoever_wrote_it_the_ceiling_is_never_above_telegrams(staff: Staff) -> None:
    options.change({"SEND_CEILING": 10.0}, staff)
    Constance.objects.filter(key="SEND_CEILING").update(value='{"__type__": "default", "__value__": 300.0}')
    options.refresh()
    assert options.value("SEND_CEILING") == 28


def test_memory_is_asked_anew_only_when_it_is_old(staff: Staff, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        options.refresh(60)
        options.value("SEND_CEILING")


def test_the_page_saves_and_shows_who_changed_what(page: Client, staff: Staff) -> None:
    answer = page.post(ADDRESS, filled(page, SEND_CEILING="12,5", WORK_FROM="09:00", WORK_TO="21:00"), follow=True)

    assert options.value("SEND_CEILING") == 12.5
    assert options.value("WORK_FROM") == time(9)
    changes = answer.context["changes"]
    assert {(c["old"], c["new"]) for c in changes} == {("28", "12.5"), ("00:00", "09:00"), ("00:00", "21:00")}
    assert {c["who"] for c in changes} == {staff.get_full_name()}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"SEND_CEILING": "30"}, "SEND_CEILING"),
        ({"SEND_CEILING": "0"}, "SEND_CEILING"),
        ({"SEND_CEILING": "nan"}, "SEND_CEILING"),
        ({"SEND_CEILING": ""}, "SEND_CEILING"),
        ({"CHAT_PER_MINUTE": "21"}, "CHAT_PER_MINUTE"),
        ({"ACCOUNT_CHAT_PER_MINUTE": "20", "CHAT_PER_MINUTE": "10"}, "__all__"),
        ({"COMMENT_SHORTEST": "400", "COMMENT_LONGEST": "300"}, "__all__"),
        ({"OWN_SIMILARITY": "1,5"}, "OWN_SIMILARITY"),
        ({"LLM_MODEL": ""}, "LLM_MODEL"),
        ({"WORK_FROM": "25:00"}, "WORK_FROM"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(page: Client, changed: dict[str, str], field: str) -> None:
    answer = page.post(ADDRESS, filled(page, **changed))
    assert list(answer.context["form"].errors) == [field]
    assert not options.stored()


def test_the_second_of_two_editors_is_told(page: Client, staff: Staff) -> None:
    first_seen = filled(page, SEND_CEILING="20")
    options.change({"SEND_CEILING": 10.0}, staff)

    answer = page.post(ADDRESS, first_seen)

    assert list(answer.context["form"].errors) == ["version"]
    assert options.value("SEND_CEILING") == 10


def test_seeing_and_changing_are_rights_of_their_own(client: Client) -> None:
    person = Staff.objects.create_user("olga", is_staff=True)
    client.force_login(person)
    assert "form" not in client.get(ADDRESS).context

    person.user_permissions.add(Permission.objects.get(codename="view_config"))
    seen = filled(client, SEND_CEILING="20")
    assert client.post(ADDRESS, seen).status_code == 200
    assert not options.stored()

    person.user_permissions.add(Permission.objects.get(codename="change_config"))
    assert client.post(ADDRESS, seen).status_code == 302
    assert options.stored() == {"SEND_CEILING": 20}


def test_secrets_are_said_to_be_there_and_never_shown(page: Client, settings: Settings) -> None:
    settings.LLM_API_KEY = "sk-canary-7f3a"
    text = page.get(ADDRESS).content.decode()
    assert "sk-canary" not in text
    assert settings.SECRET_KEY not in text
    assert settings.PERSONAL_KEYS[0] not in text


def test_the_log_is_read_by_its_own_index(staff: Staff) -> None:
    options.change({"SEND_CEILING": 10.0}, staff)
    with connection.cursor() as cursor:
        # a bitmap would name the index's condition once more
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(
            "EXPLAIN SELECT * FROM user_activity_log WHERE activity_type = 'change_option'"
            " ORDER BY created_at DESC LIMIT 20"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "activity_type" not in plan, "the condition is the index's own"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("process", [running_runner, running_drafting], ids=["runner", "llm"])
def test_long_tasks_see_a_change_without_a_restart(process: Any) -> None:
    with process():
        # by another hand: nothing in this process but the long task reads it
        Constance.objects.create(key="SEND_CEILING", value=dumps(11.0))
        began = clock.monotonic()
        wait_for(lambda: options.value("SEND_CEILING") == 11, "the long task has read it", 10)
        took = clock.monotonic() - began
    assert took < 3, f"{took:.2f} s"
