"""How fast and how well networks are trained, against the loop that courses teach."""
