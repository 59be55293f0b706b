"""The three presets of wrangler.toml by Pillow: CPU seconds for each photo, the middle of several."""

import io
import statistics
import sys
import time

from PIL import Image, ImageOps

ROUNDS = 7
SIDE = 200
WIDTHS = (800, 1600)
QUALITY = 75


def marked(picture, mark):
    width = picture.width // 5
    small = mark.resize((width, mark.height * width // mark.width), Image.Resampling.LANCZOS)
    alpha = small.getchannel("A").point(lambda value: int(value * 0.6))
    at = (picture.width - small.width - 16, picture.height - small.height - 16)
    picture.paste(small.convert("RGB"), at, alpha)
    return picture


def variants(data, mark):
    picture = Image.open(io.BytesIO(data))
    picture.load()
    yield ImageOps.fit(picture, (SIDE, SIDE), Image.Resampling.LANCZOS)
    for width in WIDTHS:
        size = (width, round(picture.height * width / picture.width))
        yield marked(picture.resize(size, Image.Resampling.LANCZOS), mark)


def main(photo, mark):
    data = open(photo, "rb").read()
    mark = Image.open(mark).convert("RGBA")
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for variant in variants(data, mark):
            variant.save(io.BytesIO(), "WEBP", quality=QUALITY)
        times.append(time.process_time() - began)
    print(statistics.median(times))


main(*sys.argv[1:])
