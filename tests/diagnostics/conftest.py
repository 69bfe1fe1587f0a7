"""The shipped questionnaire, and a person to ask."""

from importlib import import_module

import pytest
from django.apps import apps

from diagnostics.models import Stage
from relove.models import TelegramUser


@pytest.fixture(autouse=True)
def reference(db: None) -> None:
    """What the migration ships; a test that truncates the tables may have run before."""
    if not Stage.objects.exists():
        import_module("diagnostics.migrations.0002_reference").load(apps, None)


@pytest.fixture
def person(db: None) -> TelegramUser:
    return TelegramUser.objects.create(telegram_id=501, first_name="Лена", username="lena")
