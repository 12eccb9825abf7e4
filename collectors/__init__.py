"""The background process, driven by the clock: fetch, parse, hand to a service."""
