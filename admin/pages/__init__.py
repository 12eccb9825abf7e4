"""The staff pages, one file per domain."""
