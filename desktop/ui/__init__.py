"""The Qt face of Goferry: renders state and emits wishes, no logic of its own."""
