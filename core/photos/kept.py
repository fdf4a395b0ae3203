"""Photos at rest: packed without loss, opened again where somebody looks at their pixels, bounded for a whole class.

An open photo of 1000×750 pixels takes 3 MB, packed (lossless WebP) about 0.8 MB. Packing takes 25 ms of processor
time, opening 13 ms. Whoever brings a photo waits for a network's answer and not for that: it is packed a little later.
"""

import io
import itertools
import threading
import weakref
from collections import OrderedDict, deque

from PIL import Image

from core.errors import PhotoError
from core.photos.door import Photo

MOST_BYTES = 256 * 2**20  # packed: some three hundred photos, or two hundred of nothing but noise
MOST_OPEN = 8
MOST_WAITING = 8  # photos that are not packed yet; one more is packed by whoever brings it
LATER = 1.0  # seconds until a photo is packed
GONE = "This photo is no longer kept: the photos of the class took more room than there is. Add it again."


class _Packed:
    """The pixels of one photo, shared by all who have it: an ``image`` until there is ``data``; neither where they
    had to go."""

    def __init__(self) -> None:
        self.data: bytes | None = None
        self.image: Image.Image | None = None
        self.used = 0

    @property
    def held_bytes(self) -> int:
        """How much room it takes."""
        image = self.image
        return len(self.data or b"") + (image.width * image.height * 3 if image is not None else 0)


class KeptPhoto(Photo):
    """A photo that `KeptPhotos` holds packed for as long as somebody has this; ``image`` opens it.

    ``image`` raises PhotoError where the photo had to go; `there` says so beforehand.
    """

    def __init__(self, shelf: "KeptPhotos", packed: _Packed, photo: Photo) -> None:
        given = {"sha256": photo.sha256, "name": photo.name, "notes": photo.notes}
        for name, value in (given | {"_size": photo.size, "_shelf": shelf, "_packed": packed}).items():
            object.__setattr__(self, name, value)  # it is frozen, as every Photo is

    def __repr__(self) -> str:
        return f"KeptPhoto(sha256={self.sha256!r}, name={self.name!r}, notes={self.notes!r})"

    @property
    def image(self) -> Image.Image:
        """The pixels, RGB; share them, do not change them."""
        shelf: KeptPhotos = self.__dict__["_shelf"]
        return shelf.open(self.sha256, self.__dict__["_packed"])

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        size: tuple[int, int] = self.__dict__["_size"]
        return size

    @property
    def there(self) -> bool:
        """Whether the photo is still kept; to ask is to use it."""
        shelf: KeptPhotos = self.__dict__["_shelf"]
        return shelf.use(self.__dict__["_packed"])


class KeptPhotos:
    """The photos of all students, each once however many have it; those that nobody used for longest go first.

    Safe between threads. At most ``most_bytes`` are held packed, ``most_open`` photos open besides, and `MOST_WAITING`
    that are packed ``later`` (seconds).
    """

    def __init__(self, *, most_bytes: int = MOST_BYTES, most_open: int = MOST_OPEN, later: float = LATER) -> None:
        self.most_bytes, self.most_open, self.later = most_bytes, most_open, later
        self._waiting: deque[weakref.ref[_Packed]] = deque()
        self._packing: threading.Thread | None = None
        self._at_once = threading.Event()
        self._known: weakref.WeakValueDictionary[str, _Packed] = weakref.WeakValueDictionary()
        self._open: OrderedDict[str, Image.Image] = OrderedDict()
        self._uses = itertools.count(1)
        self._lock = threading.Lock()

    def keep(self, photo: Photo) -> KeptPhoto:
        """Take a photo in and return the one to go on with; one that is kept already is packed no second time."""
        with self._lock:
            packed = self._known.setdefault(photo.sha256, _Packed())
        if not self.use(packed):
            with self._lock:
                packed.image, packed.used = photo.image, next(self._uses)
                self._open_now(photo.sha256, photo.image)  # who brings a photo looks at it next
                self._waiting.append(weakref.ref(packed))
                if self._packing is None:
                    self._packing = threading.Thread(target=self._pack_later, name="photos", daemon=True)
                    self._packing.start()
            while len(self._waiting) > MOST_WAITING:
                self._pack_next()
        return KeptPhoto(self, packed, photo)

    def settle(self) -> None:
        """Wait until all photos are packed, which begins at once."""
        packing = self._packing
        if packing is not None:
            self._at_once.set()
            packing.join()
            self._at_once.clear()

    def _pack_later(self) -> None:
        self._at_once.wait(self.later)
        while True:
            with self._lock:
                if not self._waiting:
                    self._packing = None
                    return
            self._pack_next()

    def _pack_next(self) -> None:
        """Pack the photo that has waited for longest, if anybody still has it."""
        with self._lock:
            packed = self._waiting.popleft()() if self._waiting else None
            image = packed.image if packed is not None else None
        if packed is not None and image is not None:
            data = pack(image)
            with self._lock:
                packed.data, packed.image = data, None
                self._make_room(packed)

    def use(self, packed: _Packed) -> bool:
        """Return whether a photo is still kept, and count this as a use of it."""
        packed.used = next(self._uses)
        return packed.data is not None or packed.image is not None

    def open(self, sha256: str, packed: _Packed) -> Image.Image:
        """Return the pixels of a photo; raises PhotoError where it is no longer kept."""
        with self._lock:
            data, image = packed.data, packed.image or self._open.get(sha256)
            packed.used = next(self._uses)
            if data is None and packed.image is None:
                raise PhotoError(GONE)
        image = image or unpack(data or b"")
        with self._lock:
            self._open_now(sha256, image)
        return image

    def _open_now(self, sha256: str, image: Image.Image) -> None:
        self._open[sha256] = image
        self._open.move_to_end(sha256)
        while len(self._open) > self.most_open:
            self._open.popitem(last=False)

    def close(self) -> None:
        """Let go of the pixels that are open; they are opened again where they are looked at."""
        with self._lock:
            self._open.clear()

    @property
    def held_bytes(self) -> int:
        """Bytes of all photos, packed or waiting for it."""
        return sum(packed.held_bytes for packed in list(self._known.values()))

    def _make_room(self, newest: _Packed) -> None:
        held = sum(len(packed.data or b"") for packed in self._known.values())
        for packed in sorted(self._known.values(), key=lambda packed: packed.used):
            if held <= self.most_bytes:
                return
            if packed is not newest and packed.data is not None:
                held -= len(packed.data)
                packed.data = None


def pack(image: Image.Image) -> bytes:
    """Return an RGB picture's pixels as a file that loses none."""
    stream = io.BytesIO()
    image.save(
        stream, "WEBP", lossless=True, method=0, quality=0
    )  # without loss, this is effort: 80 takes 17 times as long
    return stream.getvalue()


def unpack(data: bytes) -> Image.Image:
    """Return the picture that `pack` made a file of."""
    with Image.open(io.BytesIO(data), formats=("WEBP",)) as file:
        return file.convert("RGB")
