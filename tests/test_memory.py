"""The peak of memory begins anew, and what is free goes back to the system."""

import subprocess
import sys

import pytest

CODE = """
import numpy as np
from synergy.memory import give_back, peak_bytes, restart_peak
kept = [np.ones(8_000) for _ in range(5_000)]  # 320 MB in the heap, too small each to be mapped alone
high = peak_bytes()
last = kept[-1]
del kept
give_back()
restart_peak()
print(high, peak_bytes())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the peak cannot begin anew")
def test_free_memory_is_given_back_and_the_peak_begins_anew():
    found = subprocess.run([sys.executable, "-c", CODE], check=True, capture_output=True, text=True)
    high, after = map(int, found.stdout.split())
    assert high > 320e6
    assert after < high - 250e6
