"""A pipeline against a real server of others: `transformers serve` with the pocket model."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pipeline_cases import POCKET, checked, endpoint, ran
from transformers.utils.import_utils import is_serve_available

from synergy.data.pipeline.samples import read_samples

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not is_serve_available(), reason="transformers serve needs: pip install transformers[serving]"),
]
_START_SECONDS = 180


@pytest.fixture
def server(weights: Path) -> Iterator[str]:
    """Its url, once it listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from transformers.cli.transformers import main; main()", "serve", str(weights)]
    options = ["--device", "cpu", "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        try:
            _wait_for(port, run)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            run.kill()


def _wait_for(port: int, run: subprocess.Popen[bytes]) -> None:
    for _ in range(10 * _START_SECONDS):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert run.poll() is None, "transformers serve ended"
        time.sleep(0.1)
    raise AssertionError(f"transformers serve did not listen within {_START_SECONDS} s")


def test_the_pocket_model_answers_as_a_reasoner_that_sees(server: str, weights: Path, tmp_path: Path) -> None:
    template = tmp_path / "see.jinja"
    template.write_text("{% block system %}{% endblock %}{% block user %}{{ question }}{% endblock %}")
    config = checked(
        {
            "kind": "pipeline",
            "sources": {"boards": {"data": {**POCKET, "num_problems": 8, "families": ["sum", "count"]}}},
            "endpoints": {"model": endpoint(server, str(weights), concurrency=2, timeout_seconds=120.0)},
            "steps": [
                {
                    "step": "distil",
                    "endpoints": {"model": 1.0},
                    "images": True,
                    "template": str(template),
                    "sampling": {"max_tokens": 300},
                },
                {"step": "split"},
            ],
        }
    )
    progress, funnel = ran(config, tmp_path / "run")
    assert (progress.num_asked, progress.num_failed) == (8, 0)
    assert funnel.sources["boards"].num_kept >= 6  # the model lays its answers out as it was taught
    kept = list(read_samples(tmp_path / "run", "fate = 'kept'"))
    assert all("boxed" in sample.fields["conclusion"] for sample in kept)
    again, _ = ran(config, tmp_path / "run")
    assert (again.num_asked, again.num_done) == (0, 0)
