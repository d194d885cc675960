"""Where releases live. Import the module of a place; this package imports neither docker nor paramiko."""
