"""Makes the images of proto/vectors with Pillow: python test/conformance/python/make_image_vectors.py

Needs Pillow and numpy; nothing else needs this script. It is here to show where the vectors come from.
"""

import json
import pathlib

import numpy
from PIL import Image, ImageOps

VECTORS = pathlib.Path(__file__).resolve().parents[3] / "proto/vectors"
FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def picture(width, height, seed):
    """A smooth picture with noise and an edge: what resizes and codecs disagree about."""
    random = numpy.random.default_rng(seed)
    y, x = numpy.mgrid[0:height, 0:width]
    planes = [127 + 100 * numpy.sin(x / 7), 127 + 90 * numpy.cos(y / 9 + x / 20), (x > y) * 200]
    noisy = numpy.stack(planes, -1) + random.normal(0, 6, (height, width, 3))
    return Image.fromarray(noisy.clip(0, 255).astype(numpy.uint8))


def passes(image, size, sampler):
    """Along the rows, then along the columns: newer Pillows choose the order by themselves."""
    return image.resize((size[0], image.height), sampler).resize(size, sampler)


def fitted(image, preprocessing, width, height):
    fit, sampler = preprocessing["fit"], FILTERS.get(preprocessing.get("filter"))
    if fit == "none":
        return image
    if fit == "stretch":
        return passes(image, (width, height), sampler)
    side = preprocessing["shorterSide"]
    w, h = image.size
    size = (side, int(side * h / w)) if w <= h else (int(side * w / h), side)
    resized = passes(image, size, sampler)
    left, top = (round((whole - part) / 2) for whole, part in zip(resized.size, (width, height)))
    return resized.crop((left, top, left + width, top + height))


def transparent(image):
    alpha = Image.fromarray(numpy.arange(image.width * image.height, dtype=numpy.uint32).astype(numpy.uint8).reshape(image.height, image.width))
    image.putalpha(alpha)
    return image


def turned():
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


crop = {"fit": "crop", "shorterSide": 36, "filter": "bilinear"}
normalized = {"mean": MEAN, "std": STD}
CASES = [
    ("photo.jpg", picture(80, 61, 1), {"quality": 85}, crop | normalized, [3, 32, 32]),
    ("upright.jpg", picture(50, 83, 2), {"quality": 90, "subsampling": 0}, crop | {"filter": "bicubic"}, [3, 32, 33]),
    ("turned.jpg", picture(64, 40, 3), {"quality": 80, "exif": turned()}, {"fit": "stretch", "filter": "bilinear"}, [3, 24, 17]),
    ("grey.jpg", picture(57, 57, 4).convert("L"), {"quality": 75}, {"fit": "stretch", "filter": "bicubic"}, [1, 28, 28]),
    ("progressive.jpg", picture(64, 48, 5), {"quality": 70, "progressive": True}, crop, [1, 24, 36]),
    ("colour.png", picture(28, 28, 6), {}, {"fit": "none"} | normalized, [3, 28, 28]),
    ("grey.png", picture(28, 28, 7).convert("L"), {}, {"fit": "none"}, [1, 28, 28]),
    ("transparent.png", transparent(picture(20, 30, 8)), {}, {"fit": "stretch", "filter": "bilinear"}, [3, 40, 10]),
    ("palette.png", picture(33, 20, 9).quantize(16), {}, crop | {"shorterSide": 20}, [3, 20, 20]),
    ("lossy.webp", picture(70, 50, 10), {"quality": 60}, crop, [3, 32, 32]),
    ("lossless.webp", picture(31, 40, 11), {"lossless": True}, {"fit": "stretch", "filter": "bicubic"}, [1, 16, 16]),
]

index = []
for name, image, options, preprocessing, shape in CASES:
    image.save(VECTORS / name, **options)
    channels, height, width = shape
    opened = ImageOps.exif_transpose(Image.open(VECTORS / name))
    opened = opened.convert("RGBA" if "transparency" in opened.info else opened.mode).convert("RGB")
    source = opened.convert("L") if channels == 1 else opened
    pixels = numpy.asarray(fitted(source, preprocessing, width, height)).reshape(height, width, channels)
    (VECTORS / f"{name}.pixels").write_bytes(pixels.transpose(2, 0, 1).tobytes())
    index.append({"file": name, "preprocessing": preprocessing, "shape": shape, "pixels": f"{name}.pixels"})
(VECTORS / "images.json").write_text(json.dumps(index, indent=2) + "\n")
