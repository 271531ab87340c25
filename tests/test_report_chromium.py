"""The report in a real headless Chromium; skips where there is none."""

import base64
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from study_folders import StudyCase, write_study

from synergy.report.page import write_report

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
HOSTILE = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'>"
LIMIT_SECONDS = 0.2  #: for a filter to react

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt-get install chromium, as .ci/run does")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        # a container's root has no user namespace for Chromium's own sandbox
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    case = StudyCase(
        num_problems=60,
        question=f"How many? {HOSTILE}",
        text=lambda arm, problem, run: f"{HOSTILE} {arm} says {problem} in attempt {run} \\boxed{{3}}",
    )
    return write_report(write_study(tmp_path_factory.mktemp("study"), case))


class Visit:
    """A page that is open, and what went wrong in it."""

    def __init__(self, browser: Any, path: Path, width: int = 1280, scheme: str = "light") -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page = self.context.new_page()
        self.faults: list[str] = []
        self.page.on("console", lambda message: self.faults.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", self._note)
        self.page.goto(path.as_uri())
        self.page.wait_for_selector(".answer-of")

    def _note(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.faults.append(f"fetched {request.url}")

    def status(self) -> str:
        return self.page.inner_text("#browser-status")

    def waits_for(self, selector: str, text: str | re.Pattern[str]) -> None:
        """Until an element has this text; the page's policy forbids playwright's own way of waiting, which is eval."""
        playwright.expect(self.page.locator(selector).first).to_have_text(text, timeout=20_000)

    def choose(self, name: str, label: str) -> None:
        self.page.select_option(f"#filters [name={name}]", label=label)


@pytest.fixture
def visit(browser: Any, path: Path) -> Iterator[Visit]:
    opened = Visit(browser, path)
    yield opened
    opened.context.close()
    assert opened.faults == []


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_are_drawn_and_the_page_fits(browser: Any, path: Path, width: int, scheme: str) -> None:
    visit = Visit(browser, path, width, scheme)
    page = visit.page
    charts = page.locator("svg.chart")
    assert charts.count() >= 15
    sizes = page.evaluate("[...document.querySelectorAll('svg.chart')].map(c => [c.clientWidth, c.clientHeight])")
    assert all(150 < across <= width and down > 100 for across, down in sizes)
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"
    # text stands out from the ground, in charts as elsewhere
    ground, ink = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, "
        "getComputedStyle(document.querySelector('svg.chart text')).fill]"
    )
    brightness = [sum(map(int, colour[4:-1].split(","))) / 3 for colour in (ground, ink)]
    assert (brightness[0] > brightness[1]) == (scheme == "light")
    assert abs(brightness[0] - brightness[1]) > 120
    assert visit.faults == []
    visit.context.close()


def test_marks_have_the_arms_colour_and_say_what_they_are(visit: Visit) -> None:
    mark = visit.page.locator("#gains .panel path[aria-label^='sft, level 1']").first
    assert mark.evaluate("m => getComputedStyle(m).fill") == "rgb(0, 114, 178)"
    mark.hover()
    assert visit.page.inner_text("#tip").startswith("sft, level 1:")


def test_the_toggle_goes_from_light_to_dark_and_back(visit: Visit) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    light = visit.page.evaluate(ground)
    visit.page.click("#theme")
    dark = visit.page.evaluate(ground)
    assert dark != light
    visit.page.click("#theme")
    assert visit.page.evaluate(ground) == light


def test_the_first_column_stays_on_a_phone(browser: Any, path: Path) -> None:
    visit = Visit(browser, path, 390)
    scroll = visit.page.locator("#accuracy .scroll").first
    scroll.evaluate("s => { s.scrollLeft = 300; }")
    assert scroll.evaluate("s => s.scrollLeft") > 100
    left = scroll.locator("th[scope=row]").first.evaluate("t => t.getBoundingClientRect().left")
    assert 0 <= left < 40
    visit.context.close()


def test_an_answer_with_a_script_is_text(visit: Visit) -> None:
    assert visit.page.evaluate("window.hacked") is None
    assert HOSTILE in visit.page.inner_text("#browser-detail .attempt pre")
    assert HOSTILE in visit.page.inner_text("#browser-detail .asked")
    assert visit.page.locator("#browser-detail img[onerror], #browser-detail script").count() == 0


def test_one_problem_shows_its_picture_and_every_arms_answers(visit: Visit) -> None:
    arms = visit.page.locator(".answer-of h4").all_inner_texts()
    assert arms[:3] == ["base", "sft", "rl"]
    assert len(arms) == 9
    assert visit.page.locator(".answer-of[data-arm=rl] .attempt").count() == 2
    assert visit.page.evaluate("document.querySelector('.pictures img').naturalWidth") == 40


def test_filters(visit: Visit) -> None:
    assert visit.status() == "60 of 60 problems"
    visit.choose("level", "3")
    assert visit.status() == "12 of 60 problems"
    visit.choose("family", "count")
    assert visit.status() == "3 of 60 problems"
    assert "count, level 3" in visit.page.inner_text("#browser-detail h3")
    visit.page.click("#filters [type=reset]")
    visit.waits_for("#browser-status", "60 of 60 problems")
    visit.choose("arm", "rl")
    nums = []
    for verdict in ("right", "some right", "wrong"):
        visit.choose("verdict", verdict)
        nums.append(int(visit.status().split()[0]))
    assert sum(nums) == 60
    assert visit.page.locator(".answer-of[data-arm=rl] .attempt strong.down").count() == 2


def test_disagreement(visit: Visit) -> None:
    visit.choose("agreement", "disagree")
    num = int(visit.status().split()[0])
    assert 0 < num < 60
    words = visit.page.locator(".answer-of").evaluate_all(
        "arms => arms.map(arm => [...arm.querySelectorAll('strong')].map(each => each.className))"
    )
    assert ["up", "up"] in words
    assert ["down", "down"] in words


def test_search_is_in_questions_and_answers(visit: Visit) -> None:
    visit.page.fill("#filters [name=text]", "SAYS 17 in")
    visit.waits_for("#browser-status", "1 of 60 problems")
    assert "pocket-00017" in visit.page.inner_text("#browser-detail")
    visit.page.fill("#filters [name=text]", "nowhere to be found")
    visit.waits_for("#browser-status", "0 of 60 problems")
    assert "No problem passes" in visit.page.inner_text("#browser-detail")


def test_keys_move_through_the_list(visit: Visit) -> None:
    visit.page.focus("#browser-list")
    visit.page.keyboard.press("ArrowDown")
    visit.waits_for("#browser-detail", re.compile("pocket-00001"))
    assert visit.page.get_attribute("#row-1", "aria-selected") == "true"


def test_a_charts_data_can_be_taken(visit: Visit) -> None:
    visit.page.click("#gains details.data summary")
    assert visit.page.locator("#gains details.data tbody tr").count() == 40
    with visit.page.expect_download() as download:
        visit.page.click("#gains .take a")
    assert download.value.suggested_filename == "gains_by_level.csv"
    visit.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.page.click("#gains .take button")
    visit.waits_for("#gains .take button", "copied")
    href = visit.page.get_attribute("#gains .take a", "href") or ""
    copied = visit.page.evaluate("navigator.clipboard.readText()")
    assert copied == base64.b64decode(href.partition(",")[2]).decode()


def test_twenty_thousand_samples_are_filtered_at_once(browser: Any, tmp_path: Path) -> None:
    case = StudyCase(arms={"base": "base", "rl": "rl"}, num_problems=2500, num_samples=4, num_pictures=9)
    visit = Visit(browser, write_report(write_study(tmp_path, case)))
    assert visit.status() == "2,500 of 2,500 problems"
    assert visit.page.locator(".row").count() < 60, "only rows in sight exist"
    seconds = visit.page.evaluate(
        """() => {
          const set = (name, value) => {
            const field = document.querySelector(`#filters [name=${name}]`);
            const start = performance.now();
            field.value = value;
            field.dispatchEvent(new Event("input", { bubbles: true }));
            return (performance.now() - start) / 1000;
          };
          return [set("level", "2"), set("level", "all"), set("agreement", "disagree"), set("agreement", "all")];
        }"""
    )
    assert max(seconds) < LIMIT_SECONDS
    visit.page.fill("#filters [name=text]", "cell 3-3")
    visit.waits_for("#browser-status", re.compile("^[0-9,]+ of 2,500 problems$"))
    seconds = visit.page.evaluate(
        """() => {
          const field = document.querySelector("#filters [name=text]");
          const start = performance.now();
          field.value = "cell 4-4";
          field.dispatchEvent(new Event("input", { bubbles: true }));
          return (performance.now() - start) / 1000;
        }"""
    )
    assert seconds < LIMIT_SECONDS
    assert visit.faults == []
    visit.context.close()
