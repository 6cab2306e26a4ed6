"""The documents we write (PDF from approved terms) and read back (what was signed)."""
