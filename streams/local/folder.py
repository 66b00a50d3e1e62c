"""The data folder of `salespulse up`: who may use it, and the secrets that are made in it once."""

import fcntl
import os
import secrets
import shlex
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

#: Parts of an earlier run that was killed die with it; this long for the last of them.
_LEFTOVERS_S = 5.0


class FolderTaken(Exception):
    """Another `salespulse up` uses the folder."""


@contextmanager
def taken(folder: Path) -> Iterator[int]:
    """Keeps others off `folder`; gives the descriptor that parts inherit, so that they hold it too.

    Raises `FolderTaken`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(descriptor, folder)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    deadline = time.monotonic() + _LEFTOVERS_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(descriptor, 20, 0).decode() or "?"
            if time.monotonic() > deadline or _alive(owner):
                raise FolderTaken(
                    f"{folder} is in use by another `salespulse up` or its parts (process {owner}): "
                    "stop it, or choose another folder with --data-dir"
                ) from None
            time.sleep(0.1)
        else:
            return


def _alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def secret_in(folder: Path, name: str) -> str:
    """The secret of that name: made at the first call, readable by the owner alone."""
    path = folder / name
    if not path.exists():
        new = path.with_suffix(".new")
        _private(new, secrets.token_hex(32))
        new.rename(path)  # whole or not at all
    return path.read_text().strip()


def write_environment(folder: Path, variables: Mapping[str, str]) -> Path:
    """A file for shells, `. FILE`, after which other commands talk to the parts of this folder."""
    path = folder / "environment"
    lines = (f"export {name}={shlex.quote(value)}\n" for name, value in sorted(variables.items()))
    _private(path, "".join(lines))
    return path


def _private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
