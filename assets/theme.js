(function () {
  var root = document.documentElement, kept = null, key = "greenlight-theme";
  var dark = matchMedia("(prefers-color-scheme: dark)");
  try { kept = localStorage.getItem(key); } catch (e) { /* storage may be refused; the system's scheme holds */ }
  function follow() {
    var now = root.dataset.theme || (dark.matches ? "dark" : "light");
    root.dataset.bsTheme = root.dataset.agThemeMode = now;
  }
  if (kept === "light" || kept === "dark") root.dataset.theme = kept;
  follow();
  dark.addEventListener("change", follow);
  window.greenlightTheme = {
    get: function () { return root.dataset.theme || "system"; },
    set: function (name) {
      if (name === "light" || name === "dark") root.dataset.theme = name; else delete root.dataset.theme;
      try { if (name === "system") localStorage.removeItem(key); else localStorage.setItem(key, name); } catch (e) { /* as above */ }
      follow();
    }
  };
})();
