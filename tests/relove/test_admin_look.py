"""The theme's files we stand in for, its content policy, and what leaves in exports."""

import csv
import hashlib
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
import unfold
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import formats, timezone, translation

from accounts_mgmt.outbox import Status
from commentators.models import GeneratedComment, TelegramChannel
from relove import show, statuses
from relove.exports import defuse, undefuse
from tests.admin_scene import Scene

UPSTREAM = Path(unfold.__file__).parent
# What our files under relove/templates and relove/static were made from. When the theme moves, look at
# what it changed, carry that over, and write the new sum here.
SUMS = {
    "static/unfold/js/alpine/LICENSE": "5f05c4925dd3edf049a70b4b403ac0dd43b20f72501d9359911ddd25d5ac657d",
    "static/unfold/js/alpine/alpine.js": ("3ed1eed252488921df65e363d6715deb04d7f92aaedb9e52199fdf73cb1e0ad3"),
    "templates/admin/actions.html": "b5332aace8e6919204a65b842e626bd8b1d5f8ed855dc290ab114b08526c5f15",
    "templates/admin/index.html": "9fdb849b7da18ccde0e5dda1923465830718700726570ea70554bffe1f012115",
    "templates/unfold/components/progress.html": (
        "be8c8b49f94ad3cc7b48ff6676c122c40b068998fb6157e76657ea9ed770f289"
    ),
    "templates/unfold/components/table.html": ("0736f61f48778f7d1bcb6e9e62e0e7b4c98cfc3afc97eaf6af6b8b24562742b4"),
    "templates/unfold/helpers/command.html": ("ae6ce324d85366131fc82945b3c35c1b980829229508343993e6adcbee4c975d"),
    "templates/unfold/helpers/empty_results.html": (
        "5f4727a37a99da76e245048c8c7d7307ded9fe749533b33410e38657a9b1ef7e"
    ),
    "templates/unfold/helpers/header_title.html": (
        "b126ed2ab9ca16802d6763f49a74ba37b5bab125e5ff1af52a1ed586982dd0f3"
    ),
    "templates/unfold/helpers/welcomemsg.html": (
        "e8eab02522ba2319b937086bbcb6bf2a2bbe1489d236ad90ff23edbe070a7d6b"
    ),
    "templates/unfold/layouts/skeleton.html": ("66af9f0bb45f98ba4e16ba5e5a11f36d87b8e07430d19066d088b29548491c2e"),
    "templates/unfold/widgets/select.html": "33286510ee2c7fb0148ce807f38acbefaae160cd16127e2a46aceeccf9a0bb93",
}


def overridden() -> list[str]:
    ours = Path(settings.BASE_DIR) / "relove"
    pairs = [(ours / "templates", UPSTREAM / "templates"), (ours / "static", UPSTREAM / "static")]
    return sorted(
        str(theirs.relative_to(UPSTREAM))
        for folder, upstream in pairs
        for path in folder.rglob("*")
        if path.is_file() and (theirs := upstream / path.relative_to(folder)).is_file()
    )


def test_the_themes_originals_are_those_we_changed() -> None:
    found = {name: hashlib.sha256((UPSTREAM / name).read_bytes()).hexdigest() for name in overridden()}

    assert found == SUMS


def test_policy_allows_neither_eval_nor_inline(client: Client) -> None:
    policy = client.get(reverse("admin:login"))["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert "nonce-" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("state", Status.values)
def test_every_state_of_a_message_has_its_look(state: str) -> None:
    assert state in statuses.LOOKS


@pytest.mark.parametrize("text", ["=1+1", "+7", "-1", "@sum", "\t=1", "\r=1"])
def test_formulas_are_defused_and_come_back(text: str) -> None:
    assert defuse(text) == f"'{text}"
    assert undefuse(defuse(text)) == text


@pytest.mark.parametrize("text", ["'quoted'", "it's", "plain", ""])
def test_other_texts_are_left_alone(text: str) -> None:
    assert undefuse(defuse(text)) == text


@pytest.fixture
def page(client: Client, db: None) -> Client:
    client.force_login(Scene(rows=1).staff)
    return client


def export(page: Client, model: str) -> list[list[str]]:
    answer = page.post(reverse(f"admin:commentators_{model}_export"), {"format": "0", "resource": "0"})
    assert answer["Content-Type"].startswith("text/csv"), answer.content.decode()[:2000]
    return list(csv.reader(io.StringIO(answer.content.decode())))


def test_export_of_comments_defuses_formulas_and_names_no_secret(page: Client) -> None:
    from commentators.models import GeneratedComment

    GeneratedComment.objects.update(text='=HYPERLINK("http://x")')

    header, *rows = export(page, "generatedcomment")

    assert rows[0][header.index("text")].startswith("'=HYPERLINK")
    assert not any(cell.startswith("=") for row in rows for cell in row)
    assert not {"phone", "session", "random_id"} & set(header)


def test_exported_channels_can_be_imported_again(page: Client) -> None:
    from tablib import Dataset

    from commentators.admin.resources import ChannelResource

    TelegramChannel.objects.update(title="=formula")
    data = ChannelResource().export().csv
    TelegramChannel.objects.update(title="lost", monitoring_interval=99)

    result = ChannelResource().import_data(Dataset().load(data, format="csv"), raise_errors=True)

    channel = TelegramChannel.objects.get()
    assert result.totals["update"] == 1
    assert (channel.title, channel.monitoring_interval) == ("=formula", 10)
    assert channel.history.count() == 2


def test_json_is_shown_as_rows() -> None:
    shown = show.key_values({"zz_own": 1, "keywords": ["a<b"], "main_idea": "x", "more": {"deep": [{"n": True}]}})

    assert shown.index("<dt>Основная мысль") < shown.index("<dt>Ключевые слова") < shown.index("<dt>Zz own")
    assert "a&lt;b" in shown
    assert "{" not in shown


def test_a_row_of_a_table_is_linked_by_its_table() -> None:
    link = show.row_link("telegram_channels", 7)

    assert 'href="/admin/commentators/telegramchannel/7/change/"' in link


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("month", range(1, 13))
def test_times_stand_as_django_writes_them(language: str, month: int) -> None:
    moment = datetime(2025, month, 9, 21, 46, 3, tzinfo=UTC)
    with translation.override(language):
        local = timezone.localtime(moment)
        this_year = show.short_time(moment, now=datetime(2025, month, 20, tzinfo=UTC))
        another = show.short_time(moment, now=datetime(2026, month, 20, tzinfo=UTC))

        assert f'title="{formats.date_format(local, "j E Y, H:i:s")}"' in this_year
        assert f">{formats.date_format(local, 'j M')} {local:%H:%M}<" in this_year
        assert f">{formats.date_format(local, 'j M Y')}<" in another


def test_a_choice_is_named_as_django_names_it() -> None:
    for status in (*Status, "unheard_of"):
        row = GeneratedComment(status=status)
        assert show.choice(row, "status") == str(row.get_status_display())
