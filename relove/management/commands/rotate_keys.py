"""Seal everything anew under the current keys, while the system runs."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts_mgmt import keys
from relove.checkup import load_session_keys
from relove.fields import KeyMissing

STEP = 100


class Command(BaseCommand):
    help = (
        "Re-encrypts what older keys of the rings have sealed. Put the new key first in RELOVE_PERSONAL_KEYS or "
        "RELOVE_SESSION_KEYS, restart, run this, then take the old key out. May be interrupted and run again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        load_session_keys()
        try:
            done = sum(self._rotate(column) for column in keys.columns())
            left = sum(keys.left(column) for column in keys.columns())
        except KeyMissing as error:
            raise CommandError(f"{error} What was sealed anew before stays so.") from error
        except KeyboardInterrupt:
            self.stderr.write("Interrupted. What was sealed anew stays so; run it again to go on.")
            sys.exit(130)
        self.stdout.write(f"{done} values sealed anew, {left} left under older keys.")
        if left:
            raise CommandError(
                "Somebody still writes under an older key: restart all processes, then run it again."
            )
        self.stdout.write("The older keys may be taken out of the rings.")

    def _rotate(self, column: keys.Column) -> int:
        done = keys.rotate(column, self._progress)
        self.stdout.write(f"{column.name}: {done} of {column.total}")
        return done

    def _progress(self, column: keys.Column) -> None:
        if column.done % STEP == 0:
            self.stdout.write(f"{column.name}: {column.done} of {column.total} …")
