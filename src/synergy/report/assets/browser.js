"use strict";
// The sample browser. Data are gzipped JSON in blocks of the page, unpacked when asked for; text is only ever set as text.
{
  const HEIGHT = 46;
  const MARKS = { r: "●", m: "◐", w: "○", u: "?", "-": "·" };
  const WORDS = ["correct", "wrong", "unscored"], SIGNS = ["✓", "✗", "?"], CSS = ["up", "down", "open"];
  const by = (id) => document.getElementById(id);
  const form = by("filters"), list = by("browser-list"), rows = by("browser-rows"), detail = by("browser-detail");
  const status = by("browser-status");
  let index, arms, found = [], chosen = -1, searched = 0;
  const chunks = new Map(), texts = [];

  const make = (tag, css, text) => {
    const element = document.createElement(tag);
    if (css) element.className = css;
    if (text !== undefined) element.textContent = text;
    return element;
  };

  const unpack = async (id) => {
    const bytes = Uint8Array.from(atob(by(id).textContent), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };
  const chunk = (number) => {
    if (!chunks.has(number)) chunks.set(number, unpack(`samples-${number}`));
    return chunks.get(number);
  };
  const problem = async (i) => (await chunk(index.chunk[i]))[index.at[i]];

  const fill = (name, choices) => {
    const select = form.elements[name];
    for (const [value, text] of choices) {
      const option = make("option", "", text);
      option.value = value;
      select.append(option);
    }
    select.closest("label").hidden = choices.length < 3;
  };
  const numbered = (names) => [[Filters.ALL, "all"], ...names.map((name, i) => [String(i), name])];

  // ---- the list: only the rows in sight exist

  const drawRows = () => {
    const first = Math.max(0, Math.floor(list.scrollTop / HEIGHT) - 4);
    const last = Math.min(found.length, first + Math.ceil(list.clientHeight / HEIGHT) + 8);
    const drawn = [];
    for (let place = first; place < last; place += 1) {
      const i = found[place];
      const row = make("div", "row");
      row.id = `row-${i}`;
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", String(i === chosen));
      row.dataset.place = place;
      row.style.top = `${place * HEIGHT}px`;
      const level = index.level[i] === null ? "" : `L${index.level[i]} `;
      row.append(make("span", "", `${level}${index.families[index.family[i]]} · ${index.id[i]}`));
      row.append(make("span", "of-arms", arms[i].map((arm) => MARKS[arm.state]).join("")));
      drawn.push(row);
    }
    rows.replaceChildren(...drawn);
    if (chosen >= 0) list.setAttribute("aria-activedescendant", `row-${chosen}`);
  };

  const apply = () => {
    const wanted = Object.fromEntries(new FormData(form));
    found = Filters.select(index, arms, wanted);
    const text = wanted.text.trim().toLowerCase();
    if (text) {
      if (searched === 0) readAll();
      found = found.filter((i) => texts[i] !== undefined && texts[i].includes(text));
    }
    const waiting = text && searched < index.id.length ? `; searched ${searched.toLocaleString("en")} so far` : "";
    status.textContent = `${found.length.toLocaleString("en")} of ${index.id.length.toLocaleString("en")} problems${waiting}`;
    rows.style.height = `${found.length * HEIGHT}px`;
    list.scrollTop = 0;
    drawRows();
    if (!found.includes(chosen)) choose(found.length ? 0 : -1);
  };

  // ---- search: all texts are unpacked once, the page stays usable meanwhile

  const readAll = async () => {
    searched = 1;
    const members = new Map();
    index.chunk.forEach((number, i) => members.set(number, [...(members.get(number) ?? []), i]));
    let num = 0;
    for (const [number, problems] of members) {
      const found = await chunk(number);
      for (const i of problems) {
        const each = found[index.at[i]];
        const said = each.responses.flat().map((response) => response[4]);
        texts[i] = [index.id[i], each.question, each.gold, ...each.choices, ...said].join("\n").toLowerCase();
      }
      num += problems.length;
      searched = num;
      if (number % 20 === 19) apply();
    }
    apply();
  };

  // ---- one problem

  const picture = (number, id, place) => {
    const image = make("img");
    image.alt = `picture ${place + 1} of problem ${id}`;
    image.addEventListener("load", () => image.classList.toggle("tiny", image.naturalWidth < 224));
    image.src = by(`picture-${number}`).textContent;
    return image;
  };

  const attempt = (letter, [seed, run, tokens, extracted, text], many) => {
    const code = index.codes.indexOf(letter);
    const box = make("div", "attempt");
    const line = make("div");
    line.append(make("strong", CSS[code % 3], `${SIGNS[code % 3]} ${WORDS[code % 3]}`));
    const facts = [`${tokens.toLocaleString("en")} tokens`];
    if (many) facts.unshift(index.num_seeds > 1 ? `seed ${seed}, attempt ${run + 1}` : `attempt ${run + 1}`);
    if (Math.floor(code / 3) % 2 === 1) facts.push("cut off");
    line.append(make("span", "small", ` ${facts.join(", ")}`));
    const answer = make("div", "", "answer found: ");
    answer.append(extracted === null ? make("em", "", "none") : make("code", "", extracted));
    box.append(line, answer, make("pre", "", text));
    return box;
  };

  const card = (number, letters, responses) => {
    const box = make("section", "answer-of");
    box.dataset.arm = index.arms[number];
    box.style.setProperty("--arm", index.colours[number]);
    box.append(make("h4", "", index.arms[number]));
    responses.forEach((response, i) => box.append(attempt(letters[i], response, responses.length > 1)));
    if (!responses.length) box.append(make("p", "small", "not evaluated"));
    return box;
  };

  const show = async (i) => {
    const each = await problem(i);
    if (i !== chosen) return;
    const level = index.level[i] === null ? "" : `, level ${index.level[i]}`;
    const cell = index.cells[index.cell[i]];
    const parts = [make("h3", "", `${index.sets[index.set[i]]}: ${index.families[index.family[i]]}${level}`)];
    parts.push(make("p", "small", [index.id[i], each.kind, cell].filter(Boolean).join(" · ")));
    const pictures = make("div", "pictures");
    pictures.append(...each.images.map((number, place) => picture(number, index.id[i], place)));
    if (each.missing) pictures.append(make("p", "small", `${each.missing} pictures are not in this page`));
    parts.push(pictures, make("p", "asked", each.question));
    if (each.choices.length) {
      parts.push(make("p", "asked", each.choices.map((choice, k) => `${String.fromCharCode(65 + k)}. ${choice}`).join("\n")));
    }
    const gold = make("p", "", "right answer: ");
    gold.append(make("code", "", each.gold));
    const answers = make("div", "answers");
    const letters = index.verdicts[i].split("|");
    answers.append(...each.responses.map((responses, number) => card(number, letters[number], responses)));
    detail.replaceChildren(...parts, gold, answers);
  };

  const choose = (place) => {
    chosen = place >= 0 ? found[place] : -1;
    if (place < 0) {
      detail.replaceChildren(make("p", "", "No problem passes these filters."));
      return;
    }
    const top = place * HEIGHT;
    if (top < list.scrollTop) list.scrollTop = top;
    if (top + HEIGHT > list.scrollTop + list.clientHeight) list.scrollTop = top + HEIGHT - list.clientHeight;
    drawRows();
    show(chosen);
  };

  const start = async () => {
    index = await unpack("samples-index");
    arms = Filters.summaries(index);
    fill("cell", numbered(index.cells));
    fill("set", numbered(index.sets));
    fill("family", numbered(index.families));
    const levels = [...new Set(index.level)].filter((level) => level !== null).sort((a, b) => a - b);
    fill("level", [[Filters.ALL, "all"], ...levels.map((level) => [String(level), String(level)])]);
    fill("arm", numbered(index.arms));
    fill("verdict", Object.entries(Filters.VERDICTS));
    fill("agreement", Object.entries(Filters.AGREEMENTS));
    form.addEventListener("input", apply);
    form.addEventListener("reset", () => setTimeout(apply));
    form.addEventListener("submit", (event) => event.preventDefault());
    list.addEventListener("scroll", () => requestAnimationFrame(drawRows));
    addEventListener("resize", drawRows);
    list.addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      if (row) choose(Number(row.dataset.place));
    });
    list.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
      if (!step || !found.length) return;
      event.preventDefault();
      choose(Math.min(found.length - 1, Math.max(0, found.indexOf(chosen) + step)));
    });
    apply();
  };
  if (typeof DecompressionStream === "undefined") {
    status.textContent = "This browser cannot unpack the samples; it needs to be of 2023 or newer.";
  } else {
    start();
  }
}
