"""Scripts, their versions, and what is known of their triggers and tests."""

from sales.models.scripts import SalesScript, ScriptVersion
from sales.models.tests import ScriptTest
from sales.models.triggers import ScriptTrigger

__all__ = ["SalesScript", "ScriptTest", "ScriptTrigger", "ScriptVersion"]
