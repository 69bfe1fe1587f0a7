"""Exports in every format, and round trips of what can be imported; the dry run lists what is wrong."""

import io
import json
from collections import Counter
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tablib import Dataset

from commentators.admin.resources import (
    ChannelResource,
    CommentResource,
    MetricsResource,
    PersonalityResource,
    PostResource,
    ScheduleResource,
)
from commentators.models import AccountPersonality, CommentSchedule, TelegramChannel
from relove.exports import FORMATS, defuse, undefuse
from tests.admin_scene import administrator
from tests.commentators.conftest import Place
from tests.commentators.test_effect import sent

FORMULA = '=HYPERLINK("http://x")'
TEXTS = ["=1+1", "'=1+1", "''-x", "@name", "-", "plain", "'quoted'", "", "\t=x"]


@pytest.mark.parametrize("text", TEXTS)
def test_a_defused_text_comes_back_as_it_was(text: str) -> None:
    assert not defuse(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert undefuse(defuse(text)) == text


@pytest.mark.parametrize("resource", [CommentResource, MetricsResource, PostResource, ChannelResource])
@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.__name__)
def test_every_table_is_exported_in_every_format_without_formulas(place: Place, resource: Any, kind: Any) -> None:
    comment = sent(place, 1, likes=3, replies=1, post_views=None)
    comment.text = FORMULA + "\x0b"
    comment.save()
    place.channel.posts.update(text=FORMULA)
    TelegramChannel.objects.update(title=FORMULA)
    exported = kind().export_data(resource().export(force_native_type=kind.__name__ == "XLSX"))
    if kind.__name__ == "XLSX":
        sheet = openpyxl.load_workbook(io.BytesIO(exported)).active
        cells = [cell for row in sheet.iter_rows() for cell in row]
        assert not [cell.value for cell in cells if cell.data_type == "f"]
        words = " ".join(str(cell.value) for cell in cells)
    else:
        words = exported
    assert words.count(FORMULA.split('"')[0]) == words.count("'" + FORMULA.split('"')[0])
    if resource is MetricsResource:
        assert "likes" in words


def through_json(resource: Any) -> Dataset:
    """What a file holds that was exported as JSON and is imported again."""
    return Dataset().load(json.dumps(json.loads(resource().export().json)), format="json")


def test_channels_come_back_from_json(place: Place) -> None:
    file = through_json(ChannelResource)
    TelegramChannel.objects.update(title="другое", monitoring_interval=99, basis="none")
    assert ChannelResource().import_data(file, raise_errors=True).totals["update"] == 1
    place.channel.refresh_from_db()
    assert (place.channel.title, place.channel.monitoring_interval, place.channel.basis) == (
        "Путь к себе",
        10,
        "own",
    )


def test_voices_come_back_from_json_with_their_commas(place: Place) -> None:
    voice = place.accounts[0].personality
    voice.examples, voice.vocabulary = ["Да, это так.", "«Нет», сказала она"], ["-ка"]
    voice.save()
    file = through_json(PersonalityResource)
    assert json.loads(PersonalityResource().export().json)[0]["personality"]["tone"] == "тепло"
    AccountPersonality.objects.update(examples=[], vocabulary=["x"], tone="холодно")
    PersonalityResource().import_data(file, raise_errors=True)
    voice.refresh_from_db()
    assert (voice.examples, voice.vocabulary) == (["Да, это так.", "«Нет», сказала она"], ["-ка"])
    assert voice.tone == "тепло"


def test_schedules_come_back_from_json(place: Place) -> None:
    place.schedules[0].days = [0, 4]
    place.schedules[0].save()
    file = through_json(ScheduleResource)
    CommentSchedule.objects.all().delete()
    result = ScheduleResource().import_data(file, raise_errors=True)
    assert result.totals["new"] == 2
    first = CommentSchedule.objects.get(account=place.accounts[0])
    assert (first.channel, first.days, first.comments_per_day) == (place.channel, [0, 4], 10)


def test_the_dry_run_lists_what_is_wrong_and_changes_nothing(place: Place) -> None:
    rows = [
        {"account": 1, "channel": "put_k_sebe", "comments_per_day": 7, "time_zone": "Europe/Moscow", "days": [1]},
        {"account": 1, "channel": "put_k_sebe", "comments_per_day": 8, "time_zone": "Europe/Moscow", "days": []},
        {"account": 2, "channel": "put_k_sebe", "comments_per_day": 7, "time_zone": "Mars/Base", "days": []},
        {"account": 2, "channel": "unknown", "comments_per_day": 7, "time_zone": "Europe/Moscow", "days": []},
        {"account": 77, "channel": "put_k_sebe", "comments_per_day": 7, "time_zone": "Europe/Moscow", "days": []},
    ]
    file = Dataset().load(json.dumps(rows), format="json")
    result = ScheduleResource().import_data(file, dry_run=True)
    wrong = {row.number for row in result.invalid_rows} | {number for number, _errors in result.row_errors()}
    assert wrong == {2, 3, 4, 5}
    assert set(CommentSchedule.objects.values_list("comments_per_day", flat=True)) == {10}


def test_an_export_asks_for_nothing_of_each_comment(place: Place, client: Client) -> None:
    client.force_login(administrator())
    chosen = {f"commentresource_{name}": "on" for name in ("post", "channel", "account", "text")}
    for number in range(1, 13):
        sent(place, number, likes=3, replies=1, post_views=None)
    with CaptureQueriesContext(connection) as queries:
        url = reverse("admin:commentators_generatedcomment_export")
        answer = client.post(url, {"format": "0", "resource": "0", **chosen})
    assert answer.content.decode().count("\n") == 13
    asked = Counter(query["sql"].partition(" WHERE ")[0] for query in queries)
    assert max(asked.values()) < 10, asked.most_common(1)
