from django.apps import AppConfig, apps
from django.contrib.admin.apps import AdminConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from relove import clock

# before any model is made: the default of a column may be `timezone.now`
clock.install()


class ReloveConfig(AppConfig):
    """The kernel: what every domain needs."""

    name = "relove"
    verbose_name = _("reLove")

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in
        from django.db.models.signals import post_migrate
        from django_q.signals import pre_enqueue, pre_execute

        from relove import access, logs, options, roles

        user_logged_in.connect(access.signed_in)
        # sent once for each app: with the last one every right is there
        last = [app for app in apps.get_app_configs() if app.models_module][-1]
        post_migrate.connect(roles.sync, sender=last)

        logs.set_up_structlog()
        pre_enqueue.connect(logs.carry)
        pre_execute.connect(logs.begin)
        pre_execute.connect(options.at_task)
        # Apps register what Prometheus is told of them in a module called `measures`.
        autodiscover_modules("measures")


class ReloveAdminConfig(AdminConfig):
    """Django's admin with our site, and other apps' tables shown our way."""

    default = False
    default_site = "relove.adminsite.ReloveAdminSite"

    def ready(self) -> None:
        super().ready()
        # after every app has registered its own pages, which ours replace
        from relove.admin import foreign

        foreign.register_all()
