"""The garbage collector while a process starts: imports make millions of objects, and hardly any garbage.

Looking for garbage among them takes a quarter of a web worker's start, and later a part of every full collection.
"""

import gc


def importing() -> None:
    """Let the collector rest until `all_imported`."""
    gc.disable()


def all_imported() -> None:
    """Let the collector work again, on what is made from now on; what stands by now stands for good."""
    gc.freeze()
    gc.enable()
