"""Pages of study groups."""

from education.admin import board as board
from education.admin import partners as partners
