import pytest

from core.judging.certainty import probability_words


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (0.9731, "97.3 %"),
        (0.9994, "99.9 %"),
        (0.9996, "over 99.9 %"),
        (1.0, "over 99.9 %"),  # what float32 makes of it: a softmax is never certain
        (0.0006, "0.1 %"),
        (0.0004, "under 0.1 %"),
        (0.0, "under 0.1 %"),
    ],
)
def test_nothing_is_certain_and_nothing_impossible(probability: float, words: str) -> None:
    assert probability_words(probability) == words


@pytest.mark.parametrize("sure", [0.9982, 0.9999, 0.9975, 0.9801, 0.0011])
def test_a_confidence_that_was_stored_in_256_steps_claims_no_more_than_is_known(sure: float) -> None:
    stored = round(sure * 255) / 255
    words = probability_words(stored, off_by=0.5 / 255)
    bound = float(words.removesuffix(" %").split()[-1]) / 100
    if words.startswith("over"):
        assert sure > bound
    elif words.startswith("under"):
        assert sure < bound
    else:
        assert sure == pytest.approx(bound, abs=0.0025)
    assert words != "100.0 %"
    assert words != "0.0 %"
