"""Middleware of the staff's pages."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils import translation

from relove import once, options


class OnceMiddleware:
    """What a request asks for repeatedly is remembered until its end (relove.once)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with once.request():
            return self.get_response(request)


class StackRoomMiddleware:
    """Room for all frames between here and the last cell of a list.

    CPython lays a thread's frames into chunks of 16 KB, and maps and unmaps one at every call that crosses the
    edge of a chunk: the cells of a list that came to lie there took four times as long. A frame that asks for
    much room makes its own chunk large enough for what it calls.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    # Slots of 8 bytes. The chunk is the next power of two, so just above one leaves nearly half of it: 250 KB.
    __call__.__code__ = __call__.__code__.replace(co_stacksize=33_000)


class StaffLanguageMiddleware:
    """The page speaks the staff member's own language, Russian by default.

    Not the browser's: an English browser would mix English buttons with Russian labels.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = getattr(request.user, "language", "") or settings.LANGUAGE_CODE
        with translation.override(language):
            return self.get_response(request)


class OptionsMiddleware:
    """What staff have set on one page holds on the next."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            options.refresh(options.REFRESH_SECONDS)
        return self.get_response(request)


class RefuseNulMiddleware:
    """A NUL in an address or query is nobody's honest wish, and PostgreSQL cannot store or compare it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path or any("\0" in text for text in self._query_texts(request)):
            return HttpResponseBadRequest("NUL")
        return self.get_response(request)

    @staticmethod
    def _query_texts(request: HttpRequest) -> list[str]:
        return [text for key, values in request.GET.lists() for text in (key, *map(str, values))]


class LimitUploadsMiddleware:
    """A request that says it is larger than any file of ours may be is refused before anything reads it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        said = request.META.get("CONTENT_LENGTH") or "0"
        if not said.isdecimal() or int(said) > settings.UPLOAD_LIMIT:
            return HttpResponse("Too large", status=413, content_type="text/plain")
        return self.get_response(request)
