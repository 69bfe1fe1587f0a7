"""The tables of accounts in the admin."""

from accounts_mgmt.admin import account_calls as account_calls
from accounts_mgmt.admin import accounts as accounts
from accounts_mgmt.admin import contacts as contacts
from accounts_mgmt.admin import figures as figures
from accounts_mgmt.admin import first_page as first_page
from accounts_mgmt.admin import logs as logs
from accounts_mgmt.admin import pauses as pauses
from accounts_mgmt.admin import staff_telegram as staff_telegram
from accounts_mgmt.admin import troubles as troubles
