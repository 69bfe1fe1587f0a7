"""The web process: pages over HTTP, live updates over WebSocket."""

import os

from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "relove.settings")
# else we are a guest in a process that has its own ways with the database, a test's
is_server = not settings.configured
# loads the apps, so it stands before whatever needs models
pages = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.core.exceptions import ImproperlyConfigured  # noqa: E402
from django.urls import path  # noqa: E402

from relove import db, serving  # noqa: E402
from relove.consumers import LiveConsumer  # noqa: E402

if refusal := serving.refusal():
    raise ImproperlyConfigured(refusal)

if is_server:
    db.use_pool()
live = URLRouter([path("ws/live/", LiveConsumer.as_asgi())])
application = ProtocolTypeRouter(
    {"http": pages, "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(live))}
)
