"""Writes the dashboards' JSON, or checks that it is as the code makes it."""

import json
import sys
from pathlib import Path

from grafana import call_centre_now
from grafana.panels import Json

FOLDER = Path(__file__).parent / "dashboards"


def rendered() -> dict[str, str]:
    """File name to content."""
    return {call_centre_now.FILE: _text(call_centre_now.dashboard())}


def outdated(folder: Path = FOLDER) -> list[str]:
    """Names of files that are not as the code makes them, or that it does not make."""
    wanted = rendered()
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def main(arguments: list[str]) -> int:
    """0 when all is well; with `--check` nothing is written and 1 says that something differs."""
    if "--check" in arguments:
        for name in outdated():
            sys.stdout.write(f"{name} is outdated: run python -m grafana.render\n")
        return int(bool(outdated()))
    FOLDER.mkdir(exist_ok=True)
    for name, text in rendered().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


def _text(dashboard: Json) -> str:
    return json.dumps(dashboard, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
