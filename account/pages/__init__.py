"""The pages of the account surface."""
