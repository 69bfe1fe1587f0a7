from sales.admin.scripts import ScriptAdmin

__all__ = ["ScriptAdmin"]
