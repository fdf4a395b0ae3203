"""Test images of the built-in data sets whose label is not what is seen, or of which training has a near-copy.

They are places in the test split, by the fingerprint of the split: of another copy of the data nothing is said.

How they were found. ``shows``: the surest mistakes of the two best networks that ship (183 images of cats and dogs, 322
of CIFAR-10, all 27 of MNIST's) were looked at one by one, and those kept whose label is plainly not what is seen, or
not all of it. A wrong label that the networks repeat is not among them, so an accuracy without these is, if anything,
too high. ``copies``: every test image was compared with every training image as `core.data.own.twins` compares
pictures, each cut as the other may have been. Kept are those of one label with a correlation of at least 0.945 for cats
and dogs (all ten were looked at: nine photographs that are there twice, one cat twice in one place) and of 0.96 for
CIFAR-10 (every third was looked at: one thing each time, if not one photograph).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Oddities:
    """What is odd in one test split: ``shows`` says what is seen on images whose label says otherwise, ``copies`` are
    images of which a near-copy was trained on; both by the place in the split."""

    shows: Mapping[int, str] = field(default_factory=dict)
    copies: tuple[int, ...] = ()


def _places(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split()))


_CIFAR10 = """
    12 13 39 111 159 237 287 316 321 462 486 488 509 522 543 561 636 646 741 785 819 833 839 842 871 912 998
    1048 1051 1121 1157 1215 1270 1300 1317 1400 1451 1519 1540 1583 1696 1725 1735 1789 1839 1932 1933 1935
    1940 1985 2014 2038 2050 2114 2141 2145 2176 2244 2268 2336 2338 2346 2373 2430 2450 2522 2588 2597 2653
    2744 2905 2928 2964 3020 3034 3050 3069 3073 3120 3180 3188 3259 3262 3318 3345 3413 3510 3550 3589 3600
    3661 3676 3864 3907 3967 3970 3974 3988 4045 4144 4168 4193 4271 4275 4282 4341 4405 4417 4442 4500 4513
    4520 4532 4596 4645 4657 4664 4719 4732 4801 4833 4855 4856 4888 4950 5016 5029 5034 5051 5102 5180 5222
    5228 5244 5274 5330 5332 5337 5393 5402 5409 5417 5424 5436 5457 5469 5472 5507 5542 5558 5577 5597 5611
    5681 5745 5753 5778 5802 5803 5805 5816 5842 5900 5906 5962 5999 6010 6030 6040 6085 6087 6092 6100 6185
    6220 6273 6418 6451 6561 6569 6573 6576 6613 6632 6653 6731 6737 6798 6812 6857 6874 6895 6933 7201 7225
    7242 7251 7271 7279 7282 7331 7414 7426 7439 7448 7512 7665 7703 7783 7817 7827 7883 7912 7960 7998 8047
    8069 8117 8149 8244 8266 8295 8343 8352 8376 8384 8406 8417 8439 8467 8481 8502 8535 8581 8632 8634 8640
    8670 8675 8778 8782 8789 8809 8836 8859 8863 8954 8962 8964 8976 9018 9064 9068 9139 9185 9226 9271 9325
    9434 9435 9477 9529 9547 9604 9625 9728 9767 9787 9788 9793 9816 9887 9895 9984
"""

ODDITIES: Mapping[str, Oddities] = {
    "1f38bfbdf35cc294720f35aa38a02aea": Oddities(  # cats vs dogs
        shows={
            682: "a dog, or a toy of one, and a cat",
            907: "a drawing of a dog and a cat",
            1475: "fur, and no animal to be told",
            2378: "an emblem with no animal to be told",
            4238: "a dog, and behind it a cat",
        },
        copies=(186, 671, 1077, 2491, 2715, 2764, 3065, 3862, 4198, 4522),
    ),
    "b6d37bc120c38df89eab5637155f4591": Oddities(  # CIFAR-10
        shows={5748: "a frog"},
        copies=_places(_CIFAR10),
    ),
    "5cf9f5703adb1a72db44f4dd1859beaa": Oddities(  # MNIST
        shows={
            1132: "what reads as a 3",
            1759: "what reads as a 9",
            1857: "what reads as a 6",
            2913: "what reads as a 2",
            3024: "what reads as a 9",
            3131: "what reads as a 2",
            4079: "what reads as a 4",
            5883: "what reads as a 2",
        },
    ),
}
