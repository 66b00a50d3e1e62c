"""Adapters: what a system writes about its calls, turned into canonical events. Pure."""
