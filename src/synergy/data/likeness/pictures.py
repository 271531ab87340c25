"""How alike pictures are: a hash of the pixels exactly, and a difference hash with a thumbnail for what looks the same.

The difference hash (dHash) is of the picture shrunk to 9 × 8: is each pixel's right neighbour brighter? Ours takes
each colour channel by itself, as two colours may be equally bright, and wants it brighter by more than noise. It
survives scaling and mild compression, not cropping or turning, and it is coarse: puzzles that differ in one digit
have equal hashes. So what it finds is compared once more, by the largest difference of two 32 × 32 thumbnails.
"""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from PIL import Image

_WIDTH, _HEIGHT, _THUMBNAIL = 9, 8, 32
_NOISE = 3  #: of 255: what compression makes of an even surface


@dataclass(frozen=True, eq=False)
class Look:
    """What a picture looks like from afar."""

    bits: np.ndarray  #: [3] uint64, the difference hash of each channel
    thumbnail: np.ndarray  #: [32, 32, 3] uint8


def pixel_hash(image: Image.Image) -> str:
    """The same exactly where size and pixels in RGB are."""
    shown = image.convert("RGB")
    hashed = blake2b(f"{shown.width} {shown.height} ".encode(), digest_size=16)
    hashed.update(shown.tobytes())
    return hashed.hexdigest()


def look(image: Image.Image) -> Look:
    """What a picture looks like."""
    shown = image.convert("RGB")
    small = np.asarray(shown.resize((_WIDTH, _HEIGHT), Image.Resampling.BOX), dtype=np.int16)
    bits = small[:, 1:] > small[:, :-1] + _NOISE  # [8, 8, 3]
    packed = np.packbits(bits.transpose(2, 0, 1).reshape(3, 64), axis=1)
    thumbnail = np.asarray(shown.resize((_THUMBNAIL, _THUMBNAIL), Image.Resampling.HAMMING))
    return Look(np.ascontiguousarray(packed).view(np.uint64).reshape(3), thumbnail)


def num_bits_apart(one: Look, other: Look) -> int:
    """In how many of 192 bits two difference hashes differ."""
    return int(np.bitwise_count(one.bits ^ other.bits).sum())


class PictureIndex:
    """Looks by number, gone through one by one: nothing is missed, and fast enough for some 100,000.

    A look takes 3 kB of memory.
    """

    def __init__(self, max_hamming: int, max_difference: int) -> None:
        """Alike are hashes that differ in at most so many bits with thumbnails at most so much of 255 apart."""
        self._max_hamming, self._max_difference = max_hamming, max_difference
        self._bits = np.zeros((1024, 3), dtype=np.uint64)
        self._thumbnails: list[np.ndarray] = []

    def add(self, found: Look) -> int:
        """Keep a look; returns its number, counted from 0."""
        number = len(self._thumbnails)
        if number == len(self._bits):
            self._bits = np.concatenate([self._bits, np.zeros_like(self._bits)])
        self._bits[number] = found.bits
        self._thumbnails.append(found.thumbnail)
        return number

    def alike(self, found: Look) -> list[int]:
        """The numbers of kept looks that are alike, ascending."""
        distances = np.bitwise_count(self._bits[: len(self._thumbnails)] ^ found.bits).sum(axis=1)
        near: list[int] = np.flatnonzero(distances <= self._max_hamming).tolist()
        return [number for number in near if self._is_close(number, found)]

    def _is_close(self, number: int, found: Look) -> bool:
        apart = np.abs(self._thumbnails[number].astype(np.int16) - found.thumbnail)
        return int(apart.max()) <= self._max_difference
