import subprocess
import sys
from pathlib import Path

import pytest
from main_job import step_seconds
from processes import Measured, run_measured, tree_bytes

pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")

GRANDCHILD = "import sys; block = bytearray(200_000_000); print('up', flush=True); sys.stdin.read()"
CHILD = f"import subprocess, sys; subprocess.call([sys.executable, '-c', {GRANDCHILD!r}])"


def test_memory_of_all_descendants_counts():
    with subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"up\n"
        assert 200e6 < tree_bytes(child.pid) < 400e6
        child.stdin.close()
    assert tree_bytes(child.pid) == 0


def test_a_command_is_measured_to_its_end(tmp_path):
    code = "import sys; print('one'); print('two', file=sys.stderr); sys.exit(3)"
    measured = run_measured([sys.executable, "-c", code], cwd=tmp_path, echo=False)
    assert measured.code == 3
    assert sorted(line for _, line in measured.lines) == ["one", "two"]
    assert all(0 < seconds <= measured.seconds for seconds, _ in measured.lines)
    assert measured.peak_bytes > 0


def test_steps_are_told_apart_by_the_headings_they_print():
    lines = [
        (0.5, "Running workflow 'all'"),
        (1.0, "\x1b[1m"),
        (1.0, "=== encoder ===\x1b[0m"),
        (1.1, "\x1b[38;5;4mi Skipping 'encoder': nothing changed\x1b[0m"),
        (2.0, "=== kb ==="),
        (3.0, "built"),
        (5.0, "=== train ==="),
    ]
    assert step_seconds(Measured(0, 9.0, 0, lines)) == [("kb", 3.0), ("train", 4.0)]
