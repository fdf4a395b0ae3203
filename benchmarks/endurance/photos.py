"""Pictures that are damaged in some places: each is shown or refused with a sentence, soon and in little memory."""

import random
import time
from pathlib import Path

import psutil

from benchmarks.endurance.trial import Row, Tell, promised
from core.errors import PhotoError
from core.photos.door import open_photo
from tests.core.photos.test_door import damaged, seeds

SECONDS = 2.0
GROWTH = 50  # MB
SETTLED = 200  # pictures after which memory is looked at first: libraries have been loaded by then


@promised("photos", times=10_000)
def photos(home: Path, times: int, tell: Tell) -> Row:
    """Damage a small picture of some format in places that nobody chose; open it."""
    chosen, wrong, shown, longest = random.Random(0), [], 0, 0.0
    whole, process = seeds(), psutil.Process()
    before = process.memory_info().rss
    for number in range(times):
        if number == SETTLED:
            before = process.memory_info().rss
        data = damaged(chosen.choice(whole), chosen)
        started = time.monotonic()
        try:
            shown += open_photo(data).image.mode == "RGB"
        except PhotoError as error:
            if not str(error).endswith((".", ").")):
                wrong.append(f"no sentence: {error}")
        except Exception as error:
            wrong.append(type(error).__name__)
        longest = max(longest, time.monotonic() - started)
        if number % 1000 == 999:
            tell(f"{number + 1:,} of {times:,}: {shown:,} shown, {len(wrong)} wrong {wrong[:3]}")
    growth = (process.memory_info().rss - before) / 2**20
    measured = (
        f"{times:,} damaged pictures: {shown:,} shown, {times - shown - len(wrong):,} refused with a sentence, "
        f"{len(wrong)} wrong; longest {longest:.1f} s, memory {growth:+.0f} MB"
    )
    promise = f"a picture or a sentence, each within {SECONDS:.0f} s; memory below +{GROWTH} MB"
    in_time = longest <= SECONDS and growth < GROWTH
    return Row(
        name="photos", what="damaged pictures", promise=promise, measured=measured, right=not wrong, in_time=in_time
    )
