"""What every card says, read from the database at the moment it is posted or rewritten."""

from contractops.operator.showing.registry import show

__all__ = ["show"]
