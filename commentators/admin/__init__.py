"""Channels, posts, comments and their voices in the admin."""

from commentators.admin import channels as channels
from commentators.admin import comments as comments
from commentators.admin import direct as direct
from commentators.admin import first_page as first_page
from commentators.admin import pictures as pictures
from commentators.admin import posts as posts
from commentators.admin import voices as voices
