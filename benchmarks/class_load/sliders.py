"""The sliders of numbers on a page: Streamlit's, and the lab's own that answer while they are dragged."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from benchmarks.class_load.shown import Placed, Shown
from benchmarks.class_load.tab import Tab


@dataclass(frozen=True, kw_only=True)
class Slider:
    """A slider from ``low`` to ``high``, and the element that it is."""

    placed: Placed
    label: str
    low: float
    high: float
    step: float

    def somewhere(self, random: Random) -> float:
        """Return one of its values."""
        steps = max(1, round((self.high - self.low) / self.step))
        return min(self.high, self.low + random.randint(0, steps) * self.step)

    async def move(self, tab: Tab, value: float) -> None:
        """Move it and wait until what follows is on the screen."""
        element, fragment = self.placed.element, self.placed.fragment
        if self.placed.kind == "slider":
            await tab.set(element.slider, [value], fragment=fragment)
        else:
            await tab.tell(element.bidi_component, "value", value, fragment=fragment)


def sliders_on(shown: Shown) -> Iterator[Slider]:
    """Yield every slider of numbers that is shown, Streamlit's first."""
    for placed in shown.all("slider"):
        own = placed.element.slider
        if not own.options:
            yield Slider(placed=placed, label=own.label, low=own.min, high=own.max, step=own.step or 1)
    for placed in shown.all("bidi_component"):
        live = json_of(placed.element.bidi_component)
        if "step" in live:
            yield Slider(placed=placed, **{name: live[name] for name in ("label", "low", "high", "step")})


def json_of(component: Any) -> dict[str, Any]:
    """Return what the lab has told a component of its own."""
    text = component.json or component.mixed.json
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}
