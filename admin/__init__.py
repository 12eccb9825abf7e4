"""The staff surface, which may write."""
