"""Garbage collection in a process whose event loop serves several venues."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loaded_objects_left_out() -> Iterator[None]:
    """Leave the objects that exist now out of garbage collections inside the block.

    A collection that searches the modules and libraries of a run takes 30 to 50 ms, in which no venue is served.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
