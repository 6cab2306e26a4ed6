"""The renewal graph over a real database."""
