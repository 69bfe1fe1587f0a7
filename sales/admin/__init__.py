from sales.admin.inbox import ConversationMessageAdmin
from sales.admin.scripts import ScriptAdmin

__all__ = ["ConversationMessageAdmin", "ScriptAdmin"]
