# SPDX-License-Identifier: Apache-2.0
"""Makes pictures with Pillow, and looks at those that became of them. Usage: picture.py make KIND FILE | picture.py
compare ORIGINAL RESULT, which prints a line of JSON."""
import json
import random
import sys

from PIL import Image, ImageChops, ImageOps, ImageStat, PngImagePlugin


def gradient(width, height):
    return Image.merge("RGB", [
        Image.linear_gradient("L").resize((width, height)),
        Image.linear_gradient("L").rotate(90).resize((width, height)),
        Image.radial_gradient("L").resize((width, height)),
    ])


def exif(orientation=None):
    data = Image.Exif()
    data[0x010F] = "Camera"
    data.get_ifd(0x8825)[1] = "S"
    data.get_ifd(0x8825)[2] = (23.0, 33.0, 1.0)
    if orientation:
        data[0x0112] = orientation
    return data


def text():
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "Somebody")
    return info


def translucent(width, height):
    image = gradient(width, height).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize((width, height)))
    return image


def noise(width, height):
    return Image.frombytes("RGB", (width, height), random.Random(7).randbytes(width * height * 3))


def make(kind, file):
    kind, _, argument = kind.partition("-")
    size = tuple(int(n) for n in argument.split("x")) if "x" in argument else (700, 400)
    if kind == "photo":
        gradient(1600, 1200).save(file, "JPEG", exif=exif(), comment=b"secret", dpi=(300, 300))
    elif kind == "jpeg":
        gradient(*size).save(file, "JPEG", quality=95)
    elif kind == "progressive":
        gradient(*size).save(file, "JPEG", quality=95, progressive=True)
    elif kind == "grey":
        gradient(*size).convert("L").save(file, "JPEG")
    elif kind == "cmyk":
        gradient(*size).convert("CMYK").save(file, "JPEG", quality=95)
    elif kind == "turned":
        gradient(60, 40).save(file, "JPEG", quality=95, exif=exif(int(argument)))
    elif kind == "opaque":
        gradient(*size).save(file, "PNG", pnginfo=text(), exif=exif())
    elif kind == "alpha":
        gradient(*size).convert("RGBA").save(file, "PNG")
    elif kind == "translucent":
        translucent(*size).save(file, "PNG", pnginfo=text(), exif=exif())
    elif kind == "palette":
        gradient(*size).quantize(16).save(file, "PNG", transparency=3)
    elif kind == "key":
        image = gradient(*size)
        image.paste((1, 2, 3), (0, 0, size[0] // 2, size[1]))
        image.save(file, "PNG", transparency=(1, 2, 3))
    elif kind == "interlaced":
        # Pillow does not write Adam7; a grey picture of 16 bits is as rare.
        Image.linear_gradient("L").convert("I;16").resize(size).save(file, "PNG")
    elif kind == "gif":
        gradient(*size).quantize(16).save(file, "GIF", transparency=3, comment=b"secret")
    elif kind == "animated":
        frames = [gradient(*size), noise(*size)]
        frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    elif kind == "webp":
        gradient(*size).save(file, "WEBP", quality=95, exif=exif())
    elif kind == "lossless":
        translucent(*size).save(file, "WEBP", lossless=True)
    elif kind == "animatedwebp":
        frames = [gradient(*size), noise(*size)]
        frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:])
    elif kind == "noise":
        noise(*size).save(file, "PNG", compress_level=1)
    elif kind == "tiff":
        gradient(*size).save(file, "TIFF")
    elif kind == "bmp":
        gradient(*size).save(file, "BMP")
    else:
        raise SystemExit(f"no such kind: {kind}")


def on_white(image):
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image.convert("RGBA"))
    return white.convert("RGB")


def compare(original, result):
    seen = ImageOps.exif_transpose(Image.open(original))
    if seen.mode == "I;16":
        seen = seen.point(lambda value: value).convert("I").convert("L")
    picture = Image.open(result)
    picture.load()
    hidden = seen.convert("RGBA").resize(picture.size, Image.BOX)
    difference = ImageStat.Stat(ImageChops.difference(on_white(hidden), on_white(picture)))
    alpha = ImageStat.Stat(ImageChops.difference(
        hidden.getchannel("A"), picture.convert("RGBA").getchannel("A")))
    with open(result, "rb") as file:
        raw = file.read()
    print(json.dumps({
        "format": picture.format,
        "width": picture.width,
        "height": picture.height,
        "difference": max(difference.mean),
        "alphaDifference": alpha.mean[0],
        "metadata": len(picture.getexif()) + len(getattr(picture, "text", {})),
        "tellsSecrets": any(word in raw for word in
                            [b"Camera", b"Somebody", b"secret", b"Exif", b"GPS", b"http"]),
    }))


if sys.argv[1] == "make":
    make(*sys.argv[2:])
else:
    compare(*sys.argv[2:])
