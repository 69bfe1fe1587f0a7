"""A world at work while the storm lasts: accounts, channels, people, and what they say.

Comments go all the way from a published post; private messages are written by hand; sales answer people by
an automatic script; study groups are made, play a scene and end, and staff go on speaking there. Every message
written here bears a number, so that a commit whose answer the storm took is not repeated.
"""

import itertools
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.conf import settings
from django.db import InterfaceError, OperationalError, connections, transaction
from django.utils import timezone

from accounts_mgmt.models import Contact, TelegramAccountSession
from accounts_mgmt.outbox import CHANNEL, Origin, OutgoingMessage
from accounts_mgmt.private.dialogues import open_thread
from commentators import monitoring
from commentators.models import CommentatorAccount, DirectMessage, TelegramChannel
from education import services as groups
from education.document import HOST
from education.models import EducationGroup, GroupMessage
from relove.db import notify
from relove.management import sandbox_world
from relove.management.benchmark import wait_until
from relove.management.chaos import POISON
from relove.models import Staff, TelegramUser
from relove.sandbox.client import SandboxClient
from relove.sandbox.export import read_export
from relove.sandbox.samples import shipped_export
from relove.telegram.gateway import ChannelInfo, Peer, PeerKind
from sales import services
from sales.models import SalesScript

ACCOUNTS, CHANNELS = 45, 7
PARTNERS = [(f"partner_{number}", f"Партнёр {number} (ИИ)") for number in range(4)]
PEOPLE_EACH, CLIENTS = 2, 40
SAID = ("Здравствуйте", "Устала всё тянуть одна", "Сколько это стоит?", "А это поможет, если нет сил?")
# a minute
RATES = {"post": 45, "by_hand": 450, "question": 30, "group": 2, "line": 40}
SCENARIO = {
    "group": {"title": "Практика: {name|группа}"},
    "roles": [{"key": "спрашивает", "persona": "Задаёт короткие вопросы."}],
    "scenes": [
        {
            "key": "начало",
            "lines": [
                {"key": "привет", "role": HOST, "text": "Рады видеть вас."},
                {"key": "вопрос", "role": "спрашивает", "intent": "Спросить, с чего начать."},
            ],
        }
    ],
    "summary": "На сегодня это всё.",
    "settings": {"from_hour": 0, "to_hour": 24},
}
# after so many written by hand comes the one that kills
POISONED = 100
# a busy machine takes minutes to start four clusters
PATIENCE = 300.0
AWAY = (OperationalError, InterfaceError)
VOICES = [
    replace(
        sandbox_world.VOICES[number % len(sandbox_world.VOICES)],
        username=f"voice_{number}",
        first_name=f"Голос {number}",
        interests=[],
    )
    for number in range(ACCOUNTS)
]


@dataclass
class Cast:
    """Telegram's ids of everybody."""

    accounts: list[int] = field(default_factory=list)
    people: list[int] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)


def set_up() -> Cast:
    """Rows and their counterparts in the sandbox."""
    client, now = SandboxClient(settings.SANDBOX_HTTP), timezone.now()
    client.world(sandbox_world.description(voices=VOICES))
    client.settings(people=False, forget_random_ids=45)
    sandbox_world.connect_main(client, now)
    commentators = sandbox_world.connect_accounts(client, now, VOICES)
    bio = sandbox_world.disclosure()
    client.world({"users": [{"first_name": name, "username": nick, "about": bio} for nick, name in PARTNERS]})
    sandbox_world.connect_partners(client, now, PARTNERS)
    sandbox_world.add_script(now, automatic=True)
    _scenario(now)
    Staff.objects.create(username="chaos")
    cast = Cast(accounts=[one.session.telegram_user_id or 0 for one in commentators])
    for number in range(CHANNELS):
        cast.groups.append(_channel(client, number, commentators[number::CHANNELS]))
    for number in range(ACCOUNTS * PEOPLE_EACH + CLIENTS):
        cast.people.append(client.add_user(f"Гость {number}", username=f"guest_{number}")["id"])
    return cast


def _channel(client: SandboxClient, number: int, accounts: list[CommentatorAccount]) -> int:
    """A channel that is commented without approval; the id of its discussion group."""
    username = f"channel_{number}"
    listeners = [one.session.username for one in accounts[:2]]
    made = client.add_channel(f"Канал {number}", username=username, discussion=True, members=listeners)
    row = sandbox_world.add_channel(accounts, timezone.now(), per_day=86_400, channel=username)
    found = ChannelInfo(Peer(PeerKind.CHANNEL, made["id"]), made["title"], username, "", 2, True, False, None)
    monitoring.checked(row.id, accounts[0].session_id, found, timezone.now())
    reason = {"auto_approve": True, "auto_approve_reason": "chaos"}
    TelegramChannel.objects.filter(id=row.id).update(**reason)
    group: int = made["linked"]
    return group


def _scenario(now: datetime) -> None:
    """A live scenario that plays by itself and asks the client nothing."""
    script = services.create("education", "Практика", SCENARIO, reason="chaos", who=None, now=now)
    services.publish(script.pk, script.number, who=None, now=now)
    services.activate(script.pk, True, who=None, now=now)
    SalesScript.objects.filter(pk=script.pk).update(mode=SalesScript.Mode.AUTOMATIC)


@dataclass
class Feed:
    """Says and writes at the pace above until told to stop; knows what it was told is committed."""

    seed: int
    committed: set[str] = field(default_factory=set)
    poisoned: bool = False

    def __post_init__(self) -> None:
        self.client = SandboxClient(settings.SANDBOX_HTTP)
        self._dice = random.Random(self.seed)
        self._numbers = itertools.count(1)
        self._texts = itertools.cycle(post.text for post in read_export(shipped_export()) if post.text)

    def run(self, is_over: Callable[[], bool]) -> None:
        started, done = time.monotonic(), dict.fromkeys(RATES, 0)
        while not is_over():
            minutes = (time.monotonic() - started) / 60
            for name, rate in RATES.items():
                missing = int(minutes * rate) - done[name]
                if missing > 0:
                    getattr(self, f"_{name}")(missing)
                    done[name] += missing
            time.sleep(0.2)

    def _post(self, count: int) -> None:
        for number in itertools.islice(self._numbers, count):
            channel = f"channel_{self._dice.randrange(CHANNELS)}"
            self.client.publish(channel, f"{next(self._texts)}\n\nЗаметка {number}")

    def _question(self, count: int) -> None:
        for number in itertools.islice(self._numbers, count):
            guest = ACCOUNTS * PEOPLE_EACH + self._dice.randrange(CLIENTS)
            text = f"{self._dice.choice(SAID)} ({number})"
            self.client.say(f"guest_{guest}", sandbox_world.MAIN[0], text)

    def _by_hand(self, count: int) -> None:
        """Private messages written by staff; one of them kills whoever would send it."""
        texts = [f"Сообщение № {number}" for number in itertools.islice(self._numbers, count)]
        if not self.poisoned and len(self.committed) >= POISONED:
            texts[0] += POISON
            self.poisoned = True
        self._surely(DirectMessage, texts, self._write)

    def _line(self, count: int) -> None:
        """What staff say in groups whose scenario has ended."""
        texts = [f"Строка № {number}" for number in itertools.islice(self._numbers, count)]
        self._surely(GroupMessage, texts, self._say_in_group)

    def _group(self, count: int) -> None:
        """A group for a client who has none."""
        with suppress(*AWAY):
            host = TelegramAccountSession.objects.get(role=TelegramAccountSession.Role.MAIN)
            invited = EducationGroup.objects.values("user")
            alone = TelegramUser.objects.filter(contact__account=host).exclude(pk__in=invited)
            for user in alone.order_by("id")[:count]:
                groups.create(host, user, timezone.now())

    def _surely(self, kind: type[OutgoingMessage], texts: list[str], store: Callable[[list[str]], None]) -> None:
        """In one transaction, repeated until it is known what is committed."""
        while True:
            with suppress(*AWAY):
                stored = kind._default_manager.filter(text__in=texts)
                if not stored.exists():
                    with transaction.atomic():
                        store(texts)
                self.committed |= set(stored.values_list("text", flat=True))
                return
            connections.close_all()
            time.sleep(0.2)

    def _write(self, texts: list[str]) -> None:
        contacts = list(
            Contact.objects.exclude(account=None)
            .filter(account__role=TelegramAccountSession.Role.COMMENTATOR)
            .select_related("account", "user")
        )
        now = timezone.now()
        rows = []
        for text in texts:
            contact = self._dice.choice(contacts)
            assert contact.account is not None
            thread = open_thread(contact.account, contact.user)
            row = thread.new(DirectMessage.Direction.OUT, text, Origin.PERSON)
            row.queue(now)
            rows.append(row)
        DirectMessage.objects.bulk_create(rows)  # type: ignore[arg-type]
        notify(CHANNEL)

    def _say_in_group(self, texts: list[str]) -> None:
        staff = Staff.objects.get(username="chaos")
        """None in the first minute, before a group has come to its end."""
        ended = list(EducationGroup.objects.filter(state=EducationGroup.State.ENDED))
        for text in texts if ended else []:
            group = self._dice.choice(ended)
            role = self._dice.choice([HOST, *group.partners.values_list("role", flat=True)])
            groups.say(group.pk, role, text, staff, timezone.now())


def get_acquainted() -> None:
    """Everybody writes to an account once: only then may they be answered. Raises CommandError."""
    client = SandboxClient(settings.SANDBOX_HTTP)
    everybody = ACCOUNTS + len(PARTNERS) + 1
    wait_until(lambda: len(client.stats()["online"]) == everybody, "the accounts are not held", PATIENCE)
    names = [voice.username for voice in VOICES for _guest in range(PEOPLE_EACH)] + [
        sandbox_world.MAIN[0]
    ] * CLIENTS
    for number, name in enumerate(names):
        client.say(f"guest_{number}", name, f"Здравствуйте, я гость {number}")
    wait_until(lambda: TelegramUser.objects.count() >= len(names), "people were not heard", PATIENCE)
