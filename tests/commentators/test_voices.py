"""A voice is kept as ciphertext, and an edit counts at once in every process."""

import subprocess
import sys

import pytest
from django.core.cache import cache
from django.db import connection

from commentators import voices
from commentators.models import AccountPersonality, CommentatorAccount
from tests.commentators.conftest import commentator

OTHER_PROCESS = """
import sys, django
django.setup()
from django.db import connections
connections["default"].settings_dict["NAME"] = sys.argv[1]
from commentators import voices
from commentators.models import AccountPersonality, CommentatorAccount
account = CommentatorAccount.objects.get(pk=int(sys.argv[2]))
print(voices.of(account).tone)
row = AccountPersonality.objects.get(account=account)
row.tone = "строго"
row.save()
"""


@pytest.fixture
def account(transactional_db: None) -> CommentatorAccount:
    cache.clear()
    made = commentator(1)
    found: CommentatorAccount = CommentatorAccount.objects.get(pk=made.pk)
    return found


def test_the_second_time_no_row_is_read(account: CommentatorAccount) -> None:
    first = voices.of(account)
    AccountPersonality.objects.update(tone="иначе, мимо версии")
    assert voices.of(account) == first
    assert first.tone == "тепло"


def test_what_is_kept_is_unreadable(account: CommentatorAccount) -> None:
    voices.of(account)
    stored = cache.get(f"relove:kept:voices:{account.pk}")
    assert isinstance(stored, bytes)
    assert "тепло".encode() not in stored


def test_a_flushed_cache_loses_nothing(account: CommentatorAccount) -> None:
    before = voices.of(account)
    cache.clear()
    assert voices.of(account) == before


def test_an_edit_in_one_process_is_seen_in_another(account: CommentatorAccount) -> None:
    assert voices.of(account).tone == "тепло"
    name = connection.settings_dict["NAME"]
    command = [sys.executable, "-c", OTHER_PROCESS, name, str(account.pk)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert answer.stdout.strip() == "тепло"
    account.refresh_from_db()
    assert voices.of(account).tone == "строго"


def test_a_voice_taken_away_is_gone(account: CommentatorAccount) -> None:
    assert voices.of(account).tone
    AccountPersonality.objects.get().delete()
    account.refresh_from_db()
    assert voices.of(account).tone == ""
