"use strict";
// Which problems the filters leave. A letter an attempt: its place in the codes, modulo 3, is correct, wrong, unscored;
// 3 more if truncated, 6 more without an answer.
const Filters = (() => {
  const ALL = "all";
  const VERDICTS = {
    all: "any", right: "right", wrong: "wrong", mixed: "some right", unscored: "unscored", truncated: "truncated",
    unread: "no answer found",
  };
  const AGREEMENTS = {
    all: "any", disagree: "disagree", agree_right: "all right", agree_wrong: "all wrong",
    gained: "gained on baseline", lost: "lost to baseline",
  };

  // what an arm's letters come to: state r(ight), w(rong), m(ixed), u(nscored) or - and whether any attempt was cut or unread
  const summary = (letters, codes) => {
    let right = 0, unscored = 0, truncated = false, unread = false;
    for (const letter of letters) {
      const code = codes.indexOf(letter);
      right += code % 3 === 0;
      unscored += code % 3 === 2;
      truncated ||= Math.floor(code / 3) % 2 === 1;
      unread ||= code >= 6;
    }
    const num = letters.length;
    const state = !num ? "-" : unscored === num ? "u" : right === num ? "r" : right === 0 ? "w" : "m";
    return { state, truncated, unread, unscored: unscored > 0 };
  };

  const summaries = (index) => {
    const known = new Map();
    const of = (letters) => {
      if (!known.has(letters)) known.set(letters, summary(letters, index.codes));
      return known.get(letters);
    };
    return index.verdicts.map((verdicts) => verdicts.split("|").map(of));
  };

  const hasVerdict = (arm, verdict) => {
    if (verdict === "right") return arm.state === "r";
    if (verdict === "wrong") return arm.state === "w";
    if (verdict === "mixed") return arm.state === "m";
    return arm[verdict];
  };

  const agrees = (arms, chosen, baseline, agreement) => {
    const has = (state) => arms.some((arm) => arm.state === state);
    if (agreement === "disagree") return has("r") && has("w");
    if (agreement === "agree_right") return arms.every((arm) => arm.state === "r" || arm.state === "-");
    if (agreement === "agree_wrong") return arms.every((arm) => arm.state === "w" || arm.state === "-");
    const [from, to] = agreement === "gained" ? ["w", "r"] : ["r", "w"];
    return arms[baseline]?.state === from && chosen.some((arm) => arm.state === to);
  };

  const passes = (index, arms, i, wanted) => {
    for (const name of ["cell", "set", "family"]) {
      if (wanted[name] !== ALL && index[name][i] !== Number(wanted[name])) return false;
    }
    if (wanted.level !== ALL && String(index.level[i]) !== wanted.level) return false;
    const chosen = wanted.arm === ALL ? arms : [arms[Number(wanted.arm)]];
    if (wanted.verdict !== ALL && !chosen.some((arm) => hasVerdict(arm, wanted.verdict))) return false;
    return wanted.agreement === ALL || agrees(arms, chosen, index.baseline, wanted.agreement);
  };

  const select = (index, arms, wanted) => {
    const found = [];
    for (let i = 0; i < arms.length; i += 1) if (passes(index, arms[i], i, wanted)) found.push(i);
    return found;
  };

  return { ALL, VERDICTS, AGREEMENTS, summaries, select };
})();
