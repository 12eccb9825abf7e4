"""A mergeable sketch of a distribution: counts in bins whose edges grow by a constant ratio.

Any quantile is within `RELATIVE_ERROR` of the exact nearest-rank quantile, before and after any merging, since merging
adds counts of the same bins. Beyond `BINS_MAX` occupied bins the lowest are joined, which leaves every quantile above
them as exact as before.

Source: Masson, Rim and Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees"
(VLDB 2019); the encoding is our own.
"""

import math
import struct
from collections.abc import Iterator
from typing import Self

import numpy as np
import numpy.typing as npt

RELATIVE_ERROR = 0.0075
"""Half a bin: well inside the 1 % that the product promises, and what the encoding's version stands for."""
BINS_MAX = 2_048
_SLACK = 256
_GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_LOG_GAMMA = math.log(_GAMMA)
_CENTRE = math.log(2 / (1 + _GAMMA))
_VERSION = 1
_BYTE = 0x80
_VARINT_BITS_MAX = 70


def bin_of(value: float) -> int:
    """Return the bin of a positive value: bin i holds values above `edge(i - 1)` up to and including `edge(i)`."""
    return math.ceil(math.log(value) / _LOG_GAMMA)


def edge(index: int) -> float:
    """Return the upper edge of a bin."""
    return math.exp(index * _LOG_GAMMA)


class Sketch:
    """How often values fell into each bin, with the exact count, minimum and maximum."""

    __slots__ = ("bins", "count", "maximum", "minimum", "zeros")

    def __init__(self) -> None:
        self.bins: dict[int, int] = {}
        self.zeros = 0
        self.count = 0
        self.minimum = math.inf
        self.maximum = -math.inf

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sketch) and self.to_bytes() == other.to_bytes()

    __hash__ = None  # type: ignore[assignment] # mutable

    def add(self, value: float, count: int = 1) -> None:
        """Count a value.

        Raises: ValueError for a negative or non-finite value, or a count below 1.
        """
        if not 0 <= value < math.inf or count < 1:
            raise ValueError(f"A sketch takes finite values from 0 up, not {value}, {count} times.")
        if value == 0:
            self.zeros += count
        else:
            index = bin_of(value)
            self.bins[index] = self.bins.get(index, 0) + count
            if len(self.bins) > BINS_MAX + _SLACK:
                self._join_lowest()
        self.count += count
        self.minimum = min(self.minimum, value)
        self.maximum = max(self.maximum, value)

    def add_many(self, values: npt.NDArray[np.float64]) -> None:
        """Count many values at once.

        Raises: ValueError where one is negative or not finite.
        """
        if values.size == 0:
            return
        low, high = float(values.min()), float(values.max())
        if not (low >= 0 and high < math.inf):
            raise ValueError("A sketch takes finite values from 0 up.")
        positive = values[values > 0]
        indices, counts = np.unique(np.ceil(np.log(positive) / _LOG_GAMMA).astype(np.int64), return_counts=True)
        for index, count in zip(indices.tolist(), counts.tolist(), strict=True):
            self.bins[index] = self.bins.get(index, 0) + count
        if len(self.bins) > BINS_MAX + _SLACK:
            self._join_lowest()
        self.zeros += values.size - positive.size
        self.count += values.size
        self.minimum, self.maximum = min(self.minimum, low), max(self.maximum, high)

    def merge(self, other: "Sketch") -> None:
        """Take in everything that another sketch has counted."""
        mine = self.bins
        for index, count in other.bins.items():
            mine[index] = mine.get(index, 0) + count
        if len(mine) > BINS_MAX + _SLACK:
            self._join_lowest()
        self.zeros += other.zeros
        self.count += other.count
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)

    def quantile(self, q: float) -> float | None:
        """Return the nearest-rank quantile: the least value that at least `q` of all values do not exceed.

        Nothing where nothing was counted. The first and the last rank are exact.
        """
        if not 0 <= q <= 1:
            raise ValueError(f"A quantile lies between 0 and 1, not at {q}.")
        if self.count == 0:
            return None
        rank = max(1, math.ceil(q * self.count - 1e-9))
        if rank == 1:
            return self.minimum
        if rank >= self.count:
            return self.maximum
        if rank <= self.zeros:
            return 0.0
        seen = self.zeros
        for index in sorted(self.bins):
            seen += self.bins[index]
            if seen >= rank:
                return self._value(index)
        return self.maximum

    def _value(self, index: int) -> float:
        try:
            value = math.exp(index * _LOG_GAMMA + _CENTRE)
        except OverflowError:
            return self.maximum
        return min(max(value, self.minimum), self.maximum)

    def cumulative(self, indices: Iterator[int]) -> Iterator[int]:
        """Yield, for each of some ascending bins, how many values do not exceed its upper edge."""
        ordered = sorted(self.bins)
        seen, position = self.zeros, 0
        for index in indices:
            while position < len(ordered) and ordered[position] <= index:
                seen += self.bins[ordered[position]]
                position += 1
            yield seen

    def _join_lowest(self) -> None:
        ordered = sorted(self.bins)
        surplus = len(ordered) - BINS_MAX
        joined = sum(self.bins.pop(index) for index in ordered[:surplus])
        self.bins[ordered[surplus]] += joined

    def to_bytes(self) -> bytes:
        """Return the canonical encoding: the same counts always give the same bytes.

        A version byte; then as varints the zeros, minimum and maximum, the lowest bin (zigzag), and the count of each
        bin from there up, where a 0 is followed by the number of empty bins that it stands for.
        """
        out = bytearray((_VERSION,))
        _put(out, self.zeros)
        if self.count == 0:
            return bytes(out)
        _put_value(out, self.minimum)
        _put_value(out, self.maximum)
        previous: int | None = None
        for index in sorted(self.bins):
            if previous is None:
                _put(out, index << 1 if index >= 0 else (-index << 1) - 1)
            elif index > previous + 1:
                out.append(0)
                _put(out, index - previous - 1)
            _put(out, self.bins[index])
            previous = index
        return bytes(out)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the sketch that was encoded.

        Raises: ValueError for bytes that are no sketch of this version.
        """
        if not data or data[0] != _VERSION:
            raise ValueError("These bytes are no sketch of a known version.")
        try:
            return cls._decode(data)
        except (IndexError, struct.error, StopIteration) as error:
            raise ValueError("These bytes end in the middle of a sketch.") from error

    @classmethod
    def _decode(cls, data: bytes) -> Self:
        sketch = cls()
        sketch.zeros, at = _take(data, 1)
        sketch.count = sketch.zeros
        if at == len(data):
            if sketch.zeros:
                raise IndexError
            return sketch
        sketch.minimum, at = _take_value(data, at)
        sketch.maximum, at = _take_value(data, at)
        if at == len(data):
            return sketch
        zigzag, at = _take(data, at)
        index = zigzag >> 1 if not zigzag & 1 else -((zigzag + 1) >> 1)
        bins = sketch.bins
        tokens = _varints(data, at)
        for token in tokens:
            if token:
                bins[index] = token
                index += 1
            else:
                index += next(tokens)
        sketch.count += sum(bins.values())
        return sketch


def _varints(data: bytes, at: int) -> Iterator[int]:
    rest = data[at:]
    if rest.isascii():  # every varint is a single byte
        yield from rest
        return
    value = shift = 0
    for byte in rest:
        if byte < _BYTE:
            yield value | byte << shift
            value = shift = 0
        else:
            value |= (byte ^ _BYTE) << shift
            shift += 7
    if shift:
        raise IndexError


def _put(out: bytearray, value: int) -> None:
    while value >= _BYTE:
        out.append(value & 0x7F | _BYTE)
        value >>= 7
    out.append(value)


def _take(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < _BYTE:
            return value, at
        shift += 7
        if shift > _VARINT_BITS_MAX:
            raise ValueError("These bytes are no sketch: a number is too long.")


def _put_value(out: bytearray, value: float) -> None:
    """Whole numbers, which is what nearly every metric holds, take a varint; others eight bytes."""
    if float(value).is_integer() and value < 2**53:
        _put(out, int(value) << 1)
    else:
        out.append(1)
        out += struct.pack("<d", value)


def _take_value(data: bytes, at: int) -> tuple[float, int]:
    number, at = _take(data, at)
    if number & 1:
        (value,) = struct.unpack_from("<d", data, at)
        return float(value), at + 8
    return float(number >> 1), at
