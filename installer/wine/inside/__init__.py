"""What the Windows Python runs: the standard library and pywin32 are all it may need."""
