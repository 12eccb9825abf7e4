/* The state inside a frame of another site: it tells the site how high it is, and takes the scheme that its address names. */
(() => {
  "use strict";
  const root = document.documentElement, shown = document.querySelector(".public");
  function scheme() {
    const named = new URLSearchParams(location.hash.slice(1)).get("theme");
    if (named === "light" || named === "dark") root.dataset.theme = named;
  }
  scheme();
  window.addEventListener("hashchange", scheme);
  if (window.parent === window) return;
  /* The height is no secret, and who has framed us is not known: hence to anybody. */
  new ResizeObserver(() => {
    window.parent.postMessage({ greenlightStatusHeight: Math.ceil(shown.getBoundingClientRect().height) }, "*");
  }).observe(shown);
})();
