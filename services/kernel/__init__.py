"""The vocabulary every other package speaks, on the standard library alone."""
