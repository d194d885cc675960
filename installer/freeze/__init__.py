"""Source → the Windows program: what PyInstaller is told, and what has to hold for what it made."""
