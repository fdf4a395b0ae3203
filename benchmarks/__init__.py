"""How fast the lab is, against the loop that courses teach: ``python -m benchmarks``.

Figures of a shared machine are worth little by themselves, so both sides are always measured in turns and compared.
"""
