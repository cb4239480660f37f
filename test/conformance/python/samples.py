"""Decodes samples as docs/protocol.md says (S-2)."""

import struct
import zlib


def decode(sample) -> bytes:
    """The values as little-endian float32."""
    data = zlib.decompress(sample.data, -zlib.MAX_WBITS)
    shape = list(sample.shape)
    count = 1
    for size in shape:
        count *= size
    if sample.encoding == 2:
        return data
    if sample.encoding == 3:
        low, high = data[:count], data[count:]
        halves = struct.unpack(f"<{count}e", bytes(byte for pair in zip(low, high) for byte in pair))
        return struct.pack(f"<{count}f", *halves)
    pixels = restored(bytearray(data[-count:]), shape, sample.row_filter)
    if sample.encoding == 1:
        return struct.pack(f"<{count}f", *(pixel / 255 for pixel in pixels))
    channels = shape[0] if len(shape) > 1 else 1
    grids = struct.unpack(f"<{2 * channels}f", data[: 8 * channels])
    each = count // channels
    values = (grids[2 * (i // each) + 1] + pixel * grids[2 * (i // each)] for i, pixel in enumerate(pixels))
    return struct.pack(f"<{count}f", *values)


def restored(pixels: bytearray, shape, row_filter: int) -> bytearray:
    width, height = shape[-1], shape[-2] if len(shape) > 1 else 1
    for i in range(len(pixels) if row_filter else 0):
        west = pixels[i - 1] if i % width else 0
        north = pixels[i - width] if i % (width * height) >= width else 0
        corner = pixels[i - width - 1] if i % width and i % (width * height) >= width else 0
        nearest = min((west, north, corner), key=lambda pixel: abs(west + north - corner - pixel))
        pixels[i] = (pixels[i] + (west, north, nearest)[row_filter - 1]) % 256
    return pixels
