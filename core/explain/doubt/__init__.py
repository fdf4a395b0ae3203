"""How far an explanation can be trusted: maps to compare it with."""
