"""Filters one by one: what a network does without them, and what excites them."""
