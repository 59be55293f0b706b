"""Makes what tests/colours.rs compares with: profiles, pictures that carry them, and what Little CMS makes of those.

Run it with the Pillow of scripts/lib/pillow.txt, in this folder: `python3 make.py`. Nothing here is by anybody else: the
profiles are built below, from published chromaticities or from a model of inks.
"""

import itertools
import math
import struct

from PIL import Image, ImageCms

D50 = (0.9642, 1.0, 0.8249)


def fixed(*numbers):
    return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)


def padded(data):
    return data + b"\0" * (-len(data) % 4)


def text(words):
    return b"text\0\0\0\0" + words.encode() + b"\0"


def description(words, version):
    if version >= 4:
        utf16 = words.encode("utf-16-be")
        return b"mluc\0\0\0\0" + struct.pack(">II", 1, 12) + b"enUS" + struct.pack(">II", len(utf16), 28) + utf16
    ascii_words = words.encode() + b"\0"
    return b"desc\0\0\0\0" + struct.pack(">I", len(ascii_words)) + ascii_words + b"\0" * 78


def xyz(numbers):
    return b"XYZ \0\0\0\0" + fixed(*numbers)


def parametric(kind, *numbers):
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + fixed(*numbers)


def power(gamma):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))


def table(function, count):
    numbers = [round(65535 * function(index / (count - 1))) for index in range(count)]
    return b"curv\0\0\0\0" + struct.pack(">I", count) + struct.pack(f">{count}H", *numbers)


def profile(name, version, kind, space, pcs, tags):
    everything = {b"desc": description(name, version), b"cprt": text("Nobody's: made by a test"), b"wtpt": xyz(D50)}
    if version >= 4:
        everything[b"cprt"] = description("Nobody's: made by a test", 4)
    everything.update(tags)
    at, entries, data = 128 + 4 + 12 * len(everything), b"", b""
    for tag, element in everything.items():
        entries += tag + struct.pack(">II", at + len(data), len(element))
        data += padded(element)
    head = struct.pack(">I4sI", at + len(data), b"none", version << 24) + kind + space + pcs
    head += struct.pack(">6H", 2026, 11, 21, 0, 0, 0) + b"acsp" + b"\0" * 28 + fixed(*D50) + b"\0" * 48
    return head + struct.pack(">I", len(everything)) + entries + data


def matrix_times(matrix, vector):
    return [sum(a * b for a, b in zip(row, vector)) for row in matrix]


def inverse(m):
    (a, b, c), (d, e, f), (g, h, i) = m
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    rows = [[e * i - f * h, c * h - b * i, b * f - c * e], [f * g - d * i, a * i - c * g, c * d - a * f],
            [d * h - e * g, b * g - a * h, a * e - b * d]]
    return [[number / determinant for number in row] for row in rows]


def columns(white, *primaries):
    """XYZ of red, green and blue under D50, adapted by Bradford's method."""
    bradford = [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
    lift = lambda x, y: [x / y, 1, (1 - x - y) / y]
    white, primaries = lift(*white), [lift(*one) for one in primaries]
    shares = matrix_times(inverse([list(row) for row in zip(*primaries)]), white)
    source, target = matrix_times(bradford, white), matrix_times(bradford, D50)
    adapt = lambda one: matrix_times(inverse(bradford), [
        cone * t / s for cone, s, t in zip(matrix_times(bradford, one), source, target)])
    return [adapt([share * number for number in one]) for share, one in zip(shares, primaries)]


def shaper(name, version, curve, white, *primaries):
    tags = {tag: xyz(column) for tag, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns(white, *primaries))}
    tags.update({tag: curve for tag in (b"rTRC", b"gTRC", b"bTRC")})
    return profile(name, version, b"mntr", b"RGB ", b"XYZ ", tags)


D65 = (0.3127, 0.329)
SRGB_CURVE = parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def lab(x, y, z):
    f = lambda t: t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116
    x, y, z = (f(max(one, 0) / white) for one, white in zip((x, y, z), D50))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def inks(c, m, y, k):
    """XYZ of halftones on paper: each ink lets a part of the three through, dots grow, and paper has a cast."""
    light = [1, 1, 1]
    for ink, passed in zip((c, m, y, k), ((0.07, 0.55, 0.85), (0.75, 0.09, 0.38), (0.98, 0.85, 0.08), (0.05,) * 3)):
        covered = ink + 0.6 * ink * (1 - ink)
        light = [one * ((1 - covered) + covered * part ** 0.5) ** 2 for one, part in zip(light, passed)]
    r, g, b = light
    return [0.4361 * r + 0.3851 * g + 0.1431 * b, 0.2225 * r + 0.7169 * g + 0.0606 * b,
            0.0139 * r + 0.0971 * g + 0.7141 * b]


def clamp16(number):
    return min(max(round(number), 0), 65535)


def lut16(inputs, side, curve, colour):
    """`lut16Type` to Lab; samples go through `curve` before the grid, so the grid is made of its inverse's places."""
    head = b"mft2\0\0\0\0" + bytes([inputs, 3, side, 0]) + fixed(1, 0, 0, 0, 1, 0, 0, 0, 1) + struct.pack(">HH", 64, 33)
    first = [clamp16(65535 * curve(index / 63)) for index in range(64)] * inputs
    last = [clamp16(65535 * index / 32) for index in range(33)] * 3
    grid = []
    for node in itertools.product(range(side), repeat=inputs):
        l, a, b = lab(*colour(*[number / (side - 1) for number in node]))
        grid += [clamp16(l * 652.8), clamp16((a + 128) * 256), clamp16((b + 128) * 256)]
    numbers = first + grid + last
    return head + struct.pack(f">{len(numbers)}H", *numbers)


def staged(sides, a_curve, b_curve, m_curve, numbers, wide):
    """`lutAToBType` with everything that it can have."""
    inputs = len(sides)
    b_part = padded(b_curve) * 3
    matrix = fixed(0.9, 0.05, 0, 0.02, 0.96, 0, 0, 0.03, 0.95, 0.01, 0.01, 0.02)
    m_part = padded(m_curve) * 3
    grid = bytes(sides) + b"\0" * (16 - inputs) + bytes([2 if wide else 1, 0, 0, 0])
    grid += struct.pack(f">{len(numbers)}H", *numbers) if wide else bytes(number >> 8 for number in numbers)
    at = [32]
    for part in (b_part, matrix, m_part, padded(grid)):
        at.append(at[-1] + len(part))
    head = b"mAB \0\0\0\0" + bytes([inputs, 3, 0, 0]) + struct.pack(">5I", *at)
    return head + b_part + matrix + m_part + padded(grid) + padded(a_curve) * inputs


def staged_numbers(sides, colour):
    numbers = []
    for node in itertools.product(*[range(side) for side in sides]):
        l, a, b = lab(*colour(*[number / (side - 1) for number, side in zip(node, sides)]))
        numbers += [clamp16(l * 655.35), clamp16((a + 128) * 257), clamp16((b + 128) * 257)]
    return numbers


def wide_rgb(r, g, b):
    return matrix_times(zip(*columns((0.3457, 0.3585), (0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))), (
        r ** 1.8, g ** 1.8, b ** 1.8))


def cube(mode, side):
    levels = [round(index * 255 / (side - 1)) for index in range(side)]
    pixels = list(itertools.product(levels, repeat=len(mode)))
    width = math.isqrt(len(pixels))
    picture = Image.new(mode, (width, -(-len(pixels) // width)))
    picture.putdata(pixels + pixels[-1:] * (picture.width * picture.height - len(pixels)))
    return picture


def srgb_of(version):
    if version >= 4:
        return ImageCms.createProfile("sRGB")
    # Little CMS compensates for black whenever the target is of version 4: for older profiles it must not be.
    curve = lambda x: x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4
    return opened(shaper("sRGB", 2, table(curve, 4096), D65, (0.64, 0.33), (0.3, 0.6), (0.15, 0.06)))


def opened(bytes_):
    import io
    return ImageCms.getOpenProfile(io.BytesIO(bytes_))


def write(name, version, icc, picture, extension):
    more = {"jpg": {"quality": 100, "subsampling": 0}, "webp": {"lossless": True}, "png": {"optimize": True}}[extension]
    picture.save(f"{name}.{extension}", icc_profile=icc, **more)
    stored = Image.open(f"{name}.{extension}")
    stored.load()
    expected = ImageCms.profileToProfile(
        stored, opened(icc), srgb_of(version), renderingIntent=ImageCms.Intent.PERCEPTUAL, outputMode="RGB",
        flags=ImageCms.Flags.NOOPTIMIZE)
    expected.info.clear()
    expected.save(f"{name}.expected.png", optimize=True, icc_profile=None)


def main():
    p3 = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
    rgb = cube("RGB", 9)
    write("display-p3", 4, shaper("Display P3 by a test", 4, SRGB_CURVE, D65, *p3), rgb, "png")
    write("display-p3", 4, shaper("Display P3 by a test", 4, SRGB_CURVE, D65, *p3), rgb, "webp")
    adobe = shaper("Adobe RGB by a test", 2, power(563 / 256), D65, (0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
    write("adobe-rgb", 2, adobe, rgb, "png")
    blocks = rgb.resize((rgb.width * 8, rgb.height * 8), Image.Resampling.NEAREST)
    write("adobe-rgb-blocks", 2, adobe, blocks, "jpg")
    for version, srgb_curve in ((2, table(lambda x: x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4, 1024)),
                                (4, SRGB_CURVE)):
        srgb = shaper("sRGB by a test", version, srgb_curve, D65, (0.64, 0.33), (0.3, 0.6), (0.15, 0.06))
        with open(f"srgb-v{version}.icc", "wb") as file:
            file.write(srgb)
    lut = profile("A table by a test", 2, b"scnr", b"RGB ", b"Lab ", {b"A2B0": lut16(3, 17, lambda x: x, wide_rgb)})
    write("table", 2, lut, rgb, "png")
    sides = (9, 11, 7)
    element = staged(sides, parametric(0, 1.1), power(1), parametric(0, 0.97), staged_numbers(sides, wide_rgb), True)
    write("staged", 4, profile("Stages by a test", 4, b"mntr", b"RGB ", b"Lab ", {b"A2B0": element}), rgb, "png")
    ramp = Image.new("L", (16, 16))
    ramp.putdata(list(range(256)))
    grey = profile("Grey by a test", 2, b"mntr", b"GRAY", b"XYZ ", {b"kTRC": power(1.8)})
    write("grey", 2, grey, ramp, "png")
    lightness = profile("Lightness by a test", 2, b"mntr", b"GRAY", b"Lab ", {b"kTRC": power(1)})
    write("grey-blocks", 2, lightness, ramp.resize((128, 128), Image.Resampling.NEAREST), "jpg")
    press = cube("CMYK", 5)
    press = press.resize((press.width * 8, press.height * 8), Image.Resampling.NEAREST)
    curve = lambda x: x ** 1.2
    sheet = lambda *place: inks(*[one ** (1 / 1.2) for one in place])
    lut = profile("A press by a test", 2, b"prtr", b"CMYK", b"Lab ", {b"A2B0": lut16(4, 7, curve, sheet)})
    write("press", 2, lut, press, "jpg")
    sides = (6, 5, 7, 4)
    element = staged(sides, power(1), power(1), parametric(0, 1), staged_numbers(sides, inks), False)
    write("press-staged", 4, profile("Press, staged", 4, b"prtr", b"CMYK", b"Lab ", {b"A2B0": element}), press, "jpg")


main()
