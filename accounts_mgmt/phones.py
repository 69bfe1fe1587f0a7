"""Phone numbers: one way to write them, how they are found, how they are shown. Pure but for the hash's key."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from relove.fields import keyed_hash

SPACING = re.compile(r"[\s().\-–—]")
NUMBER = re.compile(r"\+[1-9]\d{6,14}")


def normalise(text: str) -> str:
    """ "+79991234567" from what a person types. Raises ValidationError where it is no phone number."""
    digits = SPACING.sub("", text)
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    elif re.fullmatch(r"8\d{10}", digits):
        # how a number is written inside Russia
        digits = f"+7{digits[1:]}"
    elif re.fullmatch(r"[1-9]\d{10,14}", digits):
        digits = f"+{digits}"
    if not NUMBER.fullmatch(digits):
        raise ValidationError(_("This is no phone number. Write it with the country's code: +7 999 123-45-67."))
    return digits


def mask(phone: str) -> str:
    """ "+7 ••• ••• 45 67": enough to tell two numbers apart."""
    return f"{phone[:2]} ••• ••• {phone[-4:-2]} {phone[-2:]}"


def phone_hash(phone: str) -> str:
    """How a number is found again without lying anywhere in clear."""
    return keyed_hash(phone)
