"""One django-q2 task for each message, over the ORM broker, results kept."""

import os

import django


def send(id: int) -> None:
    """The task."""
    from relove.sandbox.contenders.worker import worker  # Telethon belongs into the worker alone

    worker().hand(id)


def main() -> None:
    """The cluster."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "relove.sandbox.contenders.q2_settings"
    django.setup()
    from django_q.cluster import Cluster  # reads the settings

    Cluster().start()


if __name__ == "__main__":
    main()
