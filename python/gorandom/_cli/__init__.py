"""The command line, ``python -m gorandom``."""
