"""Plays the last days once more with today's settings, in a second database and the sandbox."""

import json
import sys
from argparse import SUPPRESS
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from relove import rehearsals
from relove.models import Rehearsal
from relove.rehearsal_models import FASTEST, LONGEST_DAYS


class Command(BaseCommand):
    help = (
        "Copies the configuration into a second database with a sandbox, replays the last days' posts and "
        "invented people, and shows what would be sent, held or refused and why. Real Telegram is never spoken to."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=float, default=1.0, help="how much of the past is played")
        parser.add_argument("--approve", choices=Rehearsal.Approval.values, default="all", help="what drafts get")
        parser.add_argument("--speed", type=int, default=FASTEST, help=f"times faster, up to {FASTEST}")
        parser.add_argument("--json", action="store_true", help="a last line with one JSON object")
        parser.add_argument("--waiting", type=int, help="carry out the rehearsal that a page has asked for")
        parser.add_argument("--inside", action="store_true", help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["inside"]:
            from relove.management.rehearsal.inside import play

            play(lambda told: self._tell(json.dumps(told)))
            return
        self._carry_out(options)

    def _carry_out(self, options: dict[str, Any]) -> None:
        from relove.management.rehearsal import outside

        rehearsal = self._begun(options)
        try:
            outside.carry_out(rehearsal, lambda line: self._tell(f"  {line}"))
        except outside.FailedError as error:
            raise CommandError(str(error)) from error
        if options["waiting"] is None:
            self._show(rehearsal, options["json"])

    def _begun(self, options: dict[str, Any]) -> Rehearsal:
        number = options["waiting"]
        if number is None:
            if not 0 < options["days"] <= LONGEST_DAYS or not 1 <= options["speed"] <= FASTEST:
                raise CommandError(f"Up to {LONGEST_DAYS} days are played, 1 to {FASTEST} times faster.")
            rehearsals.end_silent(timezone.now())
            try:
                number = rehearsals.ask(
                    None,
                    timezone.now(),
                    length=timedelta(days=options["days"]),
                    approval=options["approve"],
                    speed=options["speed"],
                ).pk
            except rehearsals.UnderWay as error:
                raise CommandError("Another rehearsal is under way.") from error
        rehearsal = rehearsals.begin(number, timezone.now())
        if rehearsal is None:
            raise CommandError("It is not waiting any more.")
        return rehearsal

    def _show(self, rehearsal: Rehearsal, as_json: bool) -> None:
        """The timeline, a line a thing, and the figures."""
        for item in rehearsal.items.order_by("at", "id"):
            at = timezone.localtime(item.at)
            words = " ".join(item.text.split())
            who = " → ".join(filter(None, (item.account, item.place)))
            why = f" ({item.reason})" if item.reason else ""
            verdict = item.get_verdict_display()
            self._tell(f"{at:%d.%m %H:%M:%S}  {verdict:18}{item.get_kind_display()}: {who}{why} {words[:100]}")
        counted = rehearsals.counts(rehearsal)
        seconds = rehearsal.took(timezone.now()).total_seconds()
        self._tell("")
        for name, value in {**counted, "seconds": round(seconds, 1)}.items():
            self._tell(f"  {name:14}{value:>8}")
        if as_json:
            figures = {**rehearsal.figures, **counted, "state": rehearsal.state, "seconds": round(seconds, 1)}
            self._tell(json.dumps({"id": rehearsal.pk, **figures}, ensure_ascii=False))

    def _tell(self, line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
