"""Makes a system ready to run: tables, regular tasks, a first staff member, the sandbox's accounts."""

import secrets
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts_mgmt import calls
from accounts_mgmt.models import TelegramAccountSession
from relove.management import sandbox_world
from relove.management.upkeep import bring_up_to_date
from relove.models import Staff
from relove.sandbox.client import SandboxClient, SandboxError
from relove.sandbox.samples import shipped_export

FIRST_POSTS = 8
COMMENTS_A_DAY = 200
SANDBOX_SECONDS = 60
# the clusters start after this command
PATIENCE = timedelta(hours=1)


class Command(BaseCommand):
    help = "Brings the database up to date; creates the first staff member and the sandbox's accounts."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        bring_up_to_date()
        if not Staff.objects.exists():
            self._first_staff_member()
        if settings.TELEGRAM_GATEWAY == "sandbox" and not TelegramAccountSession.objects.exists():
            self._sandbox_accounts()

    def _first_staff_member(self) -> None:
        password = secrets.token_urlsafe(12)
        Staff.objects.create_superuser("admin", password=password)
        self.stdout.write(f"  login admin, password {password}  (shown once)")

    def _sandbox_accounts(self) -> None:
        client = SandboxClient(settings.SANDBOX_HTTP)
        _wait_for(client)
        now = timezone.now()
        if not _has_world(client):
            client.world(sandbox_world.description())
        if not client.messages(sandbox_world.CHANNEL):
            client.load_export(sandbox_world.CHANNEL, shipped_export())
            client.publish_export(sandbox_world.CHANNEL, limit=FIRST_POSTS)
        with transaction.atomic():
            accounts = sandbox_world.connect_accounts(client, now)
            sandbox_world.connect_main(client, now)
            sandbox_world.add_script(now)
            channel = sandbox_world.add_channel(accounts, now, COMMENTS_A_DAY)
            assert channel.listener is not None
            for kind in ("check_channel", "join_channel"):
                calls.ask(channel.listener.id, kind, {"channel": channel.id}, now=now, patience=PATIENCE)


def _has_world(client: SandboxClient) -> bool:
    """Whether an earlier start made it: one that was interrupted, or had another database."""
    try:
        client.messages(sandbox_world.CHANNEL)
    except SandboxError:
        return False
    return True


def _wait_for(client: SandboxClient) -> None:
    """It may be starting at this very moment. Raises CommandError when it does not come."""
    deadline = time.monotonic() + SANDBOX_SECONDS
    while True:
        try:
            client.health()
            return
        except OSError as error:
            if time.monotonic() > deadline:
                raise CommandError(f"The sandbox does not answer at {settings.SANDBOX_HTTP}.") from error
            time.sleep(0.05)
