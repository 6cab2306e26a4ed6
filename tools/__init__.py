"""What is true: pure calculators and planners, values in and values out. No I/O, no clock, no environment."""
