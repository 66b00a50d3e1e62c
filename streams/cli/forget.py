"""`salespulse forget`."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from streams.cli.roles import with_kept_secret
from streams.settings import Settings

if TYPE_CHECKING:
    from streams.forget.run import Forgotten

#: Within this time intake does not announce a customer twice, and a sink that starts reads again.
_SETTLED = timedelta(minutes=10)


@click.command("forget")
@click.argument("phone")
@click.option(
    "--raw",
    is_flag=True,
    help="Also delete the raw records, with all that lie before them in their partitions.",
)
@click.option(
    "--country", default="RU", show_default=True, help="Where a number without a country's code is."
)
@click.option(
    "--wait", "within", default=60.0, show_default=True, help="Seconds to let worker and sink catch up."
)
def command(phone: str, raw: bool, country: str, within: float) -> None:
    """Remove the phone of a customer everywhere; calls and numbers stay, under a key that leads to nobody.

    Worker and sink must be running. Exit 1 when the phone is not known, or stands where it cannot be
    removed. Raw records hold it until they are deleted by age (SALESPULSE_RAW_DAYS), unless --raw. Who
    calls again is known again.
    """
    from streams.clock import now_ms
    from streams.customers import e164
    from streams.forget.run import forget
    from streams.topology import reach

    number = e164(phone, country.upper())
    if not number:
        raise click.BadParameter("expected a phone such as +74951234567", param_hint="PHONE")
    settings = with_kept_secret(Settings.from_env())
    reach(settings.kafka)
    done = forget(settings, number, raw=raw, within_s=within)
    if not done.known:
        click.echo(f"{done.shown} is not known: it stands in no table and in no raw record", err=True)
        raise SystemExit(1)
    for line in _told(done, datetime.fromtimestamp(now_ms() / 1000, UTC)):
        click.echo(line)
    if done.removed.left:
        click.echo("not removed: " + "; ".join(done.removed.left), err=True)
        raise SystemExit(1)


def _told(done: "Forgotten", now: datetime) -> Iterator[str]:
    removed = done.removed
    yield f"{done.shown} is forgotten"
    yield f"  customers: {removed.customers} rows removed; calls stay, under a key that leads to nobody"
    yield f"  dead letters: {removed.dead_letters} removed"
    yield f"  events: {removed.own_events} of the customer lost their further fields"
    yield f"  events: {removed.other_events} of others lost the phone"
    yield "  ClickHouse deletes the files of the old parts within minutes"
    yield "  topic of customers: an hour after its next record Kafka drops the old one"
    yield from _told_raw(done)
    if done.other_keys:
        yield f"  it stood under {done.other_keys} keys of another secret: is SALESPULSE_SECRET right?"
    if done.last_contact is not None and now - done.last_contact.replace(tzinfo=UTC) < _SETTLED:
        yield "  the customer's last event is minutes old: run this again in ten minutes"


def _told_raw(done: "Forgotten") -> Iterator[str]:
    if not done.raw:
        yield "  raw topics: no record holds it"
    for place in done.raw:
        where = f"  {place.topic}/{place.partition}: {place.records} raw records"
        if done.deleted:
            others = place.before - place.records
            yield f"{where} deleted, with {others} others before the last of them"
            yield "    nobody can read them; Kafka frees the disk when it closes their segment"
        elif place.until:
            until = datetime.fromtimestamp(place.until / 1000, UTC)
            yield f"{where} hold it until {until:%Y-%m-%d} at the latest; --raw deletes them"
        else:
            yield f"{where} hold it for ever: the topic deletes nothing by age; --raw deletes them"
