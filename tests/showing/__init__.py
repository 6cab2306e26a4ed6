"""What cards say, over a real database filled by hand."""
