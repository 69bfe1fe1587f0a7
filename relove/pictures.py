"""Pictures from outside: looked at before they are believed, and kept only as JPEGs of our own making. Pure.

What comes out has no more pixels than asked for and none of what a file may carry besides: place, camera,
comments, or something that is no picture.
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP")
MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 40_000_000
QUALITY = 82
# What Pillow raises for a file that is damaged or none of the formats.
DAMAGED = (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning)


class NoPicture(ValueError):
    """`code` says why: "size", "kind" or "pixels"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG and its size in pixels."""

    data: bytes = field(repr=False)
    width: int
    height: int


def jpeg(data: bytes, longest: int) -> Picture:
    """The picture in `data` upright, its longer side at most `longest` pixels. Raises NoPicture."""
    if len(data) > MOST_BYTES:
        raise NoPicture("size")
    with _damage_told(), Image.open(io.BytesIO(data), formats=FORMATS) as image:
        if image.width * image.height > MOST_PIXELS:
            raise NoPicture("pixels")
        upright = _on_white(ImageOps.exif_transpose(image))
        upright.thumbnail((longest, longest))
        out = io.BytesIO()
        upright.save(out, "JPEG", quality=QUALITY, optimize=True)
        return Picture(out.getvalue(), upright.width, upright.height)


def _on_white(image: Image.Image) -> Image.Image:
    """Without transparency: a JPEG has none, and it would turn black."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    layers = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layers.size, "white"), layers).convert("RGB")


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except NoPicture:
        raise
    except DAMAGED as error:
        bomb = isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning)
        raise NoPicture("pixels" if bomb else "kind") from error
