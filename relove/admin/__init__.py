"""The kernel's tables in the admin."""

from relove.admin import first_page as first_page
from relove.admin import logs as logs
from relove.admin import people as people
from relove.admin import rehearsals as rehearsals
from relove.admin import staff as staff
