"""Garbage collections of a run leave out what was loaded before it."""

from __future__ import annotations

import gc

from connectors.io.collector import loaded_objects_left_out


def test_loaded_objects_are_left_out_of_collections_during_a_run_and_searched_again_after_it() -> None:
    frozen_before = gc.get_freeze_count()
    with loaded_objects_left_out():
        assert gc.get_freeze_count() > 10_000
        assert len(gc.get_objects()) < 10_000
    assert gc.get_freeze_count() <= frozen_before
