"""PURE: alert rules and the life of an alert."""
