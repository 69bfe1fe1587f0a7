"""A channel of our own with comments on, two accounts with voices and schedules, and a staff member."""

from dataclasses import dataclass
from datetime import UTC, datetime, time

import pytest

from accounts_mgmt.models import TelegramAccountSession
from commentators.models import (
    AccountPersonality,
    CommentatorAccount,
    CommentSchedule,
    TelegramChannel,
    TelegramPost,
)
from relove.models import Chat, Staff

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
TEXT = "Почему мы откладываем важное? Часто дело не в лени, а в страхе начать маленький шаг."


@dataclass
class Place:
    """What a comment needs before it can be drafted."""

    channel: TelegramChannel
    accounts: list[CommentatorAccount]
    schedules: list[CommentSchedule]

    def post(self, message_id: int = 1, **fields: object) -> TelegramPost:
        values = {"channel": self.channel, "message_id": message_id, "text": TEXT, "created_at": NOW}
        return TelegramPost.objects.create(**values | fields)


@pytest.fixture
def staff(db: None) -> Staff:
    member: Staff = Staff.objects.create_user("olga")
    return member


@pytest.fixture
def place(db: None) -> Place:
    chat = Chat.objects.create(telegram_id=100, kind=Chat.Kind.CHANNEL, title="Путь к себе")
    group = Chat.objects.create(telegram_id=200, kind=Chat.Kind.SUPERGROUP, title="Обсуждение")
    channel = TelegramChannel.objects.create(
        username="put_k_sebe", title="Путь к себе", chat=chat, discussion=group, basis=TelegramChannel.Basis.OWN
    )
    accounts = [commentator(number) for number in (1, 2)]
    channel.listener = accounts[0].session
    channel.save()
    schedules = [
        CommentSchedule.objects.create(
            account=account, channel=channel, comments_per_day=10, start_time=time(0), end_time=time(0)
        )
        for account in accounts
    ]
    return Place(channel, accounts, schedules)


def commentator(number: int) -> CommentatorAccount:
    session = TelegramAccountSession.objects.create(
        label=f"Аккаунт {number}",
        role=TelegramAccountSession.Role.COMMENTATOR,
        telegram_user_id=number,
        owner="Ольга",
        owner_consent_at=NOW,
        disclosure="Мне помогает писать ИИ",
        disclosure_seen_at=NOW,
    )
    account = CommentatorAccount.objects.create(session=session)
    AccountPersonality.objects.create(account=account, style="коротко", tone="тепло")
    return account
