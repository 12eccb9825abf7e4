"""The pages of the reading surface, one file per subject."""
