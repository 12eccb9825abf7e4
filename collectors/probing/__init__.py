"""Probing: one file per kind of probe, and the prober that runs them, from wherever it stands."""
