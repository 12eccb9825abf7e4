"""Adapters, one file per outside system; each SDK is imported in exactly one of them."""
