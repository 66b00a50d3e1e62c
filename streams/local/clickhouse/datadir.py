"""The data folder, opened by one server at a time."""

import fcntl
import os
from pathlib import Path
from typing import Self


class FolderTaken(Exception):
    """Another server has the data folder open."""


class DataFolder:
    """The folder with everything the embedded ClickHouse keeps; locked while this object lives.

    The lock is the kernel's (`flock`), so it goes with the process, however that ends.
    """

    def __init__(self, path: Path) -> None:
        if any(sign in str(path) for sign in "?&"):
            raise ValueError(f"the data folder's path may hold no '?' or '&': {path}")
        self.path = path.resolve()
        self.engine = self.path / "engine"
        self.configuration = self.path / "configuration"
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._take()

    def _take(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(self._lock, 64, 0).decode(errors="replace").strip()
            os.close(self._lock)
            raise FolderTaken(
                f"{self.path} is in use by another embedded ClickHouse (process {owner or '?'}); "
                "stop it, or name another data folder"
            ) from None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, str(os.getpid()).encode(), 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        os.close(self._lock)
