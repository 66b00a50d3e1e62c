"""A small disk that can be full: a file system in memory, mounted for a test."""

import contextlib
import shutil
import subprocess
from pathlib import Path


class SmallDisk:
    """A disk of so many megabytes at `folder`. Mounting asks for root."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
        subprocess.run(command, check=True, capture_output=True)
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Leaves no byte free."""
        with contextlib.suppress(OSError), self._ballast.open("ab", buffering=0) as ballast:
            while True:
                ballast.write(bytes(4096))

    def free(self) -> None:
        """Gives back what `fill` took."""
        self._ballast.unlink()

    @property
    def left(self) -> int:
        """Free bytes."""
        return shutil.disk_usage(self.folder).free

    def unmount(self) -> None:
        """Lets go of it, even while files are open."""
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True, capture_output=True)
