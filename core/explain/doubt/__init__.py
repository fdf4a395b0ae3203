"""How far an answer and its explanation can be trusted: maps to compare, squares that hide, changes that fool."""
