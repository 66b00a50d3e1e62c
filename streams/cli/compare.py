"""`salespulse compare`."""

import csv
import io
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from streams.cli.roles import with_kept_secret
from streams.settings import Settings

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from streams.reports import Comparison, Reported

_DAY_MS = 86_400_000


@click.command("compare")
@click.argument("source")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--columns",
    default="",
    metavar="WHAT=NAME,...",
    help="Columns of the report: call_id, time (DATE+TIME for two), class, phone, direction.",
)
@click.option("--classes", default="", metavar="WORD=CLASS,...", help="Words for answered and missed calls.")
@click.option("--zone", default="", help="Time zone of the report. [default: the directory's]")
@click.option(
    "--country", default="RU", show_default=True, help="Where numbers without a country's code are."
)
def command(source: str, file: Path, columns: str, classes: str, zone: str, country: str) -> None:
    """List each call of FILE, the vendor's own report, that differs from the calls of SOURCE, and why.

    FILE is Asterisk's Master.csv, or any CSV with a line of names above. Calls are recognised by their
    id, else by customer and start. Exit 0 only when every difference is explained by what the words
    mean here: short abandons, menus, nights, internal and excluded calls.
    """
    from streams.reports import lines_of
    from streams.sinks.connection import connect
    from streams.sinks.reported_calls import zone_of_the_directory

    settings = with_kept_secret(Settings.from_env())
    client = connect(settings.clickhouse)
    try:
        of = _zone(zone or zone_of_the_directory(client))
        report = _read(
            file, of, _pairs("--columns", columns), _pairs("--classes", classes), _keys(settings, country)
        )
        compared = _compared(client, source, report, of)
    finally:
        client.close()
    for line in lines_of(compared, of):
        click.echo(line)
    if all(each.at is None for each in report):
        click.echo("the report has no times: calls that it lacks were not looked for")
    if compared.unexplained:
        raise SystemExit(1)


def _compared(client: "Client", source: str, report: "list[Reported]", zone: ZoneInfo) -> "Comparison":
    from streams.reports import compare
    from streams.sinks.reported_calls import calls_of, sources

    known = sources(client)
    if source not in known:
        raise click.ClickException(
            f"no call of source {source!r} is stored; there are {', '.join(known) or 'none'}"
        )
    moments = [each.at for each in report if each.at is not None]
    first, last = (_midnight(min(moments), zone, 0), _midnight(max(moments), zone, 1)) if moments else (0, 0)
    ids = [each.call_id for each in report if each.call_id]
    around = (first - _DAY_MS, last + _DAY_MS) if moments else (0, 0)
    return compare(report, calls_of(client, source, *around, ids), first, last)


def _midnight(at: int, zone: ZoneInfo, days: int) -> int:
    """The local midnight before a moment, or so many days later."""
    day = datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).date() + timedelta(days=days)
    return int(datetime.combine(day, time(), zone).timestamp() * 1000)


def _read(
    file: Path,
    zone: ZoneInfo,
    columns: Mapping[str, str],
    classes: Mapping[str, str],
    customers: Callable[[str], str],
) -> "list[Reported]":
    from streams.reports import ReportFault, columns_of, is_cdr, read_cdr, read_table

    rows = list(enumerate(csv.reader(io.StringIO(text := _text(file)), delimiter=_delimiter(text)), start=1))
    if not rows:
        raise click.ClickException(f"{file}: empty")
    try:
        if is_cdr(rows[0][1]):
            return read_cdr(rows, zone, customers)
        return read_table(rows[1:], columns_of(rows[0][1], columns), zone, customers, classes)
    except ReportFault as fault:
        raise click.ClickException(f"{file}: {fault}") from None


def _text(file: Path) -> str:
    raw = file.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1251", "replace")


def _delimiter(text: str) -> str:
    first = text.split("\n", 1)[0]
    return max(",;\t", key=first.count)


def _keys(settings: Settings, country: str) -> Callable[[str], str]:
    """Numbers as they are written in the report to what stands for a customer here."""
    from streams.customers import CustomerKeys
    from streams.sources.callers import customer_of

    keys = CustomerKeys(settings.customer_secret()) if settings.secret else None

    def key(number: str) -> str:
        found = customer_of(number, country.upper(), "")
        if found.startswith("+"):
            return keys.key(found) if keys else ""
        return found if found.startswith("ext:") else ""

    return key


def _pairs(option: str, text: str) -> dict[str, str]:
    pairs = {}
    for part in filter(None, text.split(",")):
        name, found, value = part.partition("=")
        if not found or not value.strip():
            raise click.BadParameter(f"expected NAME=VALUE,..., not {part!r}", param_hint=option)
        pairs[name.strip().lower()] = value.strip()
    return pairs


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise click.BadParameter(
            f"{name!r} is no time zone such as Europe/Moscow", param_hint="--zone"
        ) from None
