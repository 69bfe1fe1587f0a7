"""What must be so before a process serves."""

from django.conf import settings


def refusal() -> str:
    """Why this process must not serve; "" when nothing stands against it.

    Whoever knows the secret key can write sessions of staff and tasks of the clusters. Against the sandbox
    nothing is lost by that; with the real Telegram it would be people's accounts.
    """
    if settings.TELEGRAM_GATEWAY == "sandbox" or settings.SECRET_KEY != settings.DEFAULT_SECRET_KEY:
        return ""
    return "RELOVE_SECRET_KEY is not set: with the real Telegram nothing starts without a secret key of your own."
