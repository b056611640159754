"""Carries messages and translates what comes back."""
