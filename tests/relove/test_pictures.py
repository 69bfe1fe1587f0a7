"""Pictures from outside: made anew, small and bare, or refused with a reason."""

import io
from typing import Any

import pytest
from PIL import Image

from relove import pictures
from relove.pictures import NoPicture, jpeg


def file(kind: str = "PNG", size: tuple[int, int] = (400, 200), mode: str = "RGB", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, (255, 0, 0, 0)[: len(mode)]).save(out, kind, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=("JPEG",))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_it_is_made_small_and_a_jpeg(kind: str) -> None:
    made = jpeg(file(kind), 100)
    assert (made.width, made.height) == opened(made.data).size == (100, 50)


def test_it_is_upright_and_carries_nothing_besides() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Camera"
    made = jpeg(file("JPEG", exif=exif), 1000)
    assert (made.width, made.height) == (200, 400)
    assert b"Camera" not in made.data
    assert not opened(made.data).getexif()


def test_transparency_becomes_white() -> None:
    assert opened(jpeg(file(mode="RGBA"), 10).data).getpixel((0, 0)) == (255, 255, 255)


NONE_AT_ALL = [b"", b"<svg onload=alert(1)>", b"\xff\xd8\xff", file()[:60], file("GIF"), file("BMP")]


@pytest.mark.parametrize("data", NONE_AT_ALL)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(NoPicture, match="kind"):
        jpeg(data, 100)


def test_what_is_too_much_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoPicture, match="size"):
        jpeg(b"x" * (pictures.MOST_BYTES + 1), 100)
    with pytest.raises(NoPicture, match="pixels"):
        jpeg(file(size=(7000, 7000), mode="L"), 100)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(NoPicture, match="pixels"):
        jpeg(file(), 100)
