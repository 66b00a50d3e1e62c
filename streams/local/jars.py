"""Where the broker's jars are, and how they get there: Maven copies them once per version of the pom."""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_POM = _ROOT / "deploy" / "kafka" / "pom.xml"
_OLDEST_JAVA = 17


class MissingTool(Exception):
    """A program that this machine lacks; the message says how to get it."""


def java() -> str:
    """Path of a Java 17 or newer. Raises `MissingTool`."""
    home = os.environ.get("JAVA_HOME")
    found = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if not found or not Path(found).exists():
        raise MissingTool(
            "no Java found: the embedded Kafka needs a JDK 17 or newer "
            "(Debian: apt-get install openjdk-17-jdk-headless; macOS: brew install openjdk@17), "
            "or set JAVA_HOME"
        )
    said = subprocess.run([found, "-version"], capture_output=True, text=True, check=False).stderr
    number = re.search(r'version "(\d+)', said)
    if number and int(number[1]) < _OLDEST_JAVA:
        raise MissingTool(f"{found} is Java {number[1]}: the embedded Kafka needs 17 or newer; set JAVA_HOME")
    return found


def folder() -> Path:
    """The folder of jars that fits the pom: `SALESPULSE_BROKER_JARS`, or below `.salespulse-cache`."""
    given = os.environ.get("SALESPULSE_BROKER_JARS")
    if given:
        return Path(given)
    if not _POM.exists():
        raise MissingTool(
            "this installation came without deploy/kafka: run `salespulse up` from a clone of the project, "
            "or set SALESPULSE_BROKER_JARS to a folder with the jars of Apache Kafka 4.1 or newer"
        )
    digest = hashlib.sha256(_POM.read_bytes()).hexdigest()[:12]
    return _ROOT / ".salespulse-cache" / f"kafka-{digest}"


def ensure() -> Path:
    """The folder of jars, filled by Maven when it is not there yet. Raises `MissingTool`."""
    target = folder()
    if target.exists():
        return target
    maven = shutil.which("mvn")
    if not maven:
        raise MissingTool(
            "no Maven found: it fetches the jars of Apache Kafka once "
            "(Debian: apt-get install maven; macOS: brew install maven)"
        )
    java()
    filling = target.with_name(f"{target.name}.{os.getpid()}")
    shutil.rmtree(filling, ignore_errors=True)
    command = [maven, "-q", "-B", "-f", str(_POM), "dependency:copy-dependencies"]
    command += ["-DincludeScope=runtime", f"-DoutputDirectory={filling}"]
    done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode or not filling.is_dir():
        raise MissingTool(
            f"Maven could not fetch the broker's jars:\n{done.stdout[-4000:]}{done.stderr[-2000:]}"
        )
    try:
        filling.rename(target)  # whole or not at all
    except OSError:
        shutil.rmtree(filling)  # somebody else was faster
    return target
