"""Kills, lost answers and races: every effect once, nothing lost."""
