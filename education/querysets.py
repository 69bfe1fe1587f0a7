"""Which rows: groups that go on by themselves, and what stands in them."""

from typing import Any

from django.db import models

from accounts_mgmt.querysets import OutgoingQuerySet

OPEN = ("creating", "running", "paused")


class GroupQuerySet(models.QuerySet[Any]):
    def open(self) -> "GroupQuerySet":
        """Groups whose scenario has not come to its end."""
        return self.filter(state__in=OPEN)

    def hearing(self, account_id: int, telegram_id: int) -> "GroupQuerySet":
        """The group in this chat, for its host alone: what all members hear is stored once."""
        return self.filter(account_id=account_id, chat__telegram_id=telegram_id)


class GroupMessageQuerySet(OutgoingQuerySet):
    def waiting(self) -> "GroupMessageQuerySet":
        """Received messages nobody has answered yet."""
        return self.filter(stage__in=("wanted", "person"))

    def scenes(self) -> "GroupMessageQuerySet":
        return self.filter(direction="out", purpose="")
