/* The state of everything on a page of your own:
   <script src="https://status.example.com/status/widget.js" async></script>
   It puts a frame where it stands, and knows nothing of the page around it. data-theme="light" or "dark" chooses a scheme. */
(() => {
  "use strict";
  const script = document.currentScript;
  if (!script || !script.src) return;
  const page = new URL("widget/", script.src), theme = script.dataset.theme;
  if (theme === "light" || theme === "dark") page.hash = `theme=${theme}`;
  const frame = document.createElement("iframe");
  frame.src = page.href;
  frame.title = "Status";
  frame.className = "greenlight-status";
  frame.referrerPolicy = "no-referrer";
  Object.assign(frame.style, { width: "100%", maxWidth: "480px", height: "92px", border: "0", display: "block", borderRadius: "12px", colorScheme: "normal" });
  script.after(frame);
  window.addEventListener("message", (event) => {
    if (event.source !== frame.contentWindow || event.origin !== page.origin) return;
    const high = Number(event.data && event.data.greenlightStatusHeight);
    if (high > 0 && high < 2000) frame.style.height = `${high}px`;
  });
})();
