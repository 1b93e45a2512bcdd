// What makes a wizard's pages quicker to use, loaded or swapped in.
(() => {
  "use strict";
  if (document.flaskWizard) return;
  document.flaskWizard = true;
  const PACE = 1500; // milliseconds from the first unsaved key to an autosave
  const BUSY = 10000; // milliseconds in which a second click does nothing
  const PAUSE = 1000; // the same, where another script has stopped the first
  const all = (root, selector) => root.querySelectorAll(selector);
  const states = new WeakMap(); // by form
  const stateOf = (form) =>
    states.get(form) || (states.set(form, { tries: 0 }), states.get(form));

  // Autosave

  const url = (form) => form.getAttribute("action"); // form.action may be a field
  const status = (form) => form.querySelector("[data-saved]");

  const valuesOf = (form) => {
    const values = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      const inputs = all(form, `[name="${CSS.escape(name)}"]`);
      const secret = [...inputs].some((i) => i.type === "password" || i.dataset.secret);
      // Lines end as in a form that is submitted.
      if (!secret && typeof value === "string")
        values.append(name, value.replace(/\r?\n/g, "\r\n"));
    }
    values.set("_action", "autosave");
    return values;
  };

  const tell = (form, what) => {
    const at = status(form);
    if (at) at.textContent = what ? at.dataset[what] : "";
  };

  const save = async (form, button) => {
    const state = stateOf(form);
    // A form that has left the page is saved, too.
    state.timer = clearTimeout(state.timer);
    if (state.busy || state.sending || !state.dirty) return;
    state.dirty = false;
    state.sending = true;
    let code = 0;
    try {
      const reply = await fetch(url(form), {
        method: "POST",
        body: valuesOf(form),
        redirect: "manual",
        signal: AbortSignal.timeout(20000),
      });
      code = reply.status || 1; // a redirect, to a login
    } catch { /* the network, or no answer in time */ }
    const kept = code === 204;
    state.sending = false;
    state.down = !code && !button; // who presses twice has it sent
    state.dirty ||= !kept;
    if (state.busy) return;
    state.failed = !kept;
    state.tries = kept ? 0 : state.tries + 1;
    if (!kept) tell(form, "failed");
    else if (!state.dirty) state.told = setTimeout(tell, PAUSE, form, "saved"); // read aloud
    if (state.dirty && (kept || !code || code > 428)) plan(form);
    if (kept && button) form.requestSubmit(button);
  };

  const plan = (form) => {
    const state = stateOf(form);
    state.timer ||= setTimeout(save, PACE * 2 ** Math.min(state.tries, 4), form);
  };

  const leave = () => {
    for (const form of all(document, ".wizard form")) {
      const state = states.get(form);
      if (!state || !status(form) || !state.dirty || state.busy || state.left) continue;
      // Nobody hears whether it arrives, so that the form stays dirty.
      state.left = navigator.sendBeacon(url(form), valuesOf(form));
    }
  };
  addEventListener("pagehide", leave);
  addEventListener("beforeunload", leave); // a reload asks for the page first
  document.addEventListener("visibilitychange", () => document.hidden && leave());
  addEventListener("online", () => {
    for (const form of all(document, ".wizard form")) if (status(form)) save(form);
  });
  addEventListener("beforeunload", (event) => {
    for (const form of all(document, ".wizard form")) {
      const state = states.get(form);
      if (state && state.failed && state.dirty && !state.busy) event.preventDefault();
    }
  });

  // Fields that count only while another has a value, and counted characters

  const chosen = (form, name) =>
    [...all(form, `[name="${CSS.escape(name)}"]`)].flatMap((input) =>
      input.closest("[data-only-if][hidden]") || (/^(radio|checkbox)$/.test(input.type) && !input.checked)
        ? []
        : [...(input.selectedOptions || [input])].map((option) => option.value),
    );

  const show = (form) => {
    const fields = all(form, "[data-only-if]");
    for (let round = 0, moved = true; moved && round <= fields.length; round++) {
      moved = false;
      for (const field of fields) {
        const found = chosen(form, field.dataset.onlyIf);
        const wanted = JSON.parse(field.dataset.values);
        const hidden = !wanted.some((v) => (found.length ? found : [""]).includes(v));
        moved ||= field.hidden !== hidden;
        field.hidden = hidden;
      }
    }
  };

  const count = (input) => {
    const at = document.getElementById(`${input.id}-count`);
    if (!at || !at.dataset.max) return;
    const left = at.dataset.max - [...input.value.replace(/\r?\n/g, "\r\n")].length;
    at.textContent = at.dataset[left < 0 ? "over" : "left"].replace("{}", Math.abs(left));
    at.classList.toggle("wizard-error", left < 0);
  };

  const change = ({ target }) => {
    const form = target.form;
    if (!form || !form.closest(".wizard")) return;
    show(form);
    clearTimeout(target.timer);
    target.timer = setTimeout(count, 500, target); // read aloud when typing pauses
    if (!status(form) || target.type === "password" || target.type === "file") return;
    const state = stateOf(form);
    state.dirty = true;
    state.left = false;
    clearTimeout(state.told);
    tell(form, "");
    plan(form);
  };
  document.addEventListener("input", change);
  document.addEventListener("change", change);

  // One click, one submission

  const settle = (form) => {
    const state = stateOf(form);
    clearTimeout(state.wait);
    state.busy = false;
    for (const button of all(form, "[aria-busy]")) button.removeAttribute("aria-busy");
  };

  addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      if (!form.closest(".wizard")) return;
      const state = stateOf(form);
      if (state.busy || state.down) {
        event.preventDefault();
        event.stopImmediatePropagation();
        // The browser's page of an error would replace the text.
        save(form, event.submitter);
        return;
      }
      state.busy = true;
      state.timer = clearTimeout(state.timer);
      for (const input of all(form, "[data-secret]")) input.type = "password";
      // A disabled button would not be sent, and would stay so after Back.
      if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
      state.wait = setTimeout(settle, BUSY, form);
      setTimeout(() => {
        // Another script sends it itself, or has asked "Are you sure?" and heard no.
        if (!event.defaultPrevented) return;
        clearTimeout(state.wait);
        state.wait = setTimeout(settle, PAUSE, form);
      });
    },
    true,
  );
  addEventListener("pageshow", () => all(document, ".wizard form").forEach(settle));

  // What is made ready as it comes

  const reveal = (input) => {
    const button = document.createElement("button");
    const label = () => {
      button.textContent = input.dataset[input.type === "password" ? "show" : "hide"];
    };
    button.type = "button";
    button.className = input.dataset.button || "wizard-button wizard-button-small";
    button.setAttribute("aria-controls", input.id);
    // A copy of the page, as Turbo keeps it for Back, has a dead button already.
    if (input.dataset.secret) input.nextElementSibling?.remove();
    input.dataset.secret = "1";
    button.onclick = () => {
      input.type = input.type === "password" ? "text" : "password";
      label();
    };
    label();
    input.after(button);
  };

  const begin = (root, arrived) => {
    root.begun = root.firstElementChild;
    root.setAttribute("hx-history", false); // htmx 2 would store the answers for Back
    all(root, "form").forEach(settle);
    all(root, "form").forEach(show);
    all(root, "textarea, input").forEach(count);
    all(root, "[data-show]").forEach(reveal);
    for (const time of all(root, "time[datetime]")) {
      const when = new Date(time.dateTime);
      const form = { dateStyle: "long", timeStyle: "short" };
      time.textContent = when.toLocaleString(time.dataset.lang || [], form);
    }
    const focus = arrived && root.querySelector("[autofocus], h1");
    if (focus) {
      if (focus.tabIndex < 0) focus.tabIndex = -1; // not one that Tab reaches
      focus.focus();
    }
  };

  const look = (arrived) => {
    for (const root of all(document, ".wizard"))
      if (root.begun !== root.firstElementChild) begin(root, arrived);
  };
  look(false);
  new MutationObserver(() => look(true)).observe(document, { childList: true, subtree: true });
})();
