"""Salespulse: live, exact KPI of a sales call centre from PBX and CRM events."""

__version__ = "0.1.0"
