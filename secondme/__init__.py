"""Second Me: a personal memory that lives on one person's own machine."""

__version__ = "0.1.0"
