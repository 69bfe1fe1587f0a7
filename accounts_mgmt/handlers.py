"""Registers this app's own kinds of account calls."""

from accounts_mgmt import calls as calls
from accounts_mgmt import health as health
