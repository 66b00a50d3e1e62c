"""Where the peers' libraries are: an environment and jars of their own, made once per list of versions."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from streams.local.jars import MissingTool, java

HERE = Path(__file__).resolve().parent
_CACHE = HERE.parents[1] / ".salespulse-cache"


def _folder(name: str, *fixed_by: Path) -> Path:
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in fixed_by)).hexdigest()[:12]
    return _CACHE / f"{name}-{digest}"


def _run(command: list[str], what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise MissingTool(f"{what} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")


def python() -> str:
    """A Python with the libraries of `requirements.txt`. Raises `MissingTool`."""
    wanted = HERE / "requirements.txt"
    folder = _folder("peers", wanted)
    executable = folder / "bin" / "python"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(folder)], "making an environment")
        pip = [str(executable), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "-r", str(wanted)], "installing the peers' libraries")
        (folder / "complete").touch()
    return str(executable)


def kafka_streams() -> list[str]:
    """The command of the job in Kafka Streams, compiled. Raises `MissingTool`."""
    source = HERE / "kafka_streams"
    program = source / "src" / "main" / "java" / "Job.java"
    folder = _folder("kafka-streams", source / "pom.xml", program)
    if not (folder / "complete").exists():
        maven = shutil.which("mvn")
        if maven is None:
            raise MissingTool("no Maven found: it fetches Kafka Streams (Debian: apt-get install maven)")
        shutil.rmtree(folder, ignore_errors=True)
        build = [maven, "-q", "-B", "-f", str(source / "pom.xml"), f"-DoutputDirectory={folder / 'jars'}"]
        _run([*build, "dependency:copy-dependencies"], "fetching Kafka Streams")
        compiler = str(Path(java()).resolve().with_name("javac"))
        _run([compiler, "-cp", f"{folder / 'jars'}/*", "-d", str(folder / "classes"), str(program)], "javac")
        (folder / "complete").touch()
    return [java(), "-cp", f"{folder / 'classes'}:{folder / 'jars'}/*", "Job"]
