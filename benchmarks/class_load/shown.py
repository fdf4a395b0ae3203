"""What a browser tab shows: the elements that messages have put in place, and what the end of a run takes away."""

from collections.abc import Iterator
from dataclasses import dataclass

from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.Element_pb2 import Element

Path = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of the page's script: all of it, or the fragments that are named."""

    id: str
    fragments: tuple[str, ...]
    order: int  # of its arrival in this tab


@dataclass(frozen=True, kw_only=True)
class Placed:
    """An element and where it came from; ``fragment`` is the one that reruns where its widget is moved."""

    element: Element
    kind: str
    fragment: str
    run: str


class Shown:
    """The elements of one tab, by their place."""

    def __init__(self) -> None:
        self._placed: dict[Path, Placed] = {}

    def clear(self) -> None:
        """Show nothing: another page begins."""
        self._placed.clear()

    def take(self, path: Path, delta: Delta, run: Run) -> Placed | None:
        """Put one element in its place and return it; None for what is no element of its own."""
        if delta.WhichOneof("type") != "new_element":
            return None
        kind = delta.new_element.WhichOneof("type") or "empty"
        placed = Placed(element=delta.new_element, kind=kind, fragment=delta.fragment_id, run=run.id)
        self._placed[path] = placed
        return placed

    def end(self, run: Run) -> None:
        """Take away what the run that ends has not drawn again: everything, or what belongs to its fragments."""
        for path, placed in list(self._placed.items()):
            if placed.run != run.id and (not run.fragments or placed.fragment in run.fragments):
                del self._placed[path]

    def all(self, kind: str) -> Iterator[Placed]:
        """Yield the elements of a kind (the name in Streamlit's Element), from the top of the page down."""
        for path in sorted(self._placed):
            if self._placed[path].kind == kind:
                yield self._placed[path]

    def widgets(self) -> set[str]:
        """Return the ids of the widgets that are there."""
        messages = (getattr(placed.element, placed.kind) for placed in self._placed.values() if placed.kind != "empty")
        return {message.id for message in messages if "id" in message.DESCRIPTOR.fields_by_name}

    def says(self, words: str) -> bool:
        """Return whether a text, a picture's name or a drawing of the page holds ``words``."""
        return any(words in part for part in self.texts())

    def texts(self) -> Iterator[str]:
        """Yield the texts of the page, the names of its pictures, and its drawings."""
        for placed in self._placed.values():
            yield from texts_of(placed)


def texts_of(placed: Placed) -> Iterator[str]:
    """Yield the texts of one element, the names of its pictures, or its drawing."""
    element = placed.element
    if placed.kind == "html":
        yield element.html.body
    elif placed.kind == "markdown":
        yield element.markdown.body
    elif placed.kind == "heading":
        yield element.heading.body
    elif placed.kind == "imgs":
        yield from (image.alt for image in element.imgs.imgs)
    elif placed.kind == "alert":
        yield element.alert.body


def pictures(element: Element) -> Iterator[str]:
    """Yield the addresses of the pictures that an element shows."""
    if element.WhichOneof("type") == "imgs":
        yield from (image.url for image in element.imgs.imgs)
