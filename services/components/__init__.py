"""Components: what people depend on, how each stands, and how that was over time."""
