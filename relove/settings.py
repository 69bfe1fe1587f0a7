"""Settings of reLove, read from the environment.

Order of precedence: the process environment, `.env`, then what a running `make up` wrote into
its state folder. Without any of them Telegram and the language model are the sandbox's.
"""

import warnings
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from relove import logs
from relove.embedded import read_env, state_dir
from relove.option_list import CEILING, OPTIONS, SAME_CHAT_PER_MINUTE

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(BASE_DIR / ".env")
# What a running `make up` wrote for others, as it was read here: it takes the file away when it stops.
SERVICES_FOUND = read_env(state_dir() / "services.env")
for name in ("services.env", "keys.env"):
    env.read_env(state_dir() / name)

# --- the project itself -------------------------------------------------------------------------

DEBUG = env.bool("RELOVE_DEBUG", default=False)
DEFAULT_SECRET_KEY = "insecure-only-for-commands-that-sign-nothing"  # noqa: S105  (no secret: it is refused)
SECRET_KEY = env("RELOVE_SECRET_KEY", default=DEFAULT_SECRET_KEY)
ALLOWED_HOSTS = env.list("RELOVE_ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("RELOVE_TRUSTED_ORIGINS", default=[])
# True behind TLS: switches on everything `check --deploy` asks for.
HTTPS = env.bool("RELOVE_HTTPS", default=False)

INSTALLED_APPS = [
    # before relove, which shows its values on a page of our own
    "constance",
    "axes",
    # before django_q, whose qcluster command ours replaces, and before unfold, whose files we override
    "relove.apps.ReloveConfig",
    "accounts_mgmt.apps.AccountsConfig",
    "commentators.apps.CommentatorsConfig",
    "diagnostics.apps.DiagnosticsConfig",
    "sales.apps.SalesConfig",
    "education.apps.EducationConfig",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.import_export",
    "unfold.contrib.simple_history",
    "relove.apps.ReloveAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "csp",
    "channels",
    "django_q",
    "django_structlog",
    "import_export",
    "simple_history",
]

MIDDLEWARE = [
    # first: whatever is said while a request is answered carries its id
    "django_structlog.middlewares.RequestMiddleware",
    "relove.middleware.OnceMiddleware",
    "relove.middleware.StackRoomMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "relove.middleware.LimitUploadsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "relove.middleware.RefuseNulMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "relove.middleware.OptionsMiddleware",
    "relove.middleware.StaffLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    # last, as it asks for: it turns a locked sign-in into an answer
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "relove.urls"
ASGI_APPLICATION = "relove.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "relove.Staff"
LOGIN_REDIRECT_URL = "admin:index"
LOGIN_URL = "admin:login"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "relove" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    },
]

_PASSWORDS = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_PASSWORDS}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_PASSWORDS}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_PASSWORDS}.CommonPasswordValidator"},
    {"NAME": f"{_PASSWORDS}.NumericPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
# Five wrong passwords for one name from one address: a quarter of an hour of rest.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "relove/locked_out.html"
AXES_RESET_ON_SUCCESS = True
# attempts hold what strangers typed: they stand in no page
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# --- language and time --------------------------------------------------------------------------

LANGUAGE_CODE = "ru"
LANGUAGES = [("ru", _("Russian")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "relove" / "locale"]
TIME_ZONE = env("RELOVE_TIME_ZONE", default="Europe/Moscow")
USE_TZ = True
USE_I18N = True

# --- data ---------------------------------------------------------------------------------------

DATABASES = {"default": env.db("DATABASE_URL", default="postgres://relove@127.0.0.1:5432/relove")}
DATABASES["default"].setdefault("OPTIONS", {})
# Clusters keep a connection (three times the tasks a second); no pool there: it hangs after a fork.
DATABASES["default"]["CONN_MAX_AGE"] = env.int("RELOVE_CONN_MAX_AGE", default=0)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# Of the process that serves pages (relove.asgi): so many connections kept, up to so many at once; 0: no pool.
_POOL, _POOL_MAX = env.int("RELOVE_DB_POOL", default=20), env.int("RELOVE_DB_POOL_MAX", default=60)
# Whoever finds none free for so long is told that the database is away. The pool's pauses between attempts to
# connect double, so an attempt ends as soon: whoever asks next begins a new one.
_PATIENCE = {"timeout": 5, "reconnect_timeout": 5}
DATABASE_POOL = {"min_size": _POOL, "max_size": max(_POOL, _POOL_MAX)} | _PATIENCE if _POOL > 0 else {}

REDIS_URL = env("REDIS_URL", default="")
# Pages live without the cache's server: what it would have remembered is worked out again.
DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True
DJANGO_REDIS_LOGGER = "relove.cache"
REDIS_OPTIONS = {"IGNORE_EXCEPTIONS": True, "SOCKET_CONNECT_TIMEOUT": 1, "SOCKET_TIMEOUT": 2}
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": REDIS_OPTIONS,
        }
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "relove_cache"}}

# Key rings: base64url keys of 32 bytes, comma separated, the current one first.
# The session ring is given to runners only; every other process starts without it.
PERSONAL_KEYS = env.list("RELOVE_PERSONAL_KEYS", default=[])
SESSION_KEYS = env.list("RELOVE_SESSION_KEYS", default=[])
# For looking up phones and suppressed people by a keyed hash; it must outlive every key of the rings.
HASH_KEY = env("RELOVE_HASH_KEY", default=SECRET_KEY)

# --- files --------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "relove" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

# --- Telegram and the language model ------------------------------------------------------------

# "sandbox" or "telegram": the real one must be asked for, and needs the two values of my.telegram.org.
TELEGRAM_GATEWAY = env("RELOVE_TELEGRAM", default="sandbox")
if TELEGRAM_GATEWAY not in ("sandbox", "telegram"):
    raise ImproperlyConfigured('RELOVE_TELEGRAM is "sandbox" or "telegram".')
IS_SANDBOX = TELEGRAM_GATEWAY == "sandbox"
TELEGRAM_API_ID = env.int("TELEGRAM_API_ID", default=1 if IS_SANDBOX else env.NOTSET)
TELEGRAM_API_HASH = env("TELEGRAM_API_HASH", default="sandbox" if IS_SANDBOX else env.NOTSET)
SANDBOX_TELEGRAM = env("RELOVE_SANDBOX_TELEGRAM", default="127.0.0.1:8443")
SANDBOX_HTTP = env("RELOVE_SANDBOX_HTTP", default="http://127.0.0.1:8099")
# Telethon has no request time-out of its own.
TELEGRAM_REQUEST_TIMEOUT = env.float("RELOVE_TELEGRAM_REQUEST_TIMEOUT", default=20.0)

# The notice every automatic dialogue opens with; with the real Telegram there is no default.
PRIVACY_URL = env("RELOVE_PRIVACY_URL", default="https://example.org/privacy" if IS_SANDBOX else env.NOTSET)

LLM_BASE_URL = env("LLM_BASE_URL", default=f"{SANDBOX_HTTP}/v1")
LLM_API_KEY = env("LLM_API_KEY", default="sandbox")
LLM_MODEL = env("LLM_MODEL", default="sandbox")
LLM_TIMEOUT = env.float("LLM_TIMEOUT", default=60.0)
# How long a row is in the hands of one process that asks about it; what died with it is found after that.
LLM_CLAIM_SECONDS = env.float("RELOVE_LLM_CLAIM_SECONDS", default=180.0)
# How long whoever asked waits after a failure of the model (relove.llm.backoff).
LLM_RETRY_BASE_SECONDS = env.float("RELOVE_LLM_RETRY_BASE_SECONDS", default=30.0)
LLM_CONCURRENCY = env.int("LLM_CONCURRENCY", default=20)
# The name of the model's provider as people are told who are asked for their consent.
LLM_PROVIDER_NAME = env("LLM_PROVIDER_NAME", default="reLove sandbox" if IS_SANDBOX else "OpenAI")
LLM_DAILY_BUDGET_USD = Decimal(env("LLM_DAILY_BUDGET_USD", default="20"))
# USD for a million tokens in and out, by model; a model not listed counts as free.
LLM_PRICES: dict[str, tuple[float, float]] = {
    name: (float(values[0]), float(values[1])) for name, values in env.json("LLM_PRICES", default={}).items()
}

# --- sending ------------------------------------------------------------------------------------

# The customer's ceiling for the whole system, messages in any one second. Spaced at 28/s: the jitter
# between a grant and the server's clock takes the rest (measured: 30/s let 31 through, 28/s never 29).
SEND_CEILING = env.float("RELOVE_SEND_CEILING", default=CEILING)
# In any second and any minute; per account and chat, and per chat over all our accounts.
PACE_PER_SECOND = env.int("RELOVE_PACE_PER_SECOND", default=1)
PACE_PER_MINUTE = env.int("RELOVE_PACE_PER_MINUTE", default=SAME_CHAT_PER_MINUTE)
if SEND_CEILING < 0 or PACE_PER_SECOND < 1 or PACE_PER_MINUTE < 1:
    raise ImproperlyConfigured("RELOVE_SEND_CEILING, RELOVE_PACE_PER_SECOND and _MINUTE are positive numbers.")
if not IS_SANDBOX:
    # with real Telegram the limits can be lowered, never raised or lifted
    SEND_CEILING = min(SEND_CEILING or CEILING, CEILING)
    PACE_PER_SECOND, PACE_PER_MINUTE = min(PACE_PER_SECOND, 1), min(PACE_PER_MINUTE, SAME_CHAT_PER_MINUTE)
ACCOUNT_CHAT_PER_MINUTE = CHAT_PER_MINUTE = PACE_PER_MINUTE
LEASE_SECONDS = env.float("RELOVE_LEASE_SECONDS", default=15.0)
CLAIM_AHEAD = env.int("RELOVE_CLAIM_AHEAD", default=40)
# Base of the retry delays: the second attempt one base later, the third two (± 20 %).
RETRY_BASE_SECONDS = env.float("RELOVE_RETRY_BASE_SECONDS", default=300.0)
# How long Telegram is trusted to remember a random_id.
RECONCILE_AFTER_SECONDS = env.float("RELOVE_RECONCILE_AFTER_SECONDS", default=3600.0)
HOST_ID = env("RELOVE_HOST_ID", default="")
RUNNER_PROCESSES = env.int("RELOVE_RUNNER_PROCESSES", default=1)
ACCOUNTS_PER_RUNNER = env.int("RELOVE_ACCOUNTS_PER_RUNNER", default=300)
# For tests: where a process dies, and the file that says that one has; see relove.faultpoints.
FAULT_POINT = env("RELOVE_FAULT_POINT", default="")
FAULT_FLAG = env("RELOVE_FAULT_FLAG", default="")
FAULT_TEXT = env("RELOVE_FAULT_TEXT", default="")

# --- comments -----------------------------------------------------------------------------------

# Equal times mean the whole day.
WORK_FROM = WORK_TO = time()
POST_FRESH_HOURS = 48
COMMENT_SHORTEST, COMMENT_LONGEST = 20, 600
# From 0 to 1: a draft at or above them is refused.
OWN_SIMILARITY, POST_SIMILARITY = 0.75, 0.6

# --- e-mail: alerts that Telegram cannot carry ---------------------------------------------------

# "smtp://user:password@host:587"; without it the messages stand in the log
globals().update(env.email_url("RELOVE_EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env("RELOVE_EMAIL_FROM", default="relove@localhost")
# Who is written to; without any, staff with full access that have an address.
ALERT_EMAILS = env.list("RELOVE_ALERT_EMAILS", default=[])

# --- clusters -----------------------------------------------------------------------------------

# django-q2 warns of a task without a time-out; ours is meant to run for hours and watches itself.
warnings.filterwarnings("ignore", message="Retry and timeout are misconfigured")
# Runs for hours in one worker: no time-out, one task a worker, acknowledged when begun.
LONG_CLUSTER = {"timeout": None, "retry": 86400, "recycle": 1, "ack_failures": True, "queue_limit": 2}
Q_CLUSTER = {
    "name": "default",
    "orm": "default",
    "workers": 2,
    "timeout": 300,
    "retry": 600,
    "max_attempts": 5,
    "ack_failures": True,
    "catch_up": False,
    "poll": 0.5,
    "save_limit": 1000,
    "ALT_CLUSTERS": {
        "telegram": {**LONG_CLUSTER, "workers": RUNNER_PROCESSES},
        "llm": {**LONG_CLUSTER, "workers": 1},
    },
}
LONG_TASKS = {"telegram": "accounts_mgmt.tasks.hold_accounts", "llm": "relove.llm_work.run_llm"}
CLUSTER_PRELOAD = {"telegram": ["relove.telegram.mtproto"], "llm": ["relove.llm.door"]}

# A character that a spreadsheet cannot hold is replaced, instead of refusing the whole export.
IMPORT_EXPORT_ESCAPE_ILLEGAL_CHARS_ON_EXPORT = True

# --- security -----------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Bytes of a whole request; what each form takes has limits of its own below that.
UPLOAD_LIMIT = env.int("RELOVE_UPLOAD_LIMIT", default=25 * 2**20)

# Who reads /metrics shows it ("Authorization: Bearer …"); without one only this machine may.
METRICS_TOKEN = env("RELOVE_METRICS_TOKEN", default="")

# --- logs ---------------------------------------------------------------------------------------

# Programs of ours that read logs (demo, chaos) read lines; collectors want JSON.
LOG_FORMAT = env("RELOVE_LOG_FORMAT", default=logs.JSON if HTTPS else logs.READABLE)
if LOG_FORMAT not in logs.FORMATS:
    raise ImproperlyConfigured(f"RELOVE_LOG_FORMAT is one of: {', '.join(logs.FORMATS)}.")
LOGGING = logs.config(
    env("RELOVE_LOG_LEVEL", default="INFO"),
    LOG_FORMAT,
    [
        *(SECRET_KEY, HASH_KEY, LLM_API_KEY, TELEGRAM_API_HASH, METRICS_TOKEN, *PERSONAL_KEYS, *SESSION_KEYS),
        *(DATABASES["default"].get("PASSWORD") or "", urlsplit(REDIS_URL).password or ""),
    ],
)
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False

# --- what staff change while the system runs (relove.options) -----------------------------------

CONSTANCE_BACKEND = "constance.backends.database.DatabaseBackend"
CONSTANCE_CONFIG = {name: (globals()[name], option.title) for name, option in OPTIONS.items()}

# --- the admin's face ---------------------------------------------------------------------------

from relove.unfold import UNFOLD  # noqa: E402, F401  (a file of its own: it is long and about pages only)

# --- diagnostics ---------------------------------------------------------------------------------

# How long answers and results are kept, in months; people are told before they agree.
DIAGNOSTICS_MONTHS = env.int("RELOVE_DIAGNOSTICS_MONTHS", default=24)

# --- backups and archive --------------------------------------------------------------------------

BACKUP_DIR = Path(env("RELOVE_BACKUP_DIR", default=str(state_dir() / "backups")))
# How many of its backups `manage.py backup` keeps.
BACKUPS_KEPT = env.int("RELOVE_BACKUPS_KEPT", default=14)
ARCHIVE_DIR = Path(env("RELOVE_ARCHIVE_DIR", default=str(state_dir() / "archive")))
# Whole months that logs and comments stay in the database before `manage.py archive` takes them out.
ARCHIVE_AFTER_MONTHS = env.int("RELOVE_ARCHIVE_AFTER_MONTHS", default=12)
if ARCHIVE_AFTER_MONTHS < 2:
    raise ImproperlyConfigured("RELOVE_ARCHIVE_AFTER_MONTHS is at least 2: response is read for two weeks.")

# --- access ----------------------------------------------------------------------------------------

# Who must show a code beside the password: off, managers (and above), everyone.
SECOND_FACTOR = env("RELOVE_SECOND_FACTOR", default="off" if IS_SANDBOX else "managers")
if SECOND_FACTOR not in ("off", "managers", "everyone"):
    raise ImproperlyConfigured("RELOVE_SECOND_FACTOR is off, managers or everyone.")
