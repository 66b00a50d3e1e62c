"""`salespulse import`: history from files into the topics."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from streams.importing.formats import FORMATS
from streams.importing.run import Counts
from streams.settings import Settings

_FORMATS = "\n".join(f"  {each.name:<10} {each.about}" for each in FORMATS.values())

_TOLD_EVERY = 1 << 18  #: bytes


@click.command("import", epilog="\b\nFormats:\n" + _FORMATS)
@click.argument("kind", metavar="FORMAT", type=click.Choice(list(FORMATS)))
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False)
)
@click.option("--source", default="", help="Name of the source in the directory; default: the format's.")
@click.option(
    "--country", default="RU", show_default=True, help="Where numbers without a country's code are."
)
def command(kind: str, files: tuple[str, ...], source: str, country: str) -> None:
    """Read history from files. Importing the same file twice changes nothing."""
    from streams.clock import now_ms
    from streams.importing.reading import Options
    from streams.importing.run import Import
    from streams.importing.writer import KafkaWriter

    paths = [Path(file) for file in files]
    writer = KafkaWriter(Settings.from_env().kafka)
    importing = Import(FORMATS[kind], Options(now_ms(), source, country.upper()), writer)
    with _progress(paths, importing.counts) as advanced:
        counts = importing.run(paths, advanced)
        writer.finish()
    _tell(counts)


@contextmanager
def _progress(paths: list[Path], counts: Counts) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[lines]:,} lines"),
        TimeRemainingColumn(),
    )
    # Standard output is for the result alone.
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        total = sum(path.stat().st_size for path in paths)
        task = progress.add_task("importing", total=total, lines=0)
        yield _Advanced(lambda size: progress.update(task, advance=size, lines=counts.lines))


class _Advanced:
    """Tells the bar not at each line, but now and then."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell = tell
        self._size = 0

    def __call__(self, size: int) -> None:
        self._size += size
        if self._size >= _TOLD_EVERY:
            self._tell(self._size)
            self._size = 0


def _tell(counts: Counts) -> None:
    click.echo(
        f"read {counts.lines} lines, accepted {counts.accepted} events, dead-lettered {counts.dead_lettered}"
    )
    for reason, count in sorted(counts.reasons.items()):
        click.echo(f"  {count} {reason}")
    for note, count in sorted(counts.notes.items()):
        click.echo(f"  not told: {count} {note}")
    if counts.dead_lettered:
        click.echo("why: table dead_letters, origin import/...", err=True)
