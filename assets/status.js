/* The public status pages while they are open: ages, the reader's own times, days one by one, and changes as they come.
   Everything is readable without it. */
(() => {
  "use strict";
  const near = (event, selector) => (event.target instanceof Element ? event.target.closest(selector) : null);

  /* What is said here stands in the page, in its language (status_page/languages.py). */
  const texts = JSON.parse(document.getElementById("words")?.textContent || "{}");
  const language = document.documentElement.lang || "en";
  const fill = (text, values) => String(text ?? "").replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

  /* Ages: the same words as web/ui/format.py. */
  const plurals = new Intl.PluralRules(language);
  function counted(number, unit) {
    const forms = texts.units?.[unit] || {};
    return fill(forms[plurals.select(number)] ?? forms.other, { n: number.toLocaleString(language) });
  }
  function elapsed(seconds) {
    const whole = Math.max(0, Math.trunc(seconds));
    for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
      if (whole >= size) return counted(Math.floor(whole / size), unit);
    }
    return counted(whole, "s");
  }
  function age(at) {
    const seconds = (Date.now() - at) / 1000;
    return seconds < -5 ? fill(texts.ahead, { age: elapsed(-seconds) }) : fill(texts.ago, { age: elapsed(seconds) });
  }
  function say(element, words) {
    if (element.textContent !== words) element.textContent = words;
  }
  function tick() {
    copyAge();
    if (document.hidden) return;
    for (const element of document.querySelectorAll("time[data-age]")) {
      const at = Date.parse(element.dateTime);
      if (!Number.isNaN(at)) {
        const told = element.dataset.age, now = age(at);
        say(element, told === "true" ? now : told.includes("{age}") ? fill(told, { age: now }) : `${told} ${now}`);
      }
    }
  }

  /* A copy that is hosted elsewhere says by itself when it is too old to be believed. */
  function copyAge() {
    const copy = document.querySelector("[data-copied]");
    const old = copy && Date.now() - Date.parse(copy.dataset.copied) > Number(copy.dataset.staleSeconds) * 1000;
    if (!old) { delete document.documentElement.dataset.stale; return; }
    const first = document.querySelector(".verdict h1");
    if (first && first.textContent !== texts.unsure) {
      const known = first.textContent, verdict = first.closest(".verdict");
      first.textContent = texts.unsure;
      verdict.className = "verdict unknown";
      verdict.querySelector(".dot use")?.setAttribute("href", "#i-circle-question-mark");
      const last = document.createElement("b");
      last.textContent = `${fill(texts.lastKnown, { words: known })} `;
      verdict.querySelector("p")?.prepend(last);
    }
    document.documentElement.dataset.stale = "true";
    if (!copy.textContent.includes(texts.copyOld)) copy.firstElementChild.after(` ${texts.copyOld} `);
  }

  /* The reader's locale and time zone, over what the server wrote in UTC; the title keeps UTC. A page that is not in the
     reader's language keeps its own: its dates stand inside its sentences. */
  const theirs = navigator.languages && navigator.languages.length ? [...navigator.languages] : [];
  const locale = [...theirs.filter((each) => each.split("-")[0] === language), ...(language === "en" ? theirs : [language])];
  const forms = {
    instant: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" },
    day: { day: "numeric", month: "short", year: "numeric" },
    hour: { hour: "2-digit", minute: "2-digit" },
    month: { month: "long", year: "numeric" },
  };
  const written = {};
  function localise(root) {
    for (const element of root.querySelectorAll("time[data-local]")) {
      const form = forms[element.dataset.local], at = new Date(element.dateTime);
      if (!form || Number.isNaN(at.getTime())) continue;
      written[element.dataset.local] ??= new Intl.DateTimeFormat(locale, form);
      say(element, written[element.dataset.local].format(at));
    }
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    for (const element of root.querySelectorAll("[data-zone]")) if (zone) say(element, fill(texts.zone, { zone }));
  }

  /* Days: a pointer, a finger or the arrow keys read them one by one. */
  function expand(bars) {
    const words = [];
    for (const [count, text] of JSON.parse(bars.dataset.days)) for (let i = 0; i < count; i++) words.push(text);
    return words;
  }
  function dayName(bars, index) {
    const at = new Date(`${bars.dataset.first}T00:00:00Z`);
    at.setUTCDate(at.getUTCDate() + index);
    return new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" }).format(at);
  }
  function prepare(bars) {
    if (bars.getAttribute("role") === "slider") return;
    const words = expand(bars);
    bars.setAttribute("role", "slider");
    bars.tabIndex = 0;
    bars.setAttribute("aria-valuemin", "1");
    bars.setAttribute("aria-valuemax", String(words.length));
    bars.setAttribute("aria-label", fill(texts.dayByDay, { name: bars.dataset.name }));
    point(bars, words.length - 1, false);
  }
  function point(bars, index, shown) {
    const words = expand(bars), at = Math.max(0, Math.min(words.length - 1, index)), day = dayName(bars, at);
    bars.dataset.at = at;
    bars.setAttribute("aria-valuenow", String(at + 1));
    bars.setAttribute("aria-valuetext", `${day}: ${words[at]}`);
    if (!shown) return;
    let mark = bars.querySelector(".day-mark"), label = bars.querySelector(".day-words");
    if (!mark) {
      mark = document.createElement("div");
      mark.className = "day-mark";
      label = document.createElement("div");
      label.className = "day-words";
      label.append(document.createElement("b"), document.createElement("span"));
      for (const each of [mark, label]) {
        each.setAttribute("aria-hidden", "true");
        bars.append(each);
      }
    }
    const share = 100 / words.length;
    mark.style.left = `${at * share}%`;
    mark.style.width = `${share}%`;
    say(label.firstChild, day);
    say(label.lastChild, words[at]);
    const right = at > words.length / 2;
    label.style.left = right ? "auto" : `${at * share}%`;
    label.style.right = right ? `${100 - (at + 1) * share}%` : "auto";
  }
  function unpoint(bars) {
    for (const each of bars.querySelectorAll(".day-mark, .day-words")) each.remove();
  }
  function under(bars, clientX) {
    const box = bars.getBoundingClientRect();
    return Math.floor(((clientX - box.left) / box.width) * Number(bars.getAttribute("aria-valuemax")));
  }
  for (const name of ["pointermove", "pointerdown"]) {
    document.addEventListener(name, (event) => {
      const bars = near(event, ".uptime-bars[role=slider]");
      if (bars) point(bars, under(bars, event.clientX), true);
      for (const other of document.querySelectorAll(".uptime-bars:has(.day-mark)")) if (other !== bars && other !== document.activeElement) unpoint(other);
      const plot = near(event, ".trend-plot");
      if (plot) readout(plot, event.clientX);
      for (const cursor of document.querySelectorAll(".trend-plot .cursor")) if (cursor.parentElement !== plot) cursor.remove();
    }, { passive: true });
  }
  document.addEventListener("focusin", (event) => {
    const bars = near(event, ".uptime-bars[role=slider]");
    if (bars && bars.matches(":focus-visible")) point(bars, Number(bars.dataset.at), true);
  });
  document.addEventListener("focusout", (event) => {
    const bars = near(event, ".uptime-bars[role=slider]");
    if (bars) unpoint(bars);
  });
  document.addEventListener("keydown", (event) => {
    const bars = near(event, ".uptime-bars[role=slider]");
    if (!bars) return;
    const at = Number(bars.dataset.at), last = Number(bars.getAttribute("aria-valuemax")) - 1;
    if (event.key === "Escape") unpoint(bars);
    const to = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, PageDown: at - 7, PageUp: at + 7, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    point(bars, to, true);
  });

  /* The readout under the pointer reads the chart's own table. */
  function readout(plot, clientX) {
    const rows = [...plot.parentElement.querySelectorAll("tr[data-x]")];
    if (!rows.length) return;
    const box = plot.getBoundingClientRect();
    const x = (clientX - box.left) / box.width;
    const row = rows.reduce((best, each) => (Math.abs(each.dataset.x - x) < Math.abs(best.dataset.x - x) ? each : best));
    let cursor = plot.querySelector(".cursor");
    if (!cursor) {
      cursor = document.createElement("div");
      cursor.className = "cursor";
      cursor.setAttribute("aria-hidden", "true");
      cursor.append(document.createElement("i"), document.createElement("span"));
      plot.append(cursor);
    }
    const [dot, words] = cursor.children;
    cursor.style.left = `${row.dataset.x * 100}%`;
    cursor.classList.toggle("flip", row.dataset.x > 0.6);
    dot.style.top = `${row.dataset.y * 100}%`;
    dot.hidden = row.dataset.y === undefined;
    say(words, [...row.children].map((cell) => cell.textContent).reverse().join(" · "));
  }

  /* The scheme: as the system, light, dark. */
  function nameTheme() {
    for (const label of document.querySelectorAll("[data-theme-label]")) {
      label.textContent = fill(texts.theme, { scheme: texts[window.greenlightTheme.get()] });
    }
  }
  document.addEventListener("click", (event) => {
    if (!near(event, "[data-theme-toggle]") || !window.greenlightTheme) return;
    const order = ["system", "light", "dark"];
    window.greenlightTheme.set(order[(order.indexOf(window.greenlightTheme.get()) + 1) % 3]);
    nameTheme();
  });

  /* Forms: one press, one request. */
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || !button.dataset.busy) return;
    if (button.getAttribute("aria-disabled") === "true") return event.preventDefault();
    button.setAttribute("aria-disabled", "true");
    const label = button.querySelector("span:last-child");
    if (label) label.textContent = button.dataset.busy;
  });

  /* Changes as they come. The page is asked for anew and laid over the one that stands, node by node, so that focus,
     scroll and opened details stay where they are. */
  const LIVE = "/status/live.json", EVERY_MS = 1300, HIDDEN_MS = 30000, REFRESH_MS = 20000, LOST_MS = 15000;
  let tag = null, refreshedAt = performance.now(), heardAt = performance.now(), failures = 0, timer = 0, asking = false;

  const KEPT = new Set(["open", "style"]);
  function sameNode(a, b) {
    return a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id || "") === (b.id || "");
  }
  function overlay(old, fresh) {
    if (old.nodeType === Node.TEXT_NODE) {
      if (old.data !== fresh.data) old.data = fresh.data;
      return;
    }
    if (old.nodeType !== Node.ELEMENT_NODE) return;
    if (old.isEqualNode(fresh)) return;
    const bars = old.dataset && old.dataset.days !== undefined;
    for (const { name, value } of [...fresh.attributes]) {
      if (bars && ["role", "aria-label"].includes(name)) continue;
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && !KEPT.has(name) && !bars) old.removeAttribute(name);
    }
    if (old.matches("input, textarea, select") && document.activeElement === old) return;
    overlayChildren(old, fresh);
  }
  function overlayChildren(old, fresh) {
    let at = old.firstChild;
    for (const want of [...fresh.childNodes]) {
      while (at && at.nodeType === Node.ELEMENT_NODE && at.matches(".day-mark, .day-words, .cursor")) at = at.nextSibling;
      let match = at;
      while (match && !sameNode(match, want)) match = match.nextSibling;
      if (match) {
        while (at !== match) { const gone = at; at = at.nextSibling; gone.remove(); }
        overlay(match, want);
        at = match.nextSibling;
      } else old.insertBefore(document.importNode(want, true), at);
    }
    while (at) {
      const gone = at;
      at = at.nextSibling;
      if (!(gone.nodeType === Node.ELEMENT_NODE && gone.matches(".day-mark, .day-words, .cursor"))) gone.remove();
    }
  }
  async function refresh() {
    const answer = await fetch(location.href, { cache: "no-cache", headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const main = document.getElementById("main"), next = fresh.getElementById("main");
    if (!main || !next) return;
    const sprite = document.querySelector("svg.sprite"), icons = fresh.querySelectorAll("svg.sprite symbol");
    for (const icon of icons) if (!document.getElementById(icon.id)) sprite.append(document.importNode(icon, true));
    const before = headline();
    localise(next);
    overlay(main, next);
    arrive(main);
    tick();
    const after = headline();
    if (after !== before) {
      announce(after);
      if (fresh.title) document.title = fresh.title;
    }
    refreshedAt = performance.now();
  }
  const headline = () => document.querySelector("#main h1")?.textContent || "";
  function announce(words) {
    const place = document.getElementById("toasts");
    let quiet = document.getElementById("said");
    if (!quiet && place) {
      quiet = document.createElement("p");
      quiet.id = "said";
      quiet.className = "sr-only";
      quiet.setAttribute("role", "status");
      place.before(quiet);
    }
    if (quiet) quiet.textContent = words;
  }
  function lost(isLost) {
    let strip = document.getElementById("lost");
    if (!isLost) { strip?.remove(); return; }
    if (strip) return;
    strip = document.createElement("div");
    strip.id = "lost";
    strip.className = "banner warn lost";
    strip.setAttribute("role", "status");
    const said = document.createElement("div");
    said.className = "said";
    said.textContent = texts.lost;
    strip.append(said);
    document.querySelector(".public")?.prepend(strip);
  }
  async function ask() {
    if (asking) return;
    asking = true;
    clearTimeout(timer);
    try {
      const answer = await fetch(LIVE, { cache: "no-cache" });
      if (!answer.ok) throw new Error(String(answer.status));
      const told = (await answer.json()).tag;
      const known = document.querySelector("#main [data-tag]")?.dataset.tag ?? tag;
      if ((known !== null && told !== known) || performance.now() - refreshedAt > REFRESH_MS) await refresh();
      tag = told;
      failures = 0;
      heardAt = performance.now();
      lost(false);
    } catch {
      failures += 1;
      if (performance.now() - heardAt > LOST_MS) lost(true);
    }
    asking = false;
    const pause = document.hidden ? HIDDEN_MS : EVERY_MS * Math.min(8, 2 ** Math.max(0, failures - 1));
    timer = setTimeout(ask, pause * (0.95 + Math.random() * 0.1));
  }
  document.addEventListener("visibilitychange", () => {
    tick();
    if (!document.hidden) ask();
  });

  function arrive(root) {
    for (const bars of root.querySelectorAll(".uptime-bars[data-days]")) prepare(bars);
  }
  /* The page carries the styles that it uses; what a change may bring needs the rest, which may take its time. */
  function wholeStyle() {
    document.documentElement.dataset.settled = "true";
    const own = document.querySelector("style[data-whole]");
    if (!own) return;
    const sheet = document.createElement("link");
    sheet.rel = "stylesheet";
    sheet.href = own.dataset.whole;
    document.head.append(sheet);
  }
  function start() {
    localise(document);
    arrive(document);
    tick();
    nameTheme();
    setInterval(tick, 1000);
    (window.requestIdleCallback || ((later) => setTimeout(later, 1500)))(wholeStyle, { timeout: 3000 });
    if (document.querySelector("[data-live]")) timer = setTimeout(ask, EVERY_MS * Math.random());
    document.documentElement.dataset.ready = "true";
  }
  /* Words first: nothing here may stand between the page and its first paint. */
  requestAnimationFrame(() => setTimeout(start));
})();
