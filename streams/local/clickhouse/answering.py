"""Writes answers as ClickHouse's HTTP interface does: headers, content types, compression."""

import json

from streams.local.clickhouse import blocks, encodings
from streams.local.clickhouse.engine import Result
from streams.local.clickhouse.execution import Answer
from streams.local.clickhouse.question import Question

_UTF8 = "; charset=UTF-8"
_CONTENT_TYPES = (
    ("JSONEachRow", "application/x-ndjson" + _UTF8),
    ("JSONCompactEachRow", "application/x-ndjson" + _UTF8),
    ("JSON", "application/json" + _UTF8),
    ("CSV", "text/csv" + _UTF8),
    ("TSV", "text/tab-separated-values" + _UTF8),
    ("TabSeparated", "text/tab-separated-values" + _UTF8),
    ("XML", "application/xml" + _UTF8),
    ("Pretty", "text/plain" + _UTF8),
    ("Vertical", "text/plain" + _UTF8),
    ("Values", "text/plain" + _UTF8),
    ("Markdown", "text/markdown" + _UTF8),
    ("", "application/octet-stream"),
)


def content_type(output_format: str) -> str:
    """The media type of a format of ClickHouse."""
    media_type = next(kind for start, kind in _CONTENT_TYPES if output_format.startswith(start))
    if output_format.startswith("CSV"):
        return f"{media_type}; header={'present' if 'WithNames' in output_format else 'absent'}"
    return media_type


def summary(result: Result) -> str:
    """The value of X-ClickHouse-Summary."""
    return json.dumps(
        {
            "read_rows": str(result.read_rows),
            "read_bytes": str(result.read_bytes),
            "written_rows": str(result.written_rows),
            "written_bytes": str(result.written_bytes),
            "total_rows_to_read": str(result.read_rows),
            "result_rows": str(result.written_rows or result.result_rows),
            "result_bytes": str(len(result.body)),
            "elapsed_ns": str(int(result.elapsed_s * 1e9)),
        },
        separators=(",", ":"),
    )


def headers(answer: Answer, question: Question, time_zone: str) -> dict[str, str]:
    """The headers that go with an answer."""
    found = {
        "X-ClickHouse-Query-Id": question.query_id,
        "X-ClickHouse-Timezone": question.settings.get("session_timezone") or time_zone,
        "X-ClickHouse-Summary": summary(answer.result),
        "Content-Type": content_type(answer.format) if answer.format else "text/plain" + _UTF8,
    }
    if answer.format:
        found["X-ClickHouse-Format"] = answer.format
    if question.encoding:
        found["Content-Encoding"] = question.encoding
    return found


def packed(body: bytes, question: Question) -> bytes:
    """`body` in the compression that the question asks for."""
    if question.as_blocks:
        return blocks.pack(body)
    return encodings.pack(body, question.encoding) if question.encoding else body
