"""What a developer's machine runs: set-up, checks, generators. Nothing in the product imports it."""
