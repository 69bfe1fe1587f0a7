"""Big lists: pages by key in every order, what the footer says, and plans that read no whole table."""

import base64
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from commentators.models import DirectMessage, GeneratedComment, TelegramPost
from education.models import GroupMessage
from relove import show
from relove.admin.biglist import BigListAdmin
from relove.management import manyrows
from relove.models import OperationLog, SessionLog, UserActivityLog
from sales.models import ConversationMessage
from tests.admin_scene import administrator
from tests.relove.test_admin import list_url

BIG = sorted((m for m, a in admin.site._registry.items() if isinstance(a, BigListAdmin)), key=lambda m: m.__name__)
ROWS = 3_000


@pytest.fixture
def page(db: None, client: Client) -> Client:
    """Every big table with some thousands of rows of the last weeks."""
    manyrows.fill_tables(ROWS, timedelta(days=40))
    client.force_login(administrator())
    return client


def shown(answer: Any) -> list[int]:
    assert answer.status_code == 200
    return [row.pk for row in answer.context["cl"].result_list]


def footer(answer: Any) -> str:
    text = re.search(r'<nav class="rl-pages".*?</nav>', answer.content.decode(), re.DOTALL)
    assert text is not None
    return " ".join(re.sub(r"<[^>]*>", " ", text[0]).split())


def walk(page: Client, url: str) -> list[list[int]]:
    """The ids of every page, by the way forward; on the last one the way back must show the same."""
    pages, address = [], url
    while True:
        answer = page.get(address)
        pages.append(shown(answer))
        following = answer.context["cl"].paginator.following
        if not following:
            break
        address = url.partition("?")[0] + following
    for before in reversed(pages[:-1]):
        answer = page.get(url.partition("?")[0] + answer.context["cl"].paginator.previous)
        assert shown(answer) == before
    return pages


def test_pages_go_through_every_row_once_in_every_order(page: Client) -> None:
    url = list_url(DirectMessage)
    # a tenth has no time of sending, and a few were sent at the same moment
    DirectMessage.objects.filter(pk__gt=200).delete()
    DirectMessage.objects.filter(pk__in=range(40, 120), sent_at__isnull=False).update(
        sent_at=DirectMessage.objects.get(pk=101).sent_at
    )
    rows = DirectMessage.objects.all()
    orders = {"": ["-id"], "&o=5": ["sent_at", "id"], "&o=-5": ["-sent_at", "-id"]}

    for query, order in orders.items():
        pages = walk(page, f"{url}?rows=50{query}")
        assert [pk for ids in pages for pk in ids] == list(rows.order_by(*order).values_list("pk", flat=True))
        assert [len(ids) for ids in pages] == [50, 50, 50, 50]

    # no index, no order: the address cannot ask for more than the page offers
    assert shown(page.get(f"{url}?o=1.5")) == shown(page.get(url))


def test_no_row_asks_for_anything_of_its_own(page: Client) -> None:
    # a post without text is named by its channel
    TelegramPost.objects.filter(pk__gt=ROWS - 60).update(text="")
    for model in manyrows.BIG:
        with CaptureQueriesContext(connection) as queries:
            assert len(shown(page.get(f"{list_url(model)}?rows=50"))) == 50
        # what the sidebar counts is asked for at any time, but for no row
        asked = Counter(query["sql"].partition(" WHERE ")[0] for query in queries)
        assert max(asked.values()) < 10, (model.__name__, asked.most_common(1))


def test_the_footer_and_the_search_say_what_is_shown(page: Client) -> None:
    url = list_url(DirectMessage)

    first = page.get(url)
    assert re.fullmatch(r"Показано 25 из примерно [23] \d00 Дальше Строк на странице: 25 50", footer(first))
    assert len(shown(page.get(f"{url}?rows=50"))) == 50
    assert len(shown(page.get(f"{url}?rows=5000"))) == 25
    second = page.get(url + first.context["cl"].paginator.following)
    assert footer(second).startswith("В начало Назад Показано 25")
    assert footer(page.get(f"{url}?purpose__exact=stop")) == "Всего: 1"
    assert footer(page.get(f"{url}?q={manyrows.RARE}")) == f"Всего: {manyrows.RARELY}"
    # of a moderate number all are counted
    assert re.search(r"Показано 25 из \d\d\d? Дальше", footer(page.get(f"{url}?q=люве&direction__exact=in")))
    assert "Ничего не нашлось" in page.get(f"{url}?q=небывалое").content.decode()
    # what narrows the list begins at its start again
    assert 'name="after"' not in second.content.decode()
    # words a trigram index cannot find are left out, which is said
    long, both = page.get(f"{url}?q={manyrows.RARE}"), page.get(f"{url}?q=не {manyrows.RARE}")
    hint = "Слова короче трёх букв не ищем."
    assert shown(both) == shown(long)
    assert (hint in both.content.decode(), hint in long.content.decode()) == (True, False)


# Every way to ask a list, and the index that answers it. Those of SORTED find few rows and put them in order.
HOUR, RARE = "period=hour", f"q={manyrows.RARE}"
PLANS: dict[type[Any], dict[str, str]] = {
    TelegramPost: {
        "": "post_time",
        "o=5": "post_time",
        "after": "post_time",
        HOUR: "post_time",
        "stage__exact=refused": "post_stage_time",
        "channel__id__exact=7": "post_",
        RARE: "post_words",
    },
    GeneratedComment: {
        "": "generated_comments_pkey",
        "o=7": "comment_sent_id",
        "o=-7": "comment_sent_id",
        "after": "generated_comments_pkey",
        HOUR: "generated_comments_pkey",
        "status__exact=draft": "comment_status_id",
        "channel__id__exact=7": "comment_channel_id",
        "account__id__exact=7": "comment_account_id",
        "origin__exact=person": "comment_origin_id",
        RARE: "comment_words",
    },
    DirectMessage: {
        "": "direct_messages_pkey",
        "o=5": "direct_sent_id",
        "after": "direct_messages_pkey",
        "status__exact=draft": "direct_status_id",
        "purpose__exact=stop": "direct_purpose",
        "user__id__exact=7": "direct_person",
        RARE: "direct_words",
    },
    ConversationMessage: {
        "": "conversation_messages_pkey",
        "o=5": "sales_sent_id",
        "status__exact=draft": "sales_status_id",
        "strategy__exact=person": "sales_strategy",
        RARE: "sales_words",
    },
    GroupMessage: {
        "": "group_messages_pkey",
        "o=4": "education_sent_id",
        "status__exact=draft": "education_status_id",
        "group__id__exact=7": "education_group_id",
        "user__id__exact=7": "education_person",
        RARE: "education_words",
    },
    OperationLog: {
        "": "operation_time",
        "after": "operation_time",
        HOUR: "operation_time",
        "status__exact=failed": "operation_status_time",
        f"q={manyrows.RARE_OPERATION}": "operation_type_time",
    },
    UserActivityLog: {
        "": "activity_time",
        HOUR: "activity_time",
        "user__id__exact=7": "activity_user_time",
        "q=reply": "activity_type_time",
    },
    SessionLog: {
        "": "session_time",
        "after": "session_time",
        HOUR: "session_time",
        "status__exact=failed": "session_status_time",
        "session_type__exact=education": "session_type_time",
        "q=guest77": "session_logs_user",
    },
}
SORTED = {RARE, f"q={manyrows.RARE_OPERATION}", "q=reply", "q=guest77"}


def plan_of(page: Client, address: str, *, is_sorted: bool) -> dict[str, Any]:
    """How the rows of a page are read; where they are put in order afterwards, how they are found."""
    with CaptureQueriesContext(connection) as asked:
        answer = page.get(address)
    if is_sorted:
        rows = answer.context["cl"].queryset.order_by().select_related(None).values("pk")
        statement = str(rows.explain(format="json"))
        return dict(json.loads(statement)[0]["Plan"])
    [statement] = [query["sql"] for query in asked if query["sql"].endswith(" LIMIT 26")][-1:]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}")
        return dict(cursor.fetchone()[0][0]["Plan"])


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def indexes(found: list[dict[str, Any]]) -> set[str]:
    """The names our models gave: a partition's index has one of its own."""
    names = [node["Index Name"] for node in found if "Index Name" in node]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(whole.relname, own.relname) FROM pg_class own "
            "LEFT JOIN pg_inherits i ON i.inhrelid = own.oid LEFT JOIN pg_class whole ON whole.oid = i.inhparent "
            "WHERE own.relname = ANY(%s)",
            [names],
        )
        return {name for (name,) in cursor.fetchall()}


def test_every_way_to_ask_a_list_stands_on_an_index(page: Client) -> None:
    """With what the planner would fall back on switched off, which it does anyway where it finds nothing else."""
    missed = []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
    for model, ways in PLANS.items():
        url = list_url(model)
        behind = page.get(url).context["cl"].paginator.following.removeprefix("?")
        for query, wanted in ways.items():
            address = f"{url}?{behind if query == 'after' else query}"
            found = list(nodes(plan_of(page, address, is_sorted=query in SORTED)))
            used = indexes(found)
            if not any(name.startswith(wanted) for name in used) or any(node.get("Disabled") for node in found):
                missed.append((model.__name__, query, wanted, sorted(used)))

    assert not missed, "\n".join(map(str, missed))


def mark(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


LATE, EARLY = "9999-12-31T23:59:59+14:00", "0001-01-01T00:00+14:00"
NASTY: list[Any] = [None, "", "x", "\0", "9" * 40, "-1", 7, [], {}, "infinity", LATE, EARLY]
MARKS = [
    *("x", "%00", "====", "я", "W" * 5000, mark(), mark(*"abcdefgh"), "W" * 390),
    *(mark(value) for value in NASTY),
    *(mark(value, "5") for value in NASTY),
    *(mark("2026-11-28T00:00:00+00:00", value) for value in NASTY),
]


@pytest.mark.parametrize("model", BIG, ids=lambda m: m.__name__)
@pytest.mark.django_db(transaction=True)
def test_no_mark_breaks_a_list(client: Client, model: Any) -> None:
    client.force_login(administrator())
    client.raise_request_exception = False

    answers = {
        query: client.get(f"{list_url(model)}?{query}").status_code
        for text in MARKS
        for query in (f"after={text}", f"before={text}&o=-5")
    }

    assert {query: code for query, code in answers.items() if code not in (200, 302, 400)} == {}
    assert 302 in answers.values()


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0"), (999, "1\xa0000"), (12_345, "12\xa0000"), (5_043_210, "5 млн"), (1_260_000, "1,3 млн")],
)
def test_a_guess_is_told_by_its_first_digits(value: int, words: str) -> None:
    assert show.roughly(value) == words
