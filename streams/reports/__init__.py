"""A vendor's own report of calls against the stored calls: which differ, and why. Pure."""

from streams.reports.asterisk_cdr import is_cdr, read_cdr
from streams.reports.comparing import Comparison, Judgement, Stored, compare
from streams.reports.report import Reported, ReportFault
from streams.reports.table import Columns, columns_of, read_table
from streams.reports.telling import lines_of

__all__ = [
    "Columns",
    "Comparison",
    "Judgement",
    "ReportFault",
    "Reported",
    "Stored",
    "columns_of",
    "compare",
    "is_cdr",
    "lines_of",
    "read_cdr",
    "read_table",
]
