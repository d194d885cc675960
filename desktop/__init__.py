"""Goferry: from a folder with Go source to healthy containers on CentOS-family servers."""

__version__ = "0.1.0"
