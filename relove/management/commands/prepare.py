"""What a fresh system needs beside its tables: a first staff member, the upkeep, the sandbox's accounts."""

import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from accounts_mgmt import calls
from accounts_mgmt.models import TelegramAccountSession
from relove.management import sandbox_world
from relove.management.upkeep import sync_schedules
from relove.models import Staff
from relove.sandbox.client import SandboxClient
from relove.sandbox.samples import shipped_export

FIRST_POSTS = 8
COMMENTS_A_DAY = 200


class Command(BaseCommand):
    help = "Creates the first staff member and, in the sandbox, accounts and a channel to try things with."

    def handle(self, *args: Any, **options: Any) -> None:
        sync_schedules()
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
        now = timezone.now()
        client.world(sandbox_world.description())
        client.load_export(sandbox_world.CHANNEL, shipped_export())
        client.publish_export(sandbox_world.CHANNEL, limit=FIRST_POSTS)
        with transaction.atomic():
            accounts = sandbox_world.connect_accounts(client, now)
            channel = sandbox_world.add_channel(accounts, now, COMMENTS_A_DAY)
            assert channel.listener is not None
            for kind in ("check_channel", "join_channel"):
                calls.ask(channel.listener.id, kind, {"channel": channel.id}, now=now)
