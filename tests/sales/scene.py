"""A main account with a live script, and a person who writes to it."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import yaml

from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.private import coming_in
from relove import llm
from relove.models import LLMCall
from relove.telegram.gateway import Message, Peer, PeerKind, Person
from sales import services
from sales.models import ConversationMessage, SalesScript
from sales.sales_kind import EXAMPLE
from sales.strategy import Analysis, Wording

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
PERSON = Person(900, "olga", "Ольга")


def main_account(**fields: Any) -> TelegramAccountSession:
    values = {
        "label": "Главный",
        "role": TelegramAccountSession.Role.MAIN,
        "telegram_user_id": 1,
        "owner": "Анна",
        "owner_consent_at": NOW,
        "disclosure": "Мне помогает писать ИИ",
        "disclosure_seen_at": NOW,
    }
    return TelegramAccountSession.objects.create(**values | fields)


def live_script(mode: str = "draft", document: dict[str, Any] | None = None) -> SalesScript:
    """The example of the documentation, live."""
    data = document or yaml.safe_load(EXAMPLE)
    script = services.create("sales", "Продажи", data, reason="начало", who=None, now=NOW)
    services.publish(script.pk, 1, who=None, now=NOW)
    services.activate(script.pk, True, who=None, now=NOW)
    SalesScript.objects.filter(pk=script.pk).update(mode=mode)
    found: SalesScript = SalesScript.objects.get(pk=script.pk)
    return found


def message(number: int, text: str, **fields: Any) -> Message:
    values = {"chat": Peer(PeerKind.USER, PERSON.id), "id": number, "text": text, "date": NOW, "sender": PERSON}
    return Message(**values | fields)


def say(account: TelegramAccountSession, text: str, number: int = 1, **fields: Any) -> ConversationMessage:
    coming_in.saw(account.pk, message(number, text, **fields), NOW)
    row: ConversationMessage = ConversationMessage.objects.received().get(sender=account, message_id=number)
    return row


def analysed(intent: str = "other", score: float = 0.9, **fields: Any) -> llm.Answer[Analysis]:
    values: Any = {"summary": "о важном", "intent": intent, "tone": "спокойный", "emotions": [], "reason": ""}
    return paid(Analysis(script_fit_score=score, crisis=False, **values | fields))


def worded(text: str) -> llm.Answer[Wording]:
    return paid(Wording(text=text))


def paid(value: Any) -> llm.Answer[Any]:
    call = LLMCall.objects.create(key=f"key{LLMCall.objects.count()}", purpose="sales", model="sandbox")
    return llm.Answer(value, call.pk, "sandbox", 10, 5, Decimal("0.001"))
