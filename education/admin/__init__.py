"""Pages of study groups."""

from education.admin import board as board
from education.admin import messages as messages
from education.admin import partners as partners
