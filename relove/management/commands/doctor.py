"""Look at every part of a running system, a line for each."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from accounts_mgmt import freezing
from relove.checkup import CHECKS, Trouble, load_session_keys


class Command(BaseCommand):
    help = "Says of each part whether it is well or how to mend it; exit status 1 when something is wrong."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        load_session_keys()
        troubled = False
        for name, check in [*CHECKS, ("outbox", freezing.check)]:
            try:
                self.stdout.write(f"ok     {name}: {check()}")
            except Trouble as trouble:
                troubled = True
                self.stdout.write(self.style.ERROR(f"WRONG  {name}: {trouble}"))
        if troubled:
            sys.exit(1)
