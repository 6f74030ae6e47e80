"""Claims of speed, each a ratio of two things timed side by side on this machine."""
