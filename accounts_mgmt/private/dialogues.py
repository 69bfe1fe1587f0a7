"""What a domain brings to its private dialogues, and the threads they consist of.

A domain registers for the roles of accounts whose dialogues it leads: a private message goes to exactly
one of them. Where none has registered, wishes are heard all the same, because they bind every account.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.private.model import PrivateMessage
from relove.models import Chat, TelegramUser


@dataclass(frozen=True, slots=True)
class Ask:
    """What a received message asks for now: its stage, and the reason where it goes to a person."""

    stage: str
    reason: str = ""


class Dialogues:
    """How a domain leads its dialogues; the methods are where domains differ."""

    kind: ClassVar[type[PrivateMessage]]

    def columns(self, thread: "Thread") -> dict[str, Any]:
        """The values of the domain's own columns in a new row of the thread."""
        return {}

    def rule(self, thread: "Thread", row: PrivateMessage, now: datetime) -> Ask | None:
        """A rule of the domain's own that settles what a received message asks for, if it does."""
        return None

    def queued(self, thread: "Thread", row: PrivateMessage, now: datetime) -> None:
        """A machine's reply is on its way out, by itself or because a person approved it."""

    def address(self, account_id: int, user_id: int) -> str:
        """The page on which staff see the thread of the two."""
        raise NotImplementedError

    def refusals(self, thread: "Thread", text: str) -> list[str]:
        """Why a draft that a person has changed may not go out as the machine's; empty where it may."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Thread:
    """The messages between an account of ours and a person."""

    dialogues: Dialogues
    account: TelegramAccountSession
    user: TelegramUser
    chat: Chat

    @property
    def messages(self) -> Any:
        return self.dialogues.kind.objects.thread(self.account.pk, self.user.pk)

    def new(self, direction: str, text: str, origin: str, **columns: Any) -> PrivateMessage:
        """A row of the thread, with the domain's own columns where the caller knows them. Does not save."""
        return self.dialogues.kind(
            sender=self.account,
            user=self.user,
            chat=self.chat,
            direction=direction,
            text=text,
            origin=origin,
            **(columns or self.dialogues.columns(self)),
        )

    def unanswered(self) -> PrivateMessage | None:
        """The newest message that stands in the chat, if it is the person's."""
        rows = self.messages.exclude(status__in=("draft", "rejected", "cancelled", "deleted"))
        last: PrivateMessage | None = rows.order_by("-id").first()
        return last if last and last.direction == PrivateMessage.Direction.IN else None

    def has_answered(self, row: PrivateMessage) -> bool:
        """Whether something of ours follows the message, or is on its way."""
        ours = self.messages.filter(direction=PrivateMessage.Direction.OUT, id__gt=row.pk)
        found: bool = ours.filter(status__in=("pending", "sending", "unknown", "sent")).exists()
        return found

    def last_heard(self) -> str:
        """The person's last words; empty where they said nothing."""
        row = self.messages.received().order_by("-id").first()
        return row.text if row else ""


_by_role: dict[str, Dialogues] = {}


def register(*roles: str) -> Any:
    """Class decorator: these dialogues are those of the accounts with these roles."""

    def add(dialogues: type[Dialogues]) -> type[Dialogues]:
        _by_role.update(dict.fromkeys(roles, dialogues()))
        return dialogues

    return add


def roles() -> list[str]:
    """The roles of accounts whose dialogues somebody leads."""
    return list(_by_role)


def of(account: TelegramAccountSession) -> Dialogues | None:
    """Who leads this account's dialogues."""
    return _by_role.get(account.role)


def open_thread(account: TelegramAccountSession, user: TelegramUser) -> Thread:
    """The thread of the two, whether they have spoken or not. Raises NoThread where nobody leads the account's."""
    leads = of(account)
    if leads is None:
        raise NoThread(account.pk)
    chat, _made = Chat.objects.get_or_create(kind=Chat.Kind.PRIVATE, telegram_id=user.telegram_id)
    return Thread(leads, account, user, chat)


class NoThread(LookupError):
    """The two never spoke."""


def thread_of(row: PrivateMessage) -> Thread:
    """The thread a row stands in. Raises NoThread."""
    dialogues = of(row.sender)
    if dialogues is None or row.chat is None:
        raise NoThread(row.sender_id, row.user_id)
    return Thread(dialogues, row.sender, row.user, row.chat)


def find_thread(account_id: int, user_id: int) -> Thread:
    """Raises NoThread."""
    account = TelegramAccountSession.objects.filter(id=account_id).first()
    dialogues = of(account) if account else None
    if account is None or dialogues is None:
        raise NoThread(account_id)
    rows = dialogues.kind._default_manager.filter(sender=account, user_id=user_id).exclude(chat=None)
    row = rows.select_related("user", "chat").order_by("-id").first()
    if row is None or row.chat is None:
        raise NoThread(account_id, user_id)
    return Thread(dialogues, account, row.user, row.chat)
