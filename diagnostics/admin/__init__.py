"""Questionnaire, programmes, results, sessions and progress in the admin."""

from diagnostics.admin import personal as personal
from diagnostics.admin import reference as reference
