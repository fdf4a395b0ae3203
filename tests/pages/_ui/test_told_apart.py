"""What is chosen by its label: no two labels are alike."""

from pages._ui.choose.told_apart import told_apart


def test_titles_that_are_alike_have_the_end_of_an_id_behind_and_others_stay() -> None:
    titles = told_apart({"k7mq2xw9ab": "Mugs", "a2b3c4d5e6": "Mugs", "m2n3p4q5r6": "Shoes"})
    assert titles == {"k7mq2xw9ab": "Mugs · 2xw9ab", "a2b3c4d5e6": "Mugs · c4d5e6", "m2n3p4q5r6": "Shoes"}
