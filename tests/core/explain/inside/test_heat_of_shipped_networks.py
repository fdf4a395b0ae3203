"""The heat map of an answer is hardly ever blank, whichever network that ships gave it."""

import pytest

from benchmarks.heat_maps import blank_maps

IMAGES = 12  # of each network; `python -m benchmarks heat-maps` takes 200
MOST_BLANK = 0.02


@pytest.mark.data
@pytest.mark.slow
def test_at_most_one_map_in_fifty_is_blank_for_every_network_that_ships(data_folder: object) -> None:
    rows = list(blank_maps(IMAGES))
    assert len(rows) >= 10
    assert {row.network: row.page for row in rows if row.page > MOST_BLANK * IMAGES} == {}
