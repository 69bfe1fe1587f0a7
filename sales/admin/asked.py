"""What the addresses of the editor read from a request, and how they refuse."""

from django.http import HttpRequest, JsonResponse

LONGEST_ID = 19


def text_of(request: HttpRequest) -> tuple[str, str]:
    """(text, format) of the page; browsers send line ends as CRLF."""
    return request.POST.get("text", "").replace("\r\n", "\n"), request.POST.get("format", "yaml")


def number(request: HttpRequest, field: str) -> int:
    """A number of the form; 0, which is nobody's id, where there is none."""
    value = request.POST.get(field, "")
    return int(value) if value.isdecimal() and len(value) < LONGEST_ID else 0


def refusal(reason: str) -> JsonResponse:
    return JsonResponse({"reason": reason})
