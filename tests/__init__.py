"""The tests, in four layers: pure, contracts over each registry, short real processes, the app in a browser."""
