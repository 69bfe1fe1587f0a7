"""A host with two practice partners in the sandbox, a live scenario, and a client who has written."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import yaml
from django.utils import timezone

from accounts_mgmt.models import Contact, TelegramAccountSession
from accounts_mgmt.outbox import Status
from education import building, services
from education.document import HOST
from education.kind import EXAMPLE
from education.models import EducationGroup, GroupMessage, StudentBot
from relove.management import sandbox_world
from relove.models import Chat, TelegramUser
from relove.sandbox.client import SandboxClient
from sales import services as scripts
from sales.models import SalesScript

Role = TelegramAccountSession.Role
PARTNERS = [("relove_marina", "Марина (ИИ)"), ("relove_denis", "Денис (ИИ)")]


def document(*, quick: bool = True) -> dict[str, Any]:
    """The example, at any hour of the day and without waits."""
    data: dict[str, Any] = yaml.safe_load(EXAMPLE)
    data["settings"] = {"from_hour": 0, "to_hour": 24}
    for scene in data["scenes"] if quick else []:
        scene.pop("after", None)
        for line in scene["lines"]:
            line.pop("after", None)
    return data


def live_scenario(now: datetime, *, automatic: bool = True, data: dict[str, Any] | None = None) -> SalesScript:
    script = scripts.create("education", "Практика", data or document(), reason="начало", who=None, now=now)
    scripts.publish(script.pk, 1, who=None, now=now)
    scripts.activate(script.pk, True, who=None, now=now)
    mode = SalesScript.Mode.AUTOMATIC if automatic else SalesScript.Mode.DRAFT
    SalesScript.objects.filter(pk=script.pk).update(mode=mode)
    return script


def rows(now: datetime, *, partners: int = 2) -> tuple[TelegramAccountSession, list[StudentBot], TelegramUser]:
    """The host, the partners and the client as rows alone, for tests without Telegram."""
    values = {"owner": "Анна", "owner_consent_at": now, "disclosure": "ИИ", "disclosure_seen_at": now}
    host = TelegramAccountSession.objects.create(
        label="Главный", role=Role.MAIN, telegram_user_id=1, first_name="reLove", **values
    )
    bots = [
        StudentBot.objects.create(
            session=TelegramAccountSession.objects.create(
                label=f"Партнёр {n}",
                role=Role.STUDENT,
                telegram_user_id=10 + n,
                first_name=f"Партнёр {n}",
                **values,
            )
        )
        for n in range(partners)
    ]
    client = TelegramUser.objects.create(telegram_id=900, first_name="Ольга", username="olga")
    Contact.objects.create(user=client, account=host, wrote_at=now)
    return host, bots, client


def begun_group(now: datetime, data: dict[str, Any] | None = None) -> EducationGroup:
    """A group of rows alone: made, with its welcome in the chat, before its first scene."""
    host, _bots, client = rows(now)
    live_scenario(now, data=data)
    made = services.create(host, client, now)
    made.chat, made.step = Chat.objects.create(kind="supergroup", telegram_id=5), EducationGroup.Step.DONE
    building._begin(made, now)
    made.save()
    welcome = services.new(made, HOST, building.welcome_text(made), GroupMessage.Purpose.WELCOME)
    welcome.status, welcome.message_id, welcome.sent_at = Status.SENT, 1, now
    welcome.save()
    return made


@dataclass
class Stage:
    telegram: SandboxClient
    host: TelegramAccountSession
    bots: list[StudentBot]

    @property
    def group(self) -> EducationGroup:
        return EducationGroup.objects.select_related("chat", "user", "account").get()

    def say(self, text: str, sender: str = "reader_lena") -> None:
        chat = self.group.chat
        assert chat is not None
        self.telegram.say(sender, chat.telegram_id, text)

    def talk(self) -> list[tuple[str, str, str]]:
        found = GroupMessage.objects.order_by("id").values_list("role", "purpose", "status")
        return list(found)


def stage(telegram: SandboxClient) -> Stage:
    """Accounts of the sandbox with our rows for them."""
    now = timezone.now()
    telegram.world(sandbox_world.description())
    telegram.settings(people=False)
    bio = sandbox_world.disclosure()
    telegram.world({"users": [{"first_name": name, "username": nick, "about": bio} for nick, name in PARTNERS]})
    host = sandbox_world.connect_main(telegram, now)
    bots = sandbox_world.connect_partners(telegram, now, PARTNERS)
    return Stage(telegram, host, bots)


def ask_for_group(host: TelegramAccountSession, client: TelegramUser) -> EducationGroup:
    return services.create(host, client, timezone.now())
