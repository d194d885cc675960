"""The headless face: one module per noun, no logic of its own."""
