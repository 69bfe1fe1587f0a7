"""The photo of a study group: three people in a circle, drawn anew each time with the same bytes. Pure."""

import io

from PIL import Image, ImageDraw

SIDE = 512
GROUND, INK = "#5b4b8a", "#f4f0ff"
# the middles of heads, and their radius; a body is a wider arc below
HEADS, HEAD, BODY = ((256, 150), (140, 230), (372, 230)), 46, 78


def draw() -> bytes:
    """A square JPEG."""
    image = Image.new("RGB", (SIDE, SIDE), GROUND)
    pen = ImageDraw.Draw(image)
    for x, y in HEADS:
        pen.ellipse((x - HEAD, y - HEAD, x + HEAD, y + HEAD), INK)
        pen.pieslice((x - BODY, y + HEAD + 14, x + BODY, y + HEAD + 14 + 2 * BODY), 180, 360, INK)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()
