"""Scripts, their versions, what is known of their triggers and tests; the dialogues led by them."""

from sales.models.dialogues import ClientConversation, ConversationMessage
from sales.models.scripts import SalesScript, ScriptVersion
from sales.models.tests import ScriptTest
from sales.models.triggers import ScriptTrigger

__all__ = [
    "ClientConversation",
    "ConversationMessage",
    "SalesScript",
    "ScriptTest",
    "ScriptTrigger",
    "ScriptVersion",
]
