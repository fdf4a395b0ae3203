"""CNN Lab's core: data, models, training, evaluation and runs, without a screen.

Nothing below this package imports Streamlit, a plotting library or the pages; a test holds it to that.
"""
