// A front end of a wizard, drawn from its JSON: see docs/json.md of flask_wizard.
//
// It has no framework and no build. What the wizard says is put into the page as text, so
// that nothing anybody has typed becomes HTML. The page at hand stands behind the # of the
// address: links, Back and reloading work as on any other page.

"use strict";

const root = document.getElementById("front-end");
const start = root.dataset.start;
const site = document.title;

const SPECIAL = ["checkbox", "radio", "checkboxes", "form", "list", "content"];

// The server

let asks = 0;
let isSending = false;

/** Ask for a page, or send one, and draw what comes back. */
async function go(url, options = {}) {
  if (isSending) return; // a double click
  const [target, field] = url.split("#");
  const mine = ++asks;
  isSending = options.method === "POST";
  root.setAttribute("aria-busy", "true");
  try {
    const headers = { Accept: "application/json" };
    const answer = await fetch(target, { ...options, headers });
    if (mine !== asks) return; // another page has been asked for meanwhile
    const type = answer.headers.get("Content-Type") ?? "";
    if (type.startsWith("application/json")) {
      const page = await answer.json();
      if (answer.ok) remember(answer.url, options.method);
      draw(page, field);
    } else if (answer.ok) {
      location.assign(answer.url); // a page of the shop's own
    } else {
      warn("This page could not be shown. Go back, or begin again.");
    }
  } catch {
    warn("The shop cannot be reached. What you typed is still here: try again.");
  } finally {
    if (mine === asks) {
      isSending = false;
      root.setAttribute("aria-busy", "false");
    }
  }
}

/** Send a form as a browser would, with the value of one of its buttons. */
function send(form, page, action) {
  const sent = new FormData(form);
  sent.set("_action", action);
  const lines = ([name, value]) => [name, value.replace(/\r?\n/g, "\r\n")];
  const isMultipart = page.enctype === "multipart/form-data";
  const body = isMultipart ? sent : new URLSearchParams([...sent].map(lines));
  return go(page.urls.action, { method: "POST", body });
}

/** Keep the page's address behind the # of this one. */
function remember(url, method) {
  const { pathname, search } = new URL(url);
  const here = `#${pathname}${search}`;
  if (location.hash === here) return;
  if (method === "POST") history.pushState(null, "", here);
  else history.replaceState(null, "", here);
}

/** The page that the address asks for, if it is one of the wizard's. */
function asked() {
  const path = location.hash.slice(1);
  const url = (text) => new URL(text, location.href).href;
  return path.startsWith("/") && url(path).startsWith(url(start)) ? path : null;
}

// The page

let isFirst = true;

function draw(page, field) {
  const isWrong = page.errors.length > 0 || page.problem;
  document.title = `${isWrong ? "Error: " : ""}${page.title} – ${site}`;
  const heading = element("h1", { class: "wizard-heading", tabindex: -1 }, page.title);
  const form = page.urls.action ? drawForm(page) : null;
  root.replaceChildren(
    ...present([
      page.problem && banner("wizard-banner-wrong", drawProblem(page.problem)),
      page.errors.length > 0 && banner("wizard-banner-wrong", drawErrors(page.errors)),
      page.notice && banner("", paragraphs(page.notice.text)),
      page.notes.length > 0 && banner("", paragraphs(page.notes)),
      page.progress && element("p", { class: "wizard-progress" }, page.progress.text),
      page.caption && element("p", { class: "wizard-caption" }, page.caption),
      heading,
      paragraphs(page.text),
      page.reference && drawReference(page.reference),
      page.message && element("p", { class: "wizard-message" }, page.message),
      page.drafts && drawDrafts(page.drafts),
      page.items && drawItems(page.items),
      page.groups && page.groups.map(drawGroup),
      form,
      drawLinks(page),
    ]),
  );
  const wrong = root.querySelector(".wizard-banner-wrong");
  if (wrong) wrong.focus();
  else if (!(field && focusField(field)) && !isFirst) heading.focus();
  isFirst = false;
}

function drawReference(reference) {
  const strong = element("strong", { class: "wizard-reference" }, reference);
  return element("p", {}, "Your reference is ", strong);
}

function drawProblem(problem) {
  const title = element("h2", { class: "wizard-banner-title" }, problem.title);
  return element("div", { role: "alert" }, title, paragraphs(problem.text));
}

function drawErrors(errors) {
  const lines = errors.map((error) => {
    if (error.url) return element("li", {}, link(error.url, error.message));
    if (!error.field) return element("li", {}, error.message);
    const target = element("a", { href: `#${start}` }, error.message);
    target.addEventListener("click", (event) => {
      event.preventDefault();
      focusField(error.field);
    });
    return element("li", {}, target);
  });
  const title = element("h2", { class: "wizard-banner-title" }, "There is a problem");
  const list = element("ul", { class: "wizard-banner-list" }, lines);
  return element("div", { role: "alert" }, title, list);
}

function drawDrafts(drafts) {
  const cards = drafts.map((draft, n) => {
    const name = draft.description || draft.step_title;
    const about = `${n + 1}: ${name}`;
    const links = element(
      "p",
      { class: "wizard-draft-links" },
      draft.url && link(draft.url, "Continue", about),
      " ",
      link(draft.discard_url, "Discard", about),
    );
    const place = element("p", { class: "wizard-draft-place" }, name);
    return element("li", { class: "wizard-draft" }, place, links);
  });
  return element("ul", { class: "wizard-drafts" }, cards);
}

function drawItems(items) {
  if (items.length === 0) return element("p", {}, "Nothing has been added yet.");
  const lines = items.map((item, n) => {
    const state = element("span", { class: "wizard-item-state" }, "Not finished");
    const bdi = element("bdi", {}, item.name);
    const name = element("p", { class: "wizard-item-name" }, bdi, !item.done && [" ", state]);
    const about = `${n + 1}: ${item.name}`;
    const links = element(
      "p",
      { class: "wizard-item-links" },
      link(item.url, item.done ? "Change" : "Continue", about),
      " ",
      item.remove_url && link(item.remove_url, "Remove", about),
    );
    return element("li", { class: "wizard-item" }, name, links);
  });
  return element("ul", { class: "wizard-items" }, lines);
}

function drawGroup(group) {
  const rows = group.rows.map((row) => {
    const lines = row.lines.flatMap((line, n) => (n ? [element("br"), line] : [line]));
    const none = element("span", { class: "wizard-optional" }, "Not provided");
    const about = `${row.label}, ${group.title}`;
    const to = row.url && `${row.url.split("#")[0]}#${row.field}`;
    return element(
      "div",
      { class: "wizard-row" },
      element("dt", {}, row.label),
      element("dd", { class: "wizard-answer" }, lines.length ? lines : none),
      to && element("dd", { class: "wizard-change" }, link(to, "Change", about)),
    );
  });
  const title = element("h2", { class: "wizard-subheading" }, group.title);
  const list = element("dl", { class: "wizard-rows" }, rows);
  return element("div", { class: "wizard-answers" }, title, list);
}

function drawLinks(page) {
  const names = { continue: "Continue now", again: "Look again", new: "Start anew" };
  const links = Object.keys(names)
    .filter((name) => page.urls[name])
    .map((name) => link(page.urls[name], names[name]));
  if (page.urls.next) links.push(element("a", { href: page.urls.next }, "Continue"));
  if (page.urls.login) links.push(element("a", { href: page.urls.login }, "Sign in"));
  for (const each of links) each.className = "wizard-button";
  return links.length > 0 && element("p", { class: "wizard-actions" }, links);
}

// The form

function drawForm(page) {
  const form = element("form", { class: "wizard-form", novalidate: true });
  for (const [name, values] of Object.entries(page.hidden)) {
    for (const value of [values].flat()) {
      form.append(element("input", { type: "hidden", name, value }));
    }
  }
  const press = (action) => send(form, page, action);
  form.append(...page.fields.map((field) => drawField(field, press)));
  const buttons = page.actions.map((action) => {
    const look = `wizard-button${action.primary ? " wizard-button-primary" : ""}`;
    return element("button", { class: look, value: action.value }, action.label);
  });
  form.append(element("div", { class: "wizard-actions" }, buttons));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    press(event.submitter?.value ?? page.actions[0].value);
  });
  const conditions = everyField(page.fields).filter((field) => field.only_if?.values);
  const update = () => conditions.forEach((field) => showIf(form, field));
  form.addEventListener("input", update);
  update();
  return form;
}

function everyField(fields) {
  return fields.flatMap((field) => [field, ...everyField(field.fields ?? [])]);
}

/** Show a field only while it counts: the same rule as the server's, which decides. */
function showIf(form, field) {
  const { field: cause, values } = field.only_if;
  const isHidden = place(cause, form)?.hidden ?? false;
  const chosen = isHidden ? [] : new FormData(form).getAll(cause);
  const given = chosen.length > 0 ? chosen : [null];
  const holds = given.some((value) => values.includes(value));
  const shown = place(field.name, form);
  if (shown) shown.hidden = !holds;
}

function place(name, inside = root) {
  return [...inside.querySelectorAll("[data-field]")].find((each) => each.dataset.field === name);
}

function focusField(name) {
  const control = place(name)?.querySelector("input, select, textarea");
  control?.focus();
  return Boolean(control);
}

/** Draw a field with its label, hint and errors; `press` presses a button by its value. */
function drawField(field, press) {
  const id = `field-${field.name}`;
  const hint = field.hint && element("p", { class: "wizard-hint", id: `${id}-hint` }, field.hint);
  const error = field.errors.length > 0 && drawError(field, id);
  const files = field.files?.length > 0 && drawFiles(field, id, press);
  const describes = present([hint, error, files]).map((each) => each.id).join(" ");
  const isWrong = field.errors.length > 0;
  const told = { "aria-describedby": describes || null, "aria-invalid": isWrong && "true" };
  const look = `wizard-field${isWrong ? " wizard-field-wrong" : ""}`;
  const frame = { class: look, "data-field": field.name };
  if (field.kind === "content") {
    const text = new DOMParser().parseFromString(field.html, "text/html").body.textContent;
    return element("div", frame, label(field, id), element("p", {}, text));
  }
  if (field.kind === "checkbox") {
    const box = tick(field, field.options[0], id, told);
    const text = element("label", { for: id }, field.label);
    const choice = element("div", { class: "wizard-choice" }, box, text);
    return element("div", frame, error, choice, hint);
  }
  if (SPECIAL.includes(field.kind)) {
    const inner = field.fields
      ? field.fields.map((each) => drawField(each, press))
      : field.options.map((option, n) => drawChoice(field, option, `${id}-${n}`, isWrong));
    frame["aria-describedby"] = describes || null;
    const legend = element("legend", { class: "wizard-label" }, ...named(field));
    return element("fieldset", frame, legend, hint, error, inner);
  }
  const control = drawControl(field, { id, ...told });
  return element("div", frame, label(field, id), hint, error, files, control);
}

function drawError(field, id) {
  const told = { class: "wizard-error", id: `${id}-error` };
  return element("p", told, hiddenText("Error: "), field.errors.join(" "));
}

function label(field, id) {
  return element("label", { class: "wizard-label", for: id }, ...named(field));
}

function named(field) {
  const isFixed = field.readonly || field.disabled || field.kept || field.files?.length;
  const isAsked = !field.fields && field.kind !== "content" && !isFixed;
  const isOptional = isAsked && !field.required && !field.only_if;
  const optional = element("span", { class: "wizard-optional" }, "(optional)");
  return isOptional ? [field.label, " ", optional] : [field.label];
}

function drawControl(field, told) {
  const { name, disabled, readonly, multiple } = field;
  const common = { ...field.attributes, ...told, name, disabled, readonly, multiple };
  const value = field.value ?? field.shown ?? "";
  if (field.kind === "select") {
    const select = element("select", { class: "wizard-input", ...common });
    for (const option of field.options) {
      const selected = [value].flat().includes(option.value);
      const own = { value: option.value, disabled: option.disabled, selected };
      const made = element("option", own, option.label);
      groupOf(select, option.group).append(made);
    }
    return select;
  }
  if (field.kind === "textarea") {
    const area = element("textarea", { class: "wizard-input", ...common });
    area.value = value;
    return area;
  }
  const look = { class: `wizard-input wizard-input-${field.kind}` };
  return element("input", { ...look, ...common, type: field.kind, value });
}

function groupOf(select, name) {
  if (!name) return select;
  if (select.lastElementChild?.label !== name) {
    select.append(element("optgroup", { label: name }));
  }
  return select.lastElementChild;
}

function drawChoice(field, option, id, isWrong) {
  const box = tick(field, option, id, { "aria-invalid": isWrong && "true" });
  const text = element("label", { for: id }, option.label);
  return element("div", { class: "wizard-choice" }, box, text);
}

function tick(field, option, id, told) {
  const type = field.kind === "radio" ? "radio" : "checkbox";
  const checked = [field.value ?? field.shown].flat().includes(option.value);
  const disabled = field.disabled || option.disabled;
  const own = { class: "wizard-tick", type, id, checked, disabled, ...told };
  return element("input", { ...own, name: field.name, value: option.value });
}

function drawFiles(field, id, press) {
  const files = field.files.map((file) => {
    const name = element("bdi", {}, file.name);
    const look = "wizard-button wizard-button-small"; // no submit: Enter must not press it
    const about = hiddenText(` ${file.name}`);
    const remove = element("button", { type: "button", class: look }, "Remove", about);
    remove.addEventListener("click", () => press(file.action));
    const shown = file.url ? element("a", { href: file.url }, name) : name;
    return element("li", { class: "wizard-file" }, shown, " ", file.action && remove);
  });
  return element("ul", { class: "wizard-files", id: `${id}-files` }, files);
}

// Elements

/** Make an element; attributes that are null or false are left out, and so are children. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...present(children));
  return made;
}

function present(children) {
  return children.flat(2).filter((child) => child != null && child !== false && child !== "");
}

function paragraphs(texts) {
  return texts.map((text) => element("p", {}, text));
}

function banner(look, ...children) {
  return element("div", { class: `wizard-banner ${look}`, tabindex: -1 }, children);
}

/** A link to a page of the wizard, on this page; `about` is heard, and not seen. */
function link(url, text, about) {
  return element("a", { href: `#${url}` }, text, about && hiddenText(` ${about}`));
}

function hiddenText(text) {
  return element("span", { class: "wizard-visually-hidden" }, text);
}

function warn(text) {
  const warning = banner("wizard-banner-wrong", element("p", { role: "alert" }, text));
  root.querySelector(".wizard-banner-wrong")?.remove();
  root.prepend(warning);
  warning.focus();
}

addEventListener("popstate", () => {
  const url = asked();
  if (url) go(url);
});
go(asked() ?? start);
