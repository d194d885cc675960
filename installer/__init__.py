"""Sets Goferry up on a fresh computer. Standard library only: it runs before anything is installed."""
