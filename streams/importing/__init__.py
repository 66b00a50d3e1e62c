"""Reads history from files into the topics. Importing the same file twice changes nothing."""
