import os
import re
import subprocess
from pathlib import Path

import pytest

from streams.local.folder import FolderTaken, secret_in, taken, write_environment


def test_a_folder_serves_one_at_a_time(tmp_path: Path) -> None:
    told = f"in use by another `salespulse up` or its parts (process {os.getpid()}): stop it, or choose"
    with taken(tmp_path), pytest.raises(FolderTaken, match=re.escape(told)), taken(tmp_path):
        pass
    with taken(tmp_path):
        pass


def test_parts_of_a_killed_run_hold_the_folder_until_they_are_gone(tmp_path: Path) -> None:
    """The lock is inherited; a next start waits for the last of them instead of failing on its port."""
    with taken(tmp_path) as lock:
        part = subprocess.Popen(["sleep", "1"], pass_fds=[lock])
    (tmp_path / "lock").write_text("999999999")  # the process that was killed
    with taken(tmp_path):
        assert part.poll() is not None
    part.wait()


def test_a_secret_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    secret = secret_in(tmp_path, "secret")
    assert len(secret) == 64
    assert secret_in(tmp_path, "secret") == secret
    assert secret_in(tmp_path, "token") != secret
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_the_environment_file_is_for_shells(tmp_path: Path) -> None:
    value = "http://default:p'$w@127.0.0.1:8123"
    path = write_environment(tmp_path, {"SALESPULSE_CLICKHOUSE": value})
    assert path.stat().st_mode & 0o777 == 0o600
    said = subprocess.run(
        ["sh", "-c", f'. {path}; printf %s "$SALESPULSE_CLICKHOUSE"'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == value
