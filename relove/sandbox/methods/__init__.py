"""The methods the sandbox answers, by area. Importing this package registers all of them."""

from relove.sandbox.methods import account, auth, channels, groups, history, messages, photos, updates, users
from relove.sandbox.methods.registry import Call, find_handler

__all__ = [
    "Call",
    "account",
    "auth",
    "channels",
    "find_handler",
    "groups",
    "history",
    "messages",
    "photos",
    "updates",
    "users",
]
