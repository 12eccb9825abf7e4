// The watch page's player: hls.js with CMCD v2 event reports, or the browser's own HLS player where there is no MSE.
// A play begins when the viewer asks for it. Until then the player is only set up: nothing of the video is loaded and
// nothing is reported, and at the click no set-up stands between the wish and the first report.
(() => {
  "use strict";

  const HOLD_MS = 250; // reports that come together travel together
  const INTERVAL_SECONDS = 10;
  const SLOW_MS = 400; // shorter waits show no spinner
  const ASK_MS = [700, 1000, 1500, 3000]; // from the start on, the collector's account is asked for; then every ASK_STEADY_MS
  const ASK_STEADY_MS = 5000;
  // No `rr`: a record per segment would outnumber everything else, and nothing reads them yet.
  const EVENTS = ["ps", "e", "t", "bc", "pr"];
  const KEYS = ["bl", "br", "cid", "e", "ec", "mtp", "pr", "sf", "sid", "sn", "st", "sta", "ts", "v"];

  const number = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
  const milliseconds = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${number.format(ms / 1000)} s`);

  /** Sends reports in batches, and at once when the page goes away; remembers the last sequence number. */
  class Reports {
    constructor(url, sessionId, contentId) {
      this.url = url;
      this.sessionId = sessionId;
      this.contentId = contentId;
      this.held = [];
      this.timer = 0;
      this.lastNumber = -1;
      this.closed = false;
    }

    /** What hls.js hands its reports to; the status decides whether it repeats them. */
    load = (request) =>
      new Promise((resolve, reject) => {
        for (const found of request.body.matchAll(/(?:^|,)sn=(\d+)/gm)) {
          this.lastNumber = Math.max(this.lastNumber, Number(found[1]));
        }
        this.held.push({ body: request.body.trimEnd(), resolve, reject });
        this.timer ||= setTimeout(() => this.flush(), HOLD_MS);
      });

    /** Report a player state ourselves: hls.js knows no `q`, and the browser's own player reports nothing. */
    state(state, more = {}) {
      const record = {
        cid: JSON.stringify(this.contentId), e: "ps", sf: "h", sid: JSON.stringify(this.sessionId),
        sn: this.lastNumber + 1, sta: state, ts: Date.now(), v: 2, ...more,
      };
      const body = Object.keys(record).sort().map((key) => `${key}=${record[key]}`).join(",");
      this.load({ body }).catch(() => {}); // without a network there is nobody to tell
    }

    flush() {
      clearTimeout(this.timer);
      this.timer = 0;
      const batch = this.held.splice(0);
      if (!batch.length) return;
      fetch(this.url, {
        method: "POST",
        headers: { "Content-Type": "application/cmcd" },
        body: batch.map((each) => each.body).join("\n"),
        keepalive: true,
        credentials: "omit",
      }).then(
        (answer) => batch.forEach((each) => each.resolve({ status: answer.status })),
        (failure) => batch.forEach((each) => each.reject(failure)),
      );
    }
  }

  /** Measures in the page what the collector measures from reports, by other means: frames and media events. */
  class Measure {
    constructor(video, tell) {
      this.video = video;
      this.tell = tell;
      this.askedAt = performance.now();
      this.joinMs = null;
      this.stalls = 0;
      this.stallMs = 0;
      this.stalledSince = null;
      this.frameAt = null;
      this.listening = new AbortController();
      const on = (name, handle) => video.addEventListener(name, handle, { signal: this.listening.signal });
      on("playing", () => this.playing());
      on("waiting", () => this.waiting());
      on("seeking", () => this.endStall());
      on("pause", () => this.endStall());
      if (video.requestVideoFrameCallback) {
        video.requestVideoFrameCallback((at) => {
          this.frameAt = at;
          this.join();
        });
      }
    }

    playing() {
      this.playingAt ??= performance.now();
      this.endStall();
      this.join();
    }

    /** Joined: a frame of the video is shown, and the playhead moves. */
    join() {
      const framesKnown = Boolean(this.video.requestVideoFrameCallback);
      if (this.joinMs !== null || !this.playingAt || (framesKnown && !this.frameAt)) return;
      this.joinMs = Math.max(this.playingAt, this.frameAt ?? 0) - this.askedAt;
      this.tell();
    }

    waiting() {
      if (this.joinMs === null || this.video.seeking || this.stalledSince !== null) return;
      this.stalledSince = performance.now();
      this.stalls += 1;
      this.tell();
    }

    endStall() {
      if (this.stalledSince === null) return;
      this.stallMs += performance.now() - this.stalledSince;
      this.stalledSince = null;
      this.tell();
    }

    stop() {
      this.endStall();
      this.listening.abort();
    }
  }

  /** One play: set up beforehand, begun by the viewer's wish, over when the page goes away or another play begins. */
  class Play {
    constructor(player) {
      const { data } = player;
      this.player = player;
      this.sessionId = crypto.randomUUID?.() ?? `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
      const byHls = Boolean(window.Hls?.isSupported());
      const door = `${data.beacons}?player=${byHls ? "hls.js" : "native"}`;
      this.reports = new Reports(door, this.sessionId, data.content);
      this.listening = new AbortController();
      this.asked = 0;
      this.recorded = null;
      this.recovered = false;
      if (byHls) this.prepareHls();
      else this.prepareBrowser(player.video);
    }

    /** The play instruction. */
    begin() {
      const { video, data } = this.player;
      this.measure = new Measure(video, () => this.measured());
      if (this.hls) {
        video.autoplay = true; // tells hls.js that this is a start, not a preload, so that it reports `s` at once
        this.hls.attachMedia(video);
        this.hls.loadSource(data.source);
      } else {
        this.reports.state("s");
        video.src = data.source;
      }
      video.play().catch((failure) => {
        if (failure.name !== "NotAllowedError") return;
        this.player.fail("The browser did not allow the video to start. Press play again.");
      });
    }

    measured() {
      this.player.draw();
      this.resume();
    }

    prepareHls() {
      this.hls = new window.Hls({
        enableWorker: false, // fragmented MP4 needs no transmuxing, and the policy allows no blob workers
        capLevelToPlayerSize: true,
        cmcd: {
          version: 2,
          sessionId: this.sessionId,
          contentId: this.player.data.content,
          includeKeys: [], // nothing in the segments' addresses, which would spoil every cache on the way
          eventTargets: [
            { url: this.reports.url, events: EVENTS, includeKeys: KEYS, interval: INTERVAL_SECONDS, batchSize: 1 },
          ],
          loader: this.reports.load,
        },
      });
      this.hls.on(window.Hls.Events.ERROR, (_, problem) => this.troubled(problem));
    }

    prepareBrowser(video) {
      let started = false;
      const report = (name, state, when = () => true) =>
        video.addEventListener(name, () => when() && this.reports.state(state()), { signal: this.listening.signal });
      report("playing", () => { started = true; return "p"; });
      report("waiting", () => "r", () => started && !video.seeking);
      report("seeking", () => "k", () => started);
      report("pause", () => "a", () => !video.ended);
      report("ended", () => "e");
      video.addEventListener("error", () => {
        this.reports.state("f");
        this.fail("The video could not be played.", this.sessionId);
      }, { signal: this.listening.signal });
    }

    troubled(problem) {
      if (!problem.fatal) return;
      if (problem.type === window.Hls.ErrorTypes.MEDIA_ERROR && !this.recovered) {
        this.recovered = true;
        this.hls.recoverMediaError();
        return;
      }
      const status = problem.response?.code;
      const words = status === 404 || status === 410
        ? "The files of this video are missing. We keep a record of it; try another title meanwhile."
        : problem.type === window.Hls.ErrorTypes.NETWORK_ERROR
          ? "The connection to the video was lost. Check your network, then try again."
          : "The video could not be played on this device.";
      const reference = problem.networkDetails?.getResponseHeader?.("X-Correlation-Id");
      this.fail(words, reference || this.sessionId);
    }

    /** The play is over by a failure, which is its last report. */
    fail(words, reference) {
      this.failed = true;
      this.end();
      this.player.fail(words, reference);
      this.schedule();
    }

    schedule() {
      const wait = ASK_MS[this.asked] ?? ASK_STEADY_MS;
      this.timer = setTimeout(() => this.ask(), wait);
    }

    /** Read back what the collector has recorded of this play. */
    async ask() {
      this.asked += 1;
      try {
        const answer = await fetch(`${this.player.data.beacons}/sessions/${encodeURIComponent(this.sessionId)}`, {
          headers: { Accept: "application/json" }, credentials: "omit", cache: "no-store",
        });
        if (answer.ok) {
          const clock = Date.parse(answer.headers.get("Date") ?? "") || Date.now();
          this.recorded = { ...(await answer.json()), readAt: performance.now(), clock };
        }
        this.unread = answer.ok || answer.status === 404 ? null : `The collector answers ${answer.status}.`;
      } catch {
        this.unread = "The collector cannot be reached.";
      }
      if (this.over && !this.failed) return;
      this.player.draw();
      if (!document.hidden && !this.settled()) this.schedule();
      else this.timer = 0;
    }

    /** Whether the collector's account will not change by itself: nothing plays, and it has what we have. */
    settled() {
      const { video } = this.player;
      if (this.failed) return this.recorded?.state === "failed" || this.asked > 2 * ASK_MS.length;
      return (video.paused || video.ended) && this.asked > ASK_MS.length && this.recorded !== null;
    }

    resume() {
      if (!this.timer && !this.over && this.measure?.joinMs !== null) this.schedule();
    }

    close() {
      this.end();
      clearTimeout(this.timer);
      this.failed = false;
    }

    /** End the play; what is not sent yet is sent now, with the viewer's leaving. */
    end() {
      if (this.over) return;
      this.over = true;
      clearTimeout(this.timer);
      this.listening.abort();
      const finished = !this.measure || this.failed || this.player.video.ended;
      this.hls?.destroy();
      if (!finished) this.reports.state("q");
      this.measure?.stop();
      this.reports.flush();
    }
  }

  /** The player on the page: its button, its words, and the panel about the play. */
  class Player {
    constructor(root) {
      this.root = root;
      this.data = root.dataset;
      this.video = root.querySelector("video");
      this.start = root.querySelector("[data-player-start]");
      this.fault = root.querySelector("[data-player-fault]");
      this.panel = document.querySelector("[data-play-panel]");
      this.start.addEventListener("click", () => this.begin());
      this.fault.querySelector("button").addEventListener("click", () => this.begin());
      for (const name of ["waiting", "playing", "seeking", "pause", "play", "ended", "loadeddata"]) {
        this.video.addEventListener(name, () => this.waited());
      }
      this.video.addEventListener("playing", () => this.play?.resume());
      document.addEventListener("visibilitychange", () => !document.hidden && this.play?.resume());
      window.addEventListener("pagehide", () => this.leave());
      window.addEventListener("pageshow", (event) => event.persisted && this.rest());
      setInterval(() => this.play && !document.hidden && this.drawAge(), 1000);
      this.rest();
    }

    /** Wait for the viewer: poster and button, and a play that is ready to begin. */
    rest() {
      this.prepared = new Play(this);
      this.play = null;
      this.show("ready");
      this.video.controls = false;
      this.fault.hidden = true;
      this.start.hidden = false;
    }

    begin() {
      if (this.play) {
        this.play.close();
        this.rest();
      }
      this.play = this.prepared;
      this.play.begin();
      this.fault.hidden = true;
      this.start.hidden = true;
      this.video.controls = true;
      this.show("starting");
      this.video.focus({ preventScroll: true });
      this.draw();
    }

    leave() {
      (this.play ?? this.prepared).close();
      this.play = null;
    }

    /** Show the spinner once a wait is long enough to be noticed. */
    waited() {
      clearTimeout(this.slow);
      const waits = () => this.play && !this.video.paused && !this.video.ended && this.video.readyState < 3;
      if (!waits()) this.show(this.video.ended ? "ended" : this.video.paused ? "paused" : "playing");
      else this.slow = setTimeout(() => waits() && this.show("waiting"), SLOW_MS);
    }

    show(state) {
      if (this.root.dataset.state !== "failed" || state === "starting" || state === "ready") this.root.dataset.state = state;
    }

    fail(words, reference) {
      this.video.pause();
      this.video.controls = false;
      this.fault.querySelector("[data-fault-words]").textContent = words;
      const place = this.fault.querySelector("[data-fault-reference]");
      place.hidden = !reference;
      place.querySelector("code").textContent = reference ?? "";
      this.fault.hidden = false;
      this.root.dataset.state = "failed";
      this.draw();
    }

    set(name, words) {
      const place = this.panel?.querySelector(`[data-play="${name}"]`);
      if (place && place.textContent !== words) place.textContent = words;
    }

    draw() {
      const { play, panel } = this;
      if (!play || !panel) return;
      const { measure, recorded } = play;
      panel.dataset.state = recorded ? "recorded" : "measuring";
      const unknown = play.failed ? "no start" : "…";
      this.set("measured", measure.joinMs === null ? unknown : milliseconds(measure.joinMs));
      this.set("session", play.sessionId);
      this.set("stalls", measure.stalls ? `${measure.stalls}, ${milliseconds(measure.stallMs)}` : "none");
      if (!recorded) {
        this.set("recorded", "…");
        this.set("age", play.unread ?? "not recorded yet");
      } else {
        this.set("recorded", recorded.join_time_ms === null ? unknown : milliseconds(recorded.join_time_ms));
        this.set("recorded-stalls", recorded.stalls ? `${recorded.stalls}, ${milliseconds(recorded.stall_ms)}` : "none");
        this.set("recorded-state", recorded.state);
      }
      this.drawAge();
    }

    drawAge() {
      const recorded = this.play?.recorded;
      if (!recorded) return;
      const old = recorded.clock - Date.parse(recorded.recorded_at) + performance.now() - recorded.readAt;
      this.set("age", `${this.play.unread ? `${this.play.unread} Last word ` : ""}${Math.max(0, Math.round(old / 1000))} s ago`);
    }
  }

  document.querySelectorAll("[data-player]").forEach((root) => new Player(root));
})();
