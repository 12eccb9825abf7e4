"""Where everybody signs in: second factor, invitation, reset, own sessions."""
