"""Running a command and measuring it: wall time, peak memory of its whole process tree, and when it printed what."""

import os
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Sequence, Set, Tuple

INTERVAL = 0.2


@dataclass(frozen=True)
class Measured:
    """What a command did.

    code (int): Its exit code.
    seconds (float): Wall time.
    peak_bytes (int): Highest sum of the resident memory of the process and all its descendants, sampled five times a
        second. Pages that processes share are counted in each, so this is never too low for want of sharing.
    lines (List[Tuple[float, str]]): What it printed, with the seconds since its start.
    """

    code: int
    seconds: float
    peak_bytes: int
    lines: List[Tuple[float, str]]


def run_measured(
    command: Sequence[str], *, cwd: Path, env: Optional[Mapping[str, str]] = None, echo: bool = True
) -> Measured:
    """Run a command to its end and measure it. Linux only.

    command (Sequence[str]): The program and its arguments.
    cwd (Path): Where to run it.
    env (Mapping[str, str]): The environment; by default, this process's own.
    echo (bool): Print its output as it comes.
    RETURNS (Measured): The measurements.
    """
    if not Path("/proc/self/statm").exists():
        raise SystemExit("The memory of a process tree is read from /proc, which this system does not have.")
    start = time.perf_counter()
    environment = {**(os.environ if env is None else env), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    assert process.stdout is not None
    sampler = _Sampler(process.pid)
    sampler.start()
    lines = []
    try:
        for line in process.stdout:
            lines.append((time.perf_counter() - start, line.rstrip("\n")))
            if echo:
                print(line, end="", flush=True)
        code = process.wait()
    finally:
        sampler.stop()
        if process.poll() is None:
            process.terminate()
    return Measured(code, time.perf_counter() - start, sampler.peak, lines)


class _Sampler(threading.Thread):
    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peak = 0
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.is_set():
            self.peak = max(self.peak, tree_bytes(self.pid))
            self.done.wait(INTERVAL)

    def stop(self) -> None:
        self.done.set()
        self.join()


def tree_bytes(pid: int) -> int:
    """Return the resident memory of a process and all its descendants, in bytes; 0 if it has ended."""
    children: Dict[int, List[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                # The second field is the program's name in brackets, which may hold spaces and brackets.
                parent = int((entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    total = 0
    waiting = [pid]
    seen: Set[int] = set()
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            waiting.extend(children.get(current, []))
            total += _resident_bytes(current)
    return total


def _resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0
