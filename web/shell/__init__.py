"""The shell of every surface: one server, one guard, one way to say no, one factory for Dash apps."""
