"""What machines ask the web process: does it live, may it be given requests, do clusters beat, figures."""

import ipaddress
import secrets

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST

from relove import checkup, measures
from relove.cluster import live_heartbeats


def healthz(request: HttpRequest) -> HttpResponse:
    """Answers as soon as the process serves pages; says nothing of its parts (`manage.py doctor` does)."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers and is migrated, else 503; the cache may be away, pages live on."""
    try:
        checkup.check_database()
    except checkup.Trouble:
        return JsonResponse({"database": "away"}, status=503)
    return JsonResponse({"database": "ready"})


def cluster_readyz(request: HttpRequest, cluster: str) -> HttpResponse:
    """200 while the cluster beats (`telegram`: the runners), else 503."""
    ages = live_heartbeats()
    if cluster not in ages:
        raise Http404
    beats = is_alive(cluster)
    return JsonResponse({"cluster": cluster, "beats": beats}, status=200 if beats else 503)


def is_alive(cluster: str) -> bool:
    age = live_heartbeats().get(cluster)
    return age is not None and age < checkup.STALE_SECONDS


def metrics(request: HttpRequest) -> HttpResponse:
    """For whoever shows the token of the settings; without one, for this machine alone."""
    if not _may_read(request):
        return HttpResponseForbidden("Forbidden", content_type="text/plain")
    return HttpResponse(measures.exposition(), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        shown = request.headers.get("Authorization", "")
        return secrets.compare_digest(shown.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
