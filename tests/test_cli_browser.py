"""Showing a report, with and without a screen."""

from pathlib import Path

import pytest

from synergy.cli import browser


@pytest.mark.skipif(browser.sys.platform != "linux", reason="elsewhere there is always a screen")
def test_a_server_without_a_screen_is_told_and_tries_no_browser(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    shown: list[str] = []
    monkeypatch.setattr(browser.click, "launch", shown.append)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    browser.show_page(Path("runs/report.html"))
    assert not shown
    assert "no screen" in capsys.readouterr().err
    monkeypatch.setenv("DISPLAY", ":0")
    browser.show_page(Path("runs/report.html"))
    assert shown == ["runs/report.html"]
