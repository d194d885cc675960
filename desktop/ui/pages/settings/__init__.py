"""Few, clear choices; each takes effect at once."""
