"""The public surface: anonymous, narrow, readable before any script runs."""
