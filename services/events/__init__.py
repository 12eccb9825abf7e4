"""The facts that domains publish, one file per publishing domain."""
