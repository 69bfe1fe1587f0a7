"""Registers what this app hears, and its own kinds of account calls."""

from accounts_mgmt import calls as calls
from accounts_mgmt import profile_calls as profile_calls
from accounts_mgmt import sign_in_steps as sign_in_steps
from accounts_mgmt.private import handlers as handlers
