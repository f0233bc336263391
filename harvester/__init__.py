"""Everything that touches disk, clock, process or user."""

__version__ = "0.1.0"
