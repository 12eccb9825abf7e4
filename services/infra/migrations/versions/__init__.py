"""One file per revision, numbered in order and never changed once released."""
