"""Build: real go, real output."""
