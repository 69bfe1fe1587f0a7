"""The dialogues of commentators and practice partners: what they add to private messages of every kind."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.private import going_out
from accounts_mgmt.private.dialogues import Ask, Dialogues, Thread, register
from accounts_mgmt.private.model import PrivateMessage
from commentators.checks import Limits, check_draft
from commentators.models import CommentatorAccount, DirectMessage
from commentators.prompts import REPLY_LIMIT
from relove import texts
from relove.language import detect_language

Role = TelegramAccountSession.Role


def limits() -> Limits:
    """What an answer is held to: shorter than any comment it may be, and the similarities in force now."""
    return Limits(shortest=2, longest=REPLY_LIMIT)


@register(Role.COMMENTATOR, Role.STUDENT)
class DirectDialogues(Dialogues):
    kind = DirectMessage

    def columns(self, thread: Thread) -> dict[str, Any]:
        return {"account": CommentatorAccount.objects.filter(session=thread.account).first()}

    def rule(self, thread: Thread, row: PrivateMessage, now: datetime) -> Ask | None:
        if thread.account.role != Role.STUDENT:
            return None
        _say_who(thread, row.text, now)
        return Ask(row.Stage.PERSON, _("Practice partners lead no dialogues."))

    def address(self, account_id: int, user_id: int) -> str:
        return f"{reverse('admin:commentators_directmessage_inbox')}?account={account_id}&user={user_id}"

    def refusals(self, thread: Thread, text: str) -> list[str]:
        found = check_draft(text, post_text=thread.last_heard(), limits=limits())
        return [str(refusal.reason) for refusal in found]


def _say_who(thread: Thread, heard: str, now: datetime) -> None:
    """Once: who this is, and where the main account is found."""
    main = TelegramAccountSession.objects.active().filter(role=Role.MAIN).exclude(username="").first()
    purpose = PrivateMessage.Purpose.WHO
    if main is None or thread.messages.filter(purpose=purpose).exists():
        return
    language = detect_language(heard) or "ru"
    link = f"https://t.me/{main.username}"
    text = texts.get("student.who", language, owner=thread.account.owner, link=link)
    going_out.queue_fixed(thread, text, purpose, language, now)
