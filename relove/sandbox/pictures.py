"""Pictures behind the sandbox's media: drawn from a photo's id, the same at every request, or as uploaded."""

import io
from functools import lru_cache
from hashlib import blake2b

from PIL import Image

# Telegram's names of sizes and the longer side of each.
SIDES = {"m": 320, "x": 800, "y": 1280}
SHAPE = 1280, 853


def size_of(name: str, shape: tuple[int, int] = SHAPE) -> tuple[int, int]:
    """(width, height) of a photo of that shape in one of Telegram's sizes."""
    share = min(1.0, SIDES[name] / max(shape))
    return max(1, round(shape[0] * share)), max(1, round(shape[1] * share))


@lru_cache(maxsize=256)
def drawn(photo: int, name: str) -> bytes:
    """Two colours running into one another."""
    seed = blake2b(str(photo).encode(), digest_size=6).digest()
    first, second = Image.new("RGB", (1, 1), tuple(seed[:3])), Image.new("RGB", (1, 1), tuple(seed[3:]))
    line = Image.new("RGB", (2, 1))
    line.paste(first, (0, 0))
    line.paste(second, (1, 0))
    return _jpeg(line.resize(size_of(name), Image.Resampling.BILINEAR))


def scaled(data: bytes, name: str) -> bytes:
    """An uploaded picture in one of Telegram's sizes. Raises OSError for what is none."""
    with Image.open(io.BytesIO(data)) as image:
        return _jpeg(image.convert("RGB").resize(size_of(name, image.size)))


def shape_of(data: bytes) -> tuple[int, int]:
    """Raises OSError for what is no picture."""
    with Image.open(io.BytesIO(data)) as image:
        return image.size


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=75)
    return out.getvalue()
