"""Versions and their differences: chapters "Versions and digests" and "Delta codec" of docs/protocol.md."""

import hashlib
import math
import struct
from dataclasses import dataclass
from typing import List, Optional, Sequence

LOW = 1 << 20
MAX_NUMBER = 2**53 - 1
NUMBER_LIMIT = 2**53 - 2**32  # V-9
MAX_OFFSET = 2**52


class Refused(Exception):
    """A version that must not be taken."""


@dataclass(frozen=True)
class Tensor:
    start: int
    length: int
    kind: int  # D-1
    unit_exponent: int  # D-2


@dataclass(frozen=True)
class Held:
    """A version as the device holds it."""

    number: int
    digest: bytes
    offsets: Sequence[int]
    values: bytes  # little-endian float32


class Model:
    """The grid around the exported parameters (D-1 to D-4)."""

    def __init__(self, layout: List[dict], exported: bytes):
        self.exported = struct.unpack(f"<{len(exported) // 4}f", exported)
        self.tensors: List[Tensor] = []
        start = 0
        for entry in layout:
            part = self.exported[start : start + entry["length"]]
            kind = entry["kind"] if "kind" in entry else kind_of(entry["name"])
            self.tensors.append(Tensor(start, entry["length"], kind, unit_exponent(part)))
            start += entry["length"]
        self.initial = Held(0, hashlib.sha256(exported).digest(), [0] * len(self.exported), exported)

    def at(self, number: int, offsets: Sequence[int]) -> Held:
        """D-3, D-5, V-2, V-7."""
        values: List[float] = []
        for tensor in self.tensors:
            for i in range(tensor.start, tensor.start + tensor.length):
                if abs(offsets[i]) >= MAX_OFFSET:
                    raise Refused("an offset is beyond the grid")
                values.append(self.exported[i] + math.ldexp(float(offsets[i]), tensor.unit_exponent))
        try:
            packed = struct.pack(f"<{len(values)}f", *values)
        except OverflowError as error:
            raise Refused("a value is beyond float32") from error
        return Held(number, hashlib.sha256(packed).digest(), offsets, packed)


def kind_of(name: str) -> int:
    return ["gamma", "beta", "mean", "variance"].index(name.rsplit("/", 1)[1])


def unit_exponent(values: Sequence[float]) -> int:
    """D-2. frexp gives a mantissa from 0.5 to 1, so its exponent is one above floor(log2)."""
    largest = max((abs(value) for value in values), default=0.0)
    return (math.frexp(largest)[1] - 1 if largest > 0 else 0) - 30


class Decoder:
    """The coder of bits (D-7 to D-10)."""

    def __init__(self, data: bytes):
        self.data = data
        self.at = 4
        self.state = int.from_bytes(data[:4], "big")
        if len(data) < 4 or not LOW <= self.state < LOW * 256:
            raise Refused("the data have no head")
        self.zero = [32768] * (4 * 180)
        self.seen = [0] * (4 * 180)

    def take(self, zero: int) -> int:
        slot, rest = self.state % 4096, self.state // 4096
        if slot < zero:
            bit, self.state = 0, zero * rest + slot
        else:
            bit, self.state = 1, (4096 - zero) * rest + slot - zero
        while self.state < LOW:
            if self.at >= len(self.data):
                raise Refused("the data end early")
            self.state = self.state * 256 + self.data[self.at]
            self.at += 1
        return bit

    def even(self) -> int:
        return self.take(2048)

    def bit(self, context: int) -> int:
        zero, seen = self.zero[context], self.seen[context]
        bit = self.take(zero // 16)
        if bit == 0:
            self.zero[context] = zero + (65535 - zero) // (seen + 2)
        else:
            self.zero[context] = zero - zero // (seen + 2)
        self.seen[context] = min(30, seen + 1)
        return bit

    def number(self, base: int, most: int) -> int:
        """D-12."""
        length = 0
        while length < most and self.bit(base + min(length, 15)) == 1:
            length += 1
        if length < 2:
            return length
        number = 2 + self.bit(base + 16 + min(length, 15))
        for _ in range(length - 2):
            number = number * 2 + self.even()
        return number

    def signed(self, base: int, most: int) -> int:
        """D-13."""
        sign = -1 if self.even() == 1 else 1
        return sign * (self.number(base + 84, most) + 1)


def read_difference(model: Model, data: bytes) -> List[int]:
    """Whole numbers in units, one a value (D-14 to D-19)."""
    decoder = Decoder(data)
    difference = [0] * len(model.exported)
    scales: List[Optional[int]] = [None] * 4
    for tensor in model.tensors:
        read_tensor(decoder, tensor, scales, difference)
    if decoder.state != LOW or decoder.at != len(data):
        raise Refused("the data do not end where they should")
    return difference


def read_tensor(decoder: Decoder, tensor: Tensor, scales: List[Optional[int]], difference: List[int]) -> None:
    base = tensor.kind * 180
    node = 1
    for _ in range(4):
        node = node * 2 + decoder.bit(base + node)
    method = node - 16
    if method == 0:
        return
    if method > 10:
        raise Refused(f"there is no method {method}")
    change = decoder.number(base + 20, 7)
    if change != 0 and decoder.bit(base + 19) == 1:
        change = -change
    last = scales[tensor.kind]
    scale = (tensor.unit_exponent + 16 if last is None else last) + change
    scales[tensor.kind] = scale
    shift = scale - tensor.unit_exponent
    if not 0 <= shift <= 52:
        raise Refused(f"a shift of {shift}")
    steps = [0] * tensor.length
    if method == 1:
        read_run(decoder, base, steps, 0, tensor.length, 52, 1)
    elif method <= 8:
        for start in range(0, tensor.length, 32):
            longer = 1 << decoder.number(base + 52, 3) if tensor.length > 32 else 1
            read_run(decoder, base, steps, start, min(start + 32, tensor.length), method - 2, longer)
    else:
        read_sparse(decoder, base, steps, 0 if method == 9 else 6)
    for i, step in enumerate(steps):
        difference[tensor.start + i] = step << shift


def read_run(decoder: Decoder, base: int, steps: List[int], start: int, end: int, bits: int, longer: int) -> None:
    """D-18."""
    for i in range(start, end):
        before = sum(1 for k in (i - 1, i - 2) if k >= 0 and steps[k] != 0)
        if decoder.bit(base + 16 + before) == 1:
            steps[i] = decoder.signed(base, bits) * longer


def read_sparse(decoder: Decoder, base: int, steps: List[int], bits: int) -> None:
    """D-19."""
    place = 0
    for _ in range(decoder.number(base + 116, 32)):
        place += decoder.number(base + 148, 32)
        if place >= len(steps):
            raise Refused("a place behind the end of the tensor")
        steps[place] = decoder.signed(base, bits)
        place += 1


def apply_version(model: Model, held: Held, version) -> Held:
    """What a device holds after a renorm.v1.Version (V-5 to V-9)."""
    if version.number >= NUMBER_LIMIT or version.published_at_ms > MAX_NUMBER:
        raise Refused("a number that is too large")
    if version.number == held.number and version.digest == held.digest:
        return held  # W-9
    content = version.WhichOneof("content")
    if content == "snapshot":
        base, difference = model.initial.offsets, version.snapshot
    elif content == "delta":
        delta = version.delta
        if not delta.HasField("parent") or not delta.HasField("difference"):
            raise Refused("a delta without parent or difference")
        if delta.parent.number != held.number or delta.parent.digest != held.digest:
            raise Refused("a delta of another parent")
        base, difference = held.offsets, delta.difference
    else:
        raise Refused("no content")
    if difference.count != len(model.exported):
        raise Refused("another number of values")
    added = read_difference(model, difference.data)
    result = model.at(version.number, [a + b for a, b in zip(base, added)])
    if result.digest != version.digest:
        raise Refused("it decodes to another digest")
    return result
