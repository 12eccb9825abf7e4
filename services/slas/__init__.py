"""Service level agreements: promises as data, and whether they are kept."""
