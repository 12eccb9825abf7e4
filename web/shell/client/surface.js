/* What every surface does in the browser: links without a page load, focus and announcement after one, refusals said. */
(() => {
  "use strict";
  const config = JSON.parse(document.getElementById("shell-config").textContent);
  const pages = config.pages.map((pattern) => new RegExp(pattern));
  let drawn = null;

  /* Links to pages of this surface are drawn in place; everything else is the browser's own business. */
  const isPage = (url) =>
    url.origin === location.origin &&
    url.pathname.startsWith(config.prefix) &&
    pages.some((page) => page.test(url.pathname.slice(config.prefix.length).replace(/\/+$/, "")));
  document.addEventListener("click", (event) => {
    if (drawn === null || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || !(event.target instanceof Element)) return;
    const link = event.target.closest("a[href]");
    if (!link || link.hasAttribute("download") || (link.target && link.target !== "_self")) return;
    const url = new URL(link.href);
    if (!isPage(url)) return;
    const samePage = url.pathname === location.pathname && url.search === location.search;
    if (samePage && url.hash) return;
    event.preventDefault();
    if (!samePage) history.pushState({}, "", url);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
  });

  const settled = (then) => requestAnimationFrame(() => requestAnimationFrame(then));
  const shell = {
    /* Called with the facts of each page once it is in the store; returns what screen readers hear. */
    drew(facts) {
      if (!facts) return "";
      const first = drawn === null;
      const moved = !first && drawn !== facts.path;
      drawn = facts.path;
      document.title = facts.title;
      settled(() => {
        const written = document.getElementById("shell-document");
        if (written) {
          const place = [scrollX, scrollY];
          written.remove();
          document.getElementById("react-entry-point").hidden = false;
          scrollTo(...place);
          document.dispatchEvent(new CustomEvent("shell:taken-over"));
        }
        if (!moved) return;
        const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
        if (target) target.scrollIntoView();
        else scrollTo(0, 0);
        const heading = document.querySelector("#react-entry-point h1") || document.getElementById("main");
        if (heading) {
          if (!heading.hasAttribute("tabindex")) heading.setAttribute("tabindex", "-1");
          heading.focus({ preventScroll: true });
        }
      });
      return moved ? facts.title : "";
    },
  };
  window.dash_clientside = Object.assign({}, window.dash_clientside, { shell });

  /* A callback that is refused before it ran says so, with its reference. */
  const element = (type, props) => ({ namespace: "dash_html_components", type, props });
  const say = (title, text, reference, link) => {
    /* The spaces part what is read out and what is copied; to the eye each stands on a line of its own. */
    const said = [element("B", { children: title }), " ", element("Span", { children: text })];
    if (reference) said.push(" ", element("Small", { children: ["Reference: ", element("Code", { children: reference })] }));
    if (link) said.push(" ", element("A", { children: link.label, href: link.href }));
    const body = element("Div", { className: "said", children: said });
    const close = element("Button", {
      type: "button", className: "btn quiet only", title: "Close", "aria-label": `Close: ${title}`,
      "data-toast-close": "true", children: "×",
    });
    const toast = element("Div", { className: "toast warn", "data-toast": "stays", children: [body, close] });
    try {
      window.dash_clientside.set_props(config.toasts, { children: [toast] });
    } catch (error) {
      console.error(title, text, reference, error);
    }
  };
  const signIn = () => {
    const next = encodeURIComponent(location.pathname + location.search);
    return { label: "Sign in again", href: `${config.signIn}?next=${next}` };
  };
  const refused = async (response) => {
    const body = await response.text();
    /* The renderer reads a refusal's body more than once. */
    response.text = async () => body;
    response.json = async () => JSON.parse(body);
    let problem = { title: "That did not work", detail: `The server answered ${response.status}.` };
    try {
      problem = JSON.parse(body);
    } catch {
      /* Not ours: a proxy in between has answered. */
    }
    say(problem.title, problem.detail, problem.correlation_id, response.status === 401 ? signIn() : null);
  };
  const ask = window.fetch.bind(window);
  window.fetch = async (resource, options) => {
    const address = typeof resource === "string" ? resource : resource.url;
    if (!address.includes("_dash-")) return ask(resource, options);
    try {
      const response = await ask(resource, options);
      if (!response.ok) await refused(response);
      return response;
    } catch (error) {
      if (!document.hidden && drawn !== null) {
        say("No connection", "What you see may be old. It goes on by itself when the connection is back.");
      }
      throw error;
    }
  };
})();
