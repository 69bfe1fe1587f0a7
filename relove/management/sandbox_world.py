"""The sandbox's people and channel, and our rows for them: for the first start and for the demonstration."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

import yaml
from django.conf import settings
from django.utils.translation import gettext

from accounts_mgmt import health
from accounts_mgmt.models import AccountSecurityLog, TelegramAccountSession
from accounts_mgmt.sessions import seal_session
from commentators.models import AccountPersonality, CommentatorAccount, CommentSchedule, TelegramChannel
from education.models import StudentBot
from relove import texts
from relove.fields import Sealed, keyed_hash
from relove.sandbox.client import SandboxClient
from relove.telegram.session import SessionData
from sales import services
from sales.models import SalesScript
from sales.sales_kind import EXAMPLE

CHANNEL = "put_k_sebe"
OWNER = "reLove"


@dataclass(frozen=True, slots=True)
class Voice:
    """An invented commentator of the sandbox."""

    username: str
    first_name: str
    style: str
    tone: str
    # none: suits every post, so that no channel goes without comments
    interests: list[str]
    vocabulary: list[str]


VOICES = [
    Voice("relove_anna", "Анна", "коротко, с вопросом в конце", "тепло", ["привычки", "отдых"], ["бережно"]),
    Voice("relove_pavel", "Павел", "по делу, с примером", "спокойно", ["страхи", "цели"], ["шаг"]),
    Voice("relove_vera", "Вера", "образно", "мягко", ["путь героя", "тень"], ["тропа", "порог"]),
    Voice("relove_oleg", "Олег", "с лёгкой иронией", "дружелюбно", [], ["честно говоря"]),
    Voice("relove_inna", "Инна", "вдумчиво", "уважительно", ["прошлое", "семья"], ["замечаю"]),
    Voice("relove_maks", "Максим", "кратко и ясно", "бодро", [], ["попробовать"]),
]
MAIN = ("relove_main", "reLove")
READERS = [("reader_lena", "Лена"), ("reader_igor", "Игорь"), ("reader_nika", "Ника")]


def disclosure() -> str:
    return texts.get("disclosure.profile", "ru", owner=OWNER)


def description(channel: str = CHANNEL, voices: Sequence[Voice] = VOICES) -> dict[str, object]:
    """The world as the sandbox takes it: accounts, a channel with comments, readers who respond."""
    bio = disclosure()
    ours = [MAIN, *((voice.username, voice.first_name) for voice in voices)]
    accounts = [{"first_name": name, "username": username, "about": bio} for username, name in ours]
    # with phones, so that signing in by a code can be tried with them
    readers = [
        {"first_name": name, "username": username, "phone": f"7999000010{number}"}
        for number, (username, name) in enumerate(READERS, 1)
    ]
    return {
        "users": [*accounts, *readers],
        "channels": [
            {
                "title": "Путь к себе",
                "username": channel,
                "about": "О пути героя, привычках и отдыхе",
                "discussion": True,
                "members": [username for username, _name in READERS],
            }
        ],
        "people": [
            {"user": username, "reacts": {"share": 0.5, "emoji": ["👍", "❤"]}} for username, _name in READERS
        ],
        "settings": {"people": True},
    }


def connect_accounts(
    client: SandboxClient, now: datetime, voices: Sequence[Voice] = VOICES
) -> list[CommentatorAccount]:
    """Rows for the sandbox's ready accounts, each with a voice. Needs the session ring."""
    return [_connect(client, voice, now) for voice in voices]


def connect_main(client: SandboxClient, now: datetime) -> TelegramAccountSession:
    """Our row for the main account, which leads the sales dialogues. Needs the session ring."""
    username, first_name = MAIN
    return _session(client, username, first_name, TelegramAccountSession.Role.MAIN, now)


def connect_partners(client: SandboxClient, now: datetime, names: Sequence[tuple[str, str]]) -> list[StudentBot]:
    """Rows for practice partners whom the sandbox knows: (username, first name). Needs the session ring."""
    role = TelegramAccountSession.Role.STUDENT
    sessions = [_session(client, username, first_name, role, now) for username, first_name in names]
    return [StudentBot.objects.get_or_create(session=session)[0] for session in sessions]


def add_script(now: datetime, *, automatic: bool = False) -> SalesScript:
    """The worked example of docs/scripts.md as the live sales script; drafts for a person unless told else."""
    found: SalesScript | None = SalesScript.objects.in_use("sales").first()
    if found is not None:
        return found
    script = services.create(
        "sales",
        gettext("Sales"),
        yaml.safe_load(EXAMPLE),
        reason=gettext("The worked example."),
        who=None,
        now=now,
    )
    services.publish(script.pk, script.number, who=None, now=now)
    services.activate(script.pk, True, who=None, now=now)
    mode = SalesScript.Mode.AUTOMATIC if automatic else SalesScript.Mode.DRAFT
    SalesScript.objects.filter(pk=script.pk).update(mode=mode)
    return script


def _session(
    client: SandboxClient, username: str, first_name: str, role: str, now: datetime
) -> TelegramAccountSession:
    ready = client.session(username)
    user = ready["user"]
    host, _colon, port = settings.SANDBOX_TELEGRAM.rpartition(":")
    data = SessionData(bytes.fromhex(ready["auth_key"]), ready["dc_id"], host, int(port))
    phone = f"+7999{user['id'] % 10**7:07}"
    account, is_new = TelegramAccountSession.objects.update_or_create(
        telegram_user_id=user["id"],
        defaults={
            "label": first_name,
            "role": role,
            "username": username,
            "first_name": first_name,
            "phone": Sealed.seal("personal", phone),
            "phone_hash": keyed_hash(phone),
            "phone_mask": f"+7 ••• ••• {phone[-4:-2]} {phone[-2:]}",
            "session": seal_session(data),
            "owner": first_name,
            "owner_consent_at": now,
            "disclosure": disclosure(),
            "disclosure_seen_at": now if disclosure() in user["about"] else None,
        },
    )
    if is_new:
        health.log_event(account.id, AccountSecurityLog.Event.SIGNED_IN, method="sandbox")
    return account


def _connect(client: SandboxClient, voice: Voice, now: datetime) -> CommentatorAccount:
    role = TelegramAccountSession.Role.COMMENTATOR
    account = _session(client, voice.username, voice.first_name, role, now)
    commentator, _is_new = CommentatorAccount.objects.get_or_create(session=account)
    AccountPersonality.objects.get_or_create(
        account=commentator,
        defaults={
            "style": voice.style,
            "tone": voice.tone,
            "interests": voice.interests,
            "vocabulary": voice.vocabulary,
        },
    )
    return commentator


def add_channel(
    accounts: list[CommentatorAccount], now: datetime, per_day: int, channel: str = CHANNEL
) -> TelegramChannel:
    """Our own channel, with the basis to comment there, and every account on its schedule."""
    row, _is_new = TelegramChannel.objects.get_or_create(
        username=channel,
        defaults={
            "basis": TelegramChannel.Basis.OWN,
            "basis_by": OWNER,
            "basis_at": now.date(),
            "listener": accounts[0].session,
            "deputy": accounts[1].session,
            "monitoring_interval": 1,
        },
    )
    for account in accounts:
        CommentSchedule.objects.get_or_create(
            account=account,
            channel=row,
            # the whole day: a window that ends where it starts runs once around the clock
            defaults={"comments_per_day": per_day, "start_time": time(0), "end_time": time(0)},
        )
    return row
