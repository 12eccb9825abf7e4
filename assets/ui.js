/* What the components need in the browser. Listeners sit on the document, so they serve what Dash draws later, too. */
(() => {
  "use strict";
  const NBSP = "\u00a0";
  const by = (id) => document.getElementById(id);
  const near = (event, selector) => (event.target instanceof Element ? event.target.closest(selector) : null);

  /* Ages: the same words as web/ui/format.py. */
  function elapsed(seconds) {
    const whole = Math.max(0, Math.trunc(seconds));
    for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
      if (whole >= size) return Math.floor(whole / size).toLocaleString("en") + NBSP + unit;
    }
    return whole + NBSP + "s";
  }
  function age(at, now) {
    const seconds = (now - at) / 1000;
    return seconds < -5 ? `${elapsed(-seconds)} ahead of our clock` : `${elapsed(seconds)} ago`;
  }
  function tick() {
    if (document.hidden) return;
    const now = Date.now();
    for (const element of document.querySelectorAll("time[data-age]")) {
      const at = Date.parse(element.dateTime);
      if (Number.isNaN(at)) continue;
      const prefix = element.dataset.age === "true" ? "" : `${element.dataset.age} `;
      const words = prefix + age(at, now);
      if (element.textContent !== words) element.textContent = words;
    }
  }

  /* Dialogs. The browser holds the focus and gives it back; Esc is its own. */
  const openers = new WeakMap();
  function openDialog(dialog, opener) {
    if (!dialog || dialog.open || typeof dialog.showModal !== "function") return;
    if (opener) openers.set(dialog, opener);
    dialog.showModal();
    if (dialog.dataset.palette) palette.start(dialog);
    else firstField(dialog)?.focus();
  }
  /* The browser would choose the cross; whoever opens a dialog with a field wants the field. */
  const firstField = (dialog) => dialog.querySelector(".body :is(input:not([type=hidden]), select, textarea):not(:disabled)");
  function closeDialog(dialog) {
    if (dialog && dialog.open) dialog.close();
  }
  document.addEventListener("click", (event) => {
    const opener = near(event, "[data-dialog-open]");
    if (opener) {
      const inside = opener.closest("dialog[open]");
      if (inside) closeDialog(inside);
      openDialog(by(opener.dataset.dialogOpen), opener);
      return;
    }
    const closer = near(event, "[data-dialog-close]");
    if (closer) closeDialog(closer.closest("dialog"));
    /* A press on the backdrop lands on the dialog itself, outside its box. */
    if (event.target instanceof HTMLDialogElement && event.target.open) {
      const box = event.target.getBoundingClientRect();
      const within = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
      if (!within && (event.clientX || event.clientY)) closeDialog(event.target);
    }
    if (near(event, "dialog.drawer a")) closeDialog(event.target.closest("dialog"));
  });
  document.addEventListener("close", (event) => {
    const opener = openers.get(event.target);
    if (opener && opener.isConnected && document.activeElement === document.body) opener.focus();
  }, true);

  /* What cannot be taken back is asked first: the press is held here, before Dash hears of it, until it was answered. */
  const sure = { asked: null, passing: null };
  document.addEventListener("click", (event) => {
    const button = near(event, "[data-ask]");
    const dialog = by("sure");
    if (!button || !dialog || button === sure.passing) return;
    event.preventDefault();
    event.stopPropagation();
    if (button.disabled || dialog.open) return;
    sure.asked = button;
    by("sure-title").textContent = button.dataset.ask;
    by("sure-text").textContent = button.dataset.askText;
    by("sure-yes").firstElementChild.textContent = button.dataset.askYes;
    openDialog(dialog, button);
  }, true);
  document.addEventListener("click", (event) => {
    if (!near(event, "[data-sure]")) return;
    closeDialog(by("sure"));
    /* A list that was drawn anew meanwhile has another button of the same id; one that is gone has nothing to do. */
    const button = sure.asked?.isConnected ? sure.asked : sure.asked && by(sure.asked.id);
    sure.asked = null;
    if (!button) return;
    sure.passing = button;
    button.click();
    sure.passing = null;
  });

  /* Enter in a field presses the one button that its form is for: Dash has no forms of its own. */
  const PRESSED_BY_ENTER = "input:not([type=checkbox], [type=radio], [type=search], [role=combobox])";
  function mainButton(field) {
    for (let box = field.parentElement; box; box = box.parentElement) {
      const all = [...box.querySelectorAll(".acts .btn:not(:disabled, [data-dialog-close], [data-dialog-open])")].filter((each) => !each.closest("table, dialog:not([open])"));
      const primary = all.filter((each) => each.classList.contains("primary"));
      if (primary.length === 1) return primary[0];
      if (all.length === 1) return all[0];
      if (all.length || box.matches("dialog, .card, main")) return null;
    }
    return null;
  }
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.defaultPrevented || event.repeat) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const field = near(event, PRESSED_BY_ENTER);
    if (!field || field.form) return;
    const button = mainButton(field);
    if (!button) return;
    event.preventDefault();
    button.click();
  });

  /* Ids that a press copies. */
  document.addEventListener("click", async (event) => {
    const button = near(event, "[data-copy]");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      /* Without the right to write there, the text is marked, ready for the reader's own keys. */
      getSelection().selectAllChildren(button.querySelector(".mono"));
      return;
    }
    const named = button.getAttribute("aria-label");
    button.dataset.copied = "true";
    button.title = "Copied";
    button.setAttribute("aria-label", `Copied ${button.dataset.copy}`);
    setTimeout(() => {
      delete button.dataset.copied;
      button.title = "Copy";
      button.setAttribute("aria-label", named);
    }, 2000);
  });

  /* Command palette. */
  const palette = {
    options: (dialog) => [...dialog.querySelectorAll('[role="option"]')],
    start(dialog) {
      const input = dialog.querySelector("input");
      input.value = "";
      palette.filter(dialog);
      input.focus();
    },
    /* Words that start with what was typed come before words that contain it, and those before scattered letters. */
    score(words, asked) {
      const text = words.toLowerCase();
      if (!asked) return 1;
      if (text.startsWith(asked)) return 4;
      if (text.includes(` ${asked}`)) return 3;
      if (text.includes(asked)) return 2;
      let from = 0;
      for (const letter of asked) {
        from = text.indexOf(letter, from) + 1;
        if (!from) return 0;
      }
      return 1;
    },
    filter(dialog) {
      const asked = dialog.querySelector("input").value.trim().toLowerCase();
      const list = dialog.querySelector('[role="listbox"]');
      const scored = palette.options(dialog).map((option, index) => {
        option.dataset.order ??= String(index);
        const lookup = option.dataset.lookup ? (asked ? 0.5 : 0) : null;
        return { option, score: lookup ?? palette.score(option.dataset.words, asked) };
      });
      scored.sort((a, b) => b.score - a.score || a.option.dataset.order - b.option.dataset.order);
      for (const { option, score } of scored) {
        option.hidden = score === 0;
        list.append(option);
      }
      dialog.querySelector(".none").hidden = scored.some(({ score }) => score > 0);
      palette.choose(dialog, palette.shown(dialog)[0]);
    },
    shown: (dialog) => palette.options(dialog).filter((option) => !option.hidden),
    choose(dialog, chosen) {
      for (const option of palette.options(dialog)) option.setAttribute("aria-selected", String(option === chosen));
      const input = dialog.querySelector("input");
      if (chosen) {
        input.setAttribute("aria-activedescendant", chosen.id);
        chosen.scrollIntoView({ block: "nearest" });
      } else input.removeAttribute("aria-activedescendant");
    },
    key(dialog, event) {
      const shown = palette.shown(dialog);
      const at = shown.findIndex((option) => option.getAttribute("aria-selected") === "true");
      const to = { ArrowDown: at + 1, ArrowUp: at - 1 + shown.length, Home: 0, End: shown.length - 1 }[event.key];
      if (to !== undefined && shown.length) {
        event.preventDefault();
        palette.choose(dialog, shown[to % shown.length]);
      } else if (event.key === "Enter" && shown[at]) {
        event.preventDefault();
        palette.go(dialog, shown[at]);
      }
    },
    go(dialog, option) {
      const asked = dialog.querySelector("input").value.trim();
      closeDialog(dialog);
      window.location.assign(option.dataset.href + (option.dataset.lookup ? encodeURIComponent(asked) : ""));
    },
  };
  document.addEventListener("keydown", (event) => {
    if ((event.metaKey || event.ctrlKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      const dialog = document.querySelector("dialog[data-palette]");
      if (dialog) {
        event.preventDefault();
        if (dialog.open) closeDialog(dialog);
        else openDialog(dialog, document.activeElement);
      }
      return;
    }
    const dialog = near(event, "dialog[data-palette]");
    if (dialog) palette.key(dialog, event);
    const tab = near(event, '[data-tabs] [role="tab"]');
    if (tab) moveTab(tab, event);
  });
  document.addEventListener("input", (event) => {
    const dialog = near(event, "dialog[data-palette]");
    if (dialog) palette.filter(dialog);
  });
  document.addEventListener("click", (event) => {
    const option = near(event, 'dialog[data-palette] [role="option"]');
    if (option) palette.go(option.closest("dialog"), option);
    const tab = near(event, '[data-tabs] [role="tab"]');
    if (tab) showTab(tab);
  });

  /* Tabs. */
  function showTab(tab) {
    for (const each of tab.parentElement.children) {
      const mine = each === tab;
      each.setAttribute("aria-selected", String(mine));
      each.tabIndex = mine ? 0 : -1;
      const panel = by(each.getAttribute("aria-controls"));
      if (panel) panel.hidden = !mine;
    }
  }
  function moveTab(tab, event) {
    const all = [...tab.parentElement.children];
    const rtl = getComputedStyle(tab).direction === "rtl" ? -1 : 1;
    const step = { ArrowRight: rtl, ArrowLeft: -rtl }[event.key];
    const to = event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : step && (all.indexOf(tab) + step + all.length) % all.length;
    if (to === undefined) return;
    event.preventDefault();
    showTab(all[to]);
    all[to].focus();
  }

  /* Toasts: good ones leave after six seconds unless they are being read. */
  const LEAVE_MS = 6000;
  function tend(toast) {
    if (toast.dataset.toast !== "leaves" || toast.dataset.tended) return;
    toast.dataset.tended = "true";
    let timer = setTimeout(() => (toast.hidden = true), LEAVE_MS);
    const hold = () => clearTimeout(timer);
    const release = () => { hold(); timer = setTimeout(() => (toast.hidden = true), LEAVE_MS); };
    for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, hold);
    for (const name of ["pointerleave", "focusout"]) toast.addEventListener(name, release);
  }
  document.addEventListener("click", (event) => {
    const close = near(event, "[data-toast-close]");
    if (close) close.closest("[data-toast]").hidden = true;
  });

  /* The scheme: as the system, light, dark. */
  function nameTheme() {
    for (const label of document.querySelectorAll("[data-theme-label]")) label.textContent = `Theme: ${window.greenlightTheme.get()}`;
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
    if (button.getAttribute("aria-disabled") === "true") { event.preventDefault(); return; }
    button.setAttribute("aria-disabled", "true");
    const label = button.querySelector("span:last-child");
    if (label) label.textContent = button.dataset.busy;
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
    words.textContent = [...row.children].map((cell) => cell.textContent).reverse().join(" · ");
  }
  document.addEventListener("pointermove", (event) => {
    const plot = near(event, ".trend-plot");
    if (plot) readout(plot, event.clientX);
    for (const cursor of document.querySelectorAll(".trend-plot .cursor")) if (cursor.parentElement !== plot) cursor.remove();
  }, { passive: true });

  /* What is there now, and what Dash puts there later. */
  function arrive(root) {
    for (const toast of root.querySelectorAll("[data-toast]")) tend(toast);
  }
  function start() {
    arrive(document);
    tick();
    setInterval(tick, 1000);
    nameTheme();
    const apple = /Mac|iPhone|iPad/.test(navigator.platform);
    if (!apple) for (const key of document.querySelectorAll("[data-shortcut]")) key.textContent = "Ctrl K";
    const summary = document.querySelector('[data-focus="true"]');
    if (summary) summary.focus();
    new MutationObserver((changes) => {
      /* A callback that refuses a field takes the reader to the first one that is wrong. */
      const wrong = changes.find((change) => change.type === "attributes" && change.target.getAttribute("aria-invalid") === "true");
      if (wrong && document.activeElement?.getAttribute("aria-invalid") !== "true") wrong.target.focus();
      for (const change of changes) for (const node of change.addedNodes) {
        if (!(node instanceof Element)) continue;
        if (node.matches("[data-toast]")) tend(node);
        arrive(node);
        for (const key of node.querySelectorAll("[data-shortcut]")) if (!apple) key.textContent = "Ctrl K";
      }
    }).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["aria-invalid"] });
  }
  document.addEventListener("visibilitychange", tick);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();

  window.greenlight = Object.assign(window.greenlight || {}, {
    firstField,
    openDialog: (id) => openDialog(by(id), document.activeElement),
    closeDialog: (id) => closeDialog(by(id)),
  });
})();
