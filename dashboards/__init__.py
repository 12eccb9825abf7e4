"""The reading surface: for compliance, operations, creators and agencies."""
