"""The reference shop and player for fans and creators."""
