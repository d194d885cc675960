"""The Windows edition as a person gets it: installed, used, brought up to date and removed, on Windows code."""
