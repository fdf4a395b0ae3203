"""Judging from a terminal: what is refused before anything is judged."""

from click.testing import CliRunner

from core.__main__ import main


def test_networks_of_other_pictures_are_not_called_better() -> None:
    result = CliRunner().invoke(main, ["compare", "mnist-fast_cnn", "digits-lenet"])
    assert result.exit_code == 1
    assert (
        "They were judged on different pictures: 'mnist-fast_cnn' on MNIST, 'digits-lenet' on Digits" in result.stderr
    )
