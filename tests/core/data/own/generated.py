"""Pictures that look like photographs to whatever compares them: soft blobs of colour, one thing in front, noise."""

import io

import numpy as np
from PIL import Image, ImageEnhance


def photograph(seed: int, *, side: int = 96, tint: float = 0.0) -> Image.Image:
    """Another photograph for every seed; ``tint`` makes it redder (up to 1) or bluer (down to -1)."""
    random = np.random.RandomState(seed)
    coarse = random.uniform(30, 225, (5, 5, 3)) + tint * np.array([25, 0, -25])
    scene = Image.fromarray(np.clip(coarse, 0, 255).astype(np.uint8)).resize((side, side), Image.Resampling.BICUBIC)
    rows, columns = np.mgrid[0:side, 0:side] / side
    middle, reach = random.uniform(0.3, 0.7, 2), random.uniform(0.12, 0.3, 2)
    thing = ((rows - middle[0]) / reach[0]) ** 2 + ((columns - middle[1]) / reach[1]) ** 2 < 1
    pixels = np.where(thing[..., None], random.uniform(0, 255, 3), np.asarray(scene, np.float64))
    return Image.fromarray(np.clip(pixels + random.normal(0, 6, pixels.shape), 0, 255).astype(np.uint8))


def in_jpeg(image: Image.Image, quality: int = 30) -> Image.Image:
    """The picture as it comes back from a JPEG file."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return Image.open(io.BytesIO(stream.getvalue())).convert("RGB")


def brighter(image: Image.Image, factor: float) -> Image.Image:
    """The picture with all levels multiplied."""
    return ImageEnhance.Brightness(image).enhance(factor)


def cut(image: Image.Image, share: float) -> Image.Image:
    """The picture without ``share`` of its width and height, more of it on the left and below."""
    width, height = image.size
    left, below = 0.7 * share * width, 0.6 * share * height
    return image.crop((round(left), 0, round(left + (1 - share) * width), round(height - below)))


def near_copy(image: Image.Image) -> Image.Image:
    """What a second press of the shutter gives: cut a little, brighter, smaller, encoded anew."""
    smaller = brighter(cut(image, 0.04), 1.1)
    return in_jpeg(smaller.resize((image.width * 3 // 4, image.height * 3 // 4)), 70)
