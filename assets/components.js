/* Our own Dash components (web/ui/elements.py), on the React that Dash ships. */
(() => {
  "use strict";
  const React = window.React;
  const e = React.createElement;
  const idOf = (id) => (id && typeof id === "object" ? window.dash_component_api.stringifyId(id) : id);

  /* Properties that go to the element as they are; Dash's own and ours stay behind. */
  function passed(props, ours) {
    const kept = {};
    for (const [name, value] of Object.entries(props)) {
      if (["setProps", "children", "componentPath", "_dashprivate_layout", "loading_state", ...ours].includes(name)) continue;
      if (value !== undefined && value !== null) kept[name] = value;
    }
    if (kept.id) kept.id = idOf(kept.id);
    return kept;
  }
  const send = (props, change) => props.setProps && props.setProps(change);

  function Markup(props) {
    return e(props.tag || "span", { ...passed(props, ["html", "tag"]), dangerouslySetInnerHTML: { __html: props.html || "" } });
  }

  function Control(props) {
    const ticked = props.type === "checkbox" || props.type === "radio";
    const key = ticked ? "checked" : "value";
    const given = ticked ? Boolean(props.checked) : props.value ?? "";
    const [now, setNow] = React.useState(given);
    React.useEffect(() => setNow(given), [given]);
    const tag = props.tag || "input";
    const kept = passed(props, ["tag", "options", "debounce", "n_submit", "value", "checked"]);
    kept[key] = now;
    if (ticked) kept.value = props.value;
    const publish = (value) => send(props, { [key]: value });
    kept.onChange = (event) => {
      const value = ticked ? event.target.checked : event.target.value;
      setNow(value);
      if (!props.debounce) publish(value);
    };
    if (props.debounce) kept.onBlur = () => now !== given && publish(now);
    if (tag === "input" && !ticked) {
      kept.onKeyDown = (event) => {
        if (event.key !== "Enter") return;
        if (props.debounce && now !== given) publish(now);
        send(props, { n_submit: (props.n_submit || 0) + 1 });
      };
    }
    if (kept.type === "file") {
      // A browser gives a file's name only; its content becomes the value, as a data URL, up to `max` bytes.
      delete kept.value; delete kept.max; delete kept.onKeyDown;
      kept.onChange = (event) => {
        const file = event.target.files[0];
        if (!file) return publish("");
        if (file.size > Number(props.max || Infinity)) return publish(`too large: ${file.size}`);
        const reader = new FileReader();
        reader.onload = () => publish(reader.result);
        reader.onerror = () => publish("unreadable");
        reader.readAsDataURL(file);
      };
    }
    if (kept.type === "hidden") { delete kept.onChange; delete kept.onKeyDown; kept.readOnly = true; }
    if (tag !== "select") return e(tag, kept);
    return e("select", kept, (props.options || []).map(([value, label]) => e("option", { key: value, value }, label)));
  }

  function Choice(props) {
    const name = props.name || idOf(props.id) || "choice";
    const [now, setNow] = React.useState(props.value);
    React.useEffect(() => setNow(props.value), [props.value]);
    const pick = (value) => { setNow(value); send(props, { value }); };
    return e(
      "fieldset",
      passed(props, ["legend", "options", "value", "name", "disabled"]),
      e("legend", null, props.legend),
      (props.options || []).map((option) =>
        e("label", { key: option.value },
          e("input", {
            type: "radio", name, value: option.value, checked: String(option.value) === String(now),
            disabled: Boolean(props.disabled || option.disabled), onChange: () => pick(option.value),
          }),
          e("span", null, option.label, option.hint ? e("small", null, option.hint) : null))),
    );
  }

  function Dialog(props) {
    const box = React.useRef(null);
    React.useEffect(() => {
      const dialog = box.current;
      if (props.open && !dialog.open) {
        dialog.showModal();
        window.greenlight?.firstField?.(dialog)?.focus();
      }
      if (!props.open && dialog.open) dialog.close();
    }, [props.open]);
    React.useEffect(() => {
      const dialog = box.current;
      const closed = () => send(props, { open: false });
      dialog.addEventListener("close", closed);
      return () => dialog.removeEventListener("close", closed);
    });
    return e("dialog", { ...passed(props, ["open"]), ref: box }, props.children);
  }

  window.greenlight_ui = Object.assign(window.greenlight_ui || {}, { Markup, Control, Choice, Dialog });
})();
