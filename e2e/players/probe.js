// Watches a <video> from outside, by frames and by the playhead only: what a player or page says of itself is not used.
// The click is the wish to play; the first frame that is shown once the playhead has moved ends the start.
(() => {
  "use strict";
  if (window.probe) return;
  const probe = (window.probe = { clickedAt: null, joinMs: null, stallMs: 0, stalls: 0, stuckSince: null });
  const FROZEN_MS = 120; // three frames of the test videos
  addEventListener("click", () => { probe.clickedAt ??= performance.now(); }, true);

  let lastTime = 0;
  let lastMovedAt = null;
  let frameAt = null;
  function look(now) {
    const video = document.querySelector("video");
    if (video && probe.clickedAt !== null) {
      if (!video.probed && video.requestVideoFrameCallback) {
        video.probed = true;
        video.requestVideoFrameCallback((at) => { frameAt = at; });
      }
      const moved = video.currentTime > lastTime && video.readyState > 2;
      if (moved && probe.joinMs === null && frameAt !== null) probe.joinMs = Math.max(frameAt, now) - probe.clickedAt;
      if (video.paused || video.seeking || video.ended || probe.joinMs === null) {
        lastMovedAt = now;
      } else if (moved) {
        if (lastMovedAt !== null && now - lastMovedAt > FROZEN_MS) {
          probe.stallMs += now - lastMovedAt;
          probe.stalls += 1;
        }
        lastMovedAt = now;
      }
      probe.stuckMs = lastMovedAt === null ? 0 : now - lastMovedAt;
      lastTime = video.currentTime;
    }
    requestAnimationFrame(look);
  }
  requestAnimationFrame(look);
})();
