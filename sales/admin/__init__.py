from sales.admin import first_page as first_page
from sales.admin.inbox import ConversationMessageAdmin
from sales.admin.scripts import ScriptAdmin
from sales.admin.triggers import TriggerAdmin

__all__ = ["ConversationMessageAdmin", "ScriptAdmin", "TriggerAdmin"]
