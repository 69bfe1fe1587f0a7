"""Everything about one person: export it, or erase it."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from relove import erasure
from relove.models import TelegramUser


class Command(BaseCommand):
    help = "Writes everything known about a person into a JSON file, or erases the person."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("telegram_id", type=int)
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--export", type=Path, metavar="FILE")
        what.add_argument("--erase", action="store_true", help="cannot be undone; asks for --yes")
        parser.add_argument("--yes", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        user = TelegramUser.objects.filter(telegram_id=options["telegram_id"]).first()
        if user is None or user.telegram_id < 0:
            raise CommandError("Nobody is known under this Telegram id.")
        if options["erase"]:
            self._erase(user, options["yes"])
        else:
            self._export(user, options["export"])

    def _export(self, user: TelegramUser, path: Path) -> None:
        data = erasure.export(user)
        path.write_text(json.dumps(data, ensure_ascii=False, indent=2, cls=erasure.JSON), encoding="utf-8")
        # the file is as sensitive as the rows
        path.chmod(0o600)
        self.stdout.write(f"{sum(map(len, data.values()))} rows of {len(data)} tables written to {path}.")

    def _erase(self, user: TelegramUser, is_sure: bool) -> None:
        if not is_sure:
            raise CommandError("Erasing cannot be undone. Add --yes.")
        try:
            erasure.erase(user, timezone.now())
        except erasure.NotYet as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Erased. Nobody writes to this person again, unless they ask for it.")
