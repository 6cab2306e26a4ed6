// The workspace page. Rules:
// 1. The server renders the whole page; this script fetches the same address again and swaps the regions that changed.
// 2. What the reader was doing (focus, typed text, open threads, scroll) survives every swap.
// 3. Acts go to the control routes; what they change comes back over the event stream.
"use strict";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const person = () => document.body.dataset.person;
const live = (words) => { $("#live").textContent = ""; setTimeout(() => { $("#live").textContent = words; }, 30); };

async function post(path, body) {
  try {
    const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    return { ok: answer.ok, ...(await answer.json()) };
  } catch {
    return { ok: false, detail: "The local world does not answer." };
  }
}

function toast(words) {
  const note = document.createElement("p");
  note.className = "toast";
  note.textContent = words;
  const place = $("#toasts");
  place.append(note);
  // Shown anew, so that it lies above a form that is open.
  if (place.matches(":popover-open")) place.hidePopover();
  place.showPopover();
  setTimeout(() => { note.remove(); if (!place.children.length) place.hidePopover(); }, 8000);
}

function told(answer) {
  if (!answer.ok) toast(answer.detail || "That did not work.");
  else if (answer.acked === false && answer.response_action !== "errors") toast("Renewal Desk did not answer in time. It may still act when it is back.");
}

// Regions

const shown = new Map();
const regionHtml = (element) => element.innerHTML;
const remember = (root = document) => $$("[data-region]", root).forEach((element) => shown.set(element.dataset.region, regionHtml(element)));

function swap(fresh) {
  const focus = focusKey();
  const known = new Set($$("#scroll .message").map((message) => message.id));
  let changed = false;
  // Somebody who is looking needs no "New" line for what arrives before their eyes.
  if (!document.hidden) $("#first-unread", fresh)?.remove();
  for (const element of $$("[data-region]", fresh)) {
    const name = element.dataset.region;
    if (shown.get(name) === regionHtml(element)) continue;
    const mine = $(`[data-region="${name}"]`);
    if (!mine) return false;
    const folded = $$("details[data-key]", mine).filter((one) => !one.open).map((one) => one.dataset.key);
    mine.innerHTML = element.innerHTML;
    if (element.dataset.viewId) mine.dataset.viewId = element.dataset.viewId;
    folded.forEach((key) => { const one = $(`details[data-key="${key}"]`, mine); if (one) one.open = false; });
    shown.set(name, regionHtml(element));
    if (name === "modal") showModal();
    if (name === "now" && $("#jump").dataset.running) $("#jump-summary").textContent = `On the way: ${dayWords(worldNow())}, and Renewal Desk does what falls on each day…`;
    changed = changed || name === "messages";
  }
  refocus(focus);
  if (changed) announceNew(known);
  return true;
}

function focusKey() {
  const element = document.activeElement;
  if (!element || element === document.body || element.closest("dialog")) return null;
  const near = element.closest("[data-key]");
  return { id: element.id, key: near && near.dataset.key, action: element.dataset.actionId, block: element.dataset.blockId, value: element.dataset.value };
}

function refocus(focus) {
  if (!focus || document.activeElement !== document.body) return;
  const near = focus.key && $(`[data-key="${CSS.escape(focus.key)}"]`);
  const exact = near && focus.action && $$(`[data-action-id="${focus.action}"]`, near).find((one) => one.dataset.value === focus.value);
  const target = (focus.id && document.getElementById(focus.id)) || exact || near;
  if (!target) return;
  if (target.matches("article, details, p")) target.tabIndex = -1;
  target.focus({ preventScroll: true });
}

function announceNew(known) {
  const fresh = $$("#scroll .message").filter((message) => !known.has(message.id));
  if (!fresh.length) return;
  const last = fresh[fresh.length - 1];
  fresh.forEach((message) => message.classList.add("arrived"));
  if (last.dataset.author !== person()) live(`New message from ${last.getAttribute("aria-label")}: ${last.dataset.summary}`);
  const start = document.getElementById(document.body.dataset.start);
  if (start) start.scrollIntoView({ block: "start" });
  else last.scrollIntoView({ block: last.offsetHeight > roomForMessages() ? "start" : "nearest" });
}

// On a phone the page scrolls, not the list, and the composer covers its end.
function roomForMessages() {
  return Math.min($("#scroll").clientHeight, innerHeight - ($("#composer")?.offsetHeight || 0));
}

let fetching = null;
let again = false;
async function refresh() {
  if (fetching) { again = true; return fetching; }
  fetching = (async () => {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.ok && !swap(new DOMParser().parseFromString(await answer.text(), "text/html"))) location.reload();
  })();
  try { await fetching; } catch { toast("The local world does not answer."); } finally { fetching = null; }
  if (again) { again = false; return refresh(); }
  return markRead();
}

// A reader needs a moment: the badge goes after a second of looking.
let reading = 0;
function markRead() {
  clearTimeout(reading);
  if (document.hidden || document.body.dataset.atHome === "yes") return;
  const [user, channel] = [person(), document.body.dataset.channel];
  if ($(`[data-key="c-${channel}"] .badge`)) reading = setTimeout(() => { document.body.dataset.start = ""; post("/page/read", { user, channel }); }, 1000);
}

// Clicks on cards, forms and App Home

function fieldValue(element) {
  const kind = element.dataset.kind;
  if (kind === "radio") return ($("input:checked", element) || {}).value || "";
  if (kind === "checks") return $$("input:checked", element).map((one) => one.value);
  if (kind === "several") return [...element.selectedOptions].map((one) => one.value);
  if (kind === "files") return [...(element.dataset.ids || "").split(" ")].filter(Boolean);
  return element.value;
}

function fieldValues(root) {
  const values = {};
  for (const element of $$("[data-kind][data-field]", root)) {
    const [block, action] = element.dataset.field.split("|");
    values[block] = { ...(values[block] || {}), [action]: fieldValue(element) };
  }
  return values;
}

function placeOf(element) {
  const view = element.closest("[data-view-id]");
  if (view) return { view_id: view.dataset.viewId, values: fieldValues(view) };
  const message = element.closest(".message");
  return { channel: message.dataset.channel, ts: message.dataset.ts, values: fieldValues(message) };
}

async function act(element, body) {
  if (element.dataset.confirm && !(await confirmed(JSON.parse(element.dataset.confirm)))) return;
  const place = placeOf(element);
  element.setAttribute("aria-busy", "true");
  const answer = await post("/_world/slack/act", { user: person(), ...place, ...body });
  element.removeAttribute("aria-busy");
  told(answer);
}

function confirmed(words) {
  const dialog = $("#confirm");
  $("#confirm-title").textContent = words.title.text;
  $("#confirm-text").textContent = words.text.text;
  $("#confirm-yes").textContent = words.confirm.text;
  $("#confirm-deny").textContent = words.deny.text;
  $("#confirm-yes").classList.toggle("danger", words.style === "danger");
  dialog.returnValue = "";
  dialog.showModal();
  $("#confirm-deny").focus();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}

function dispatch(element) {
  const holder = element.closest("[data-kind][data-field]");
  const [block_id, action_id] = holder.dataset.field.split("|");
  return act(holder, { block_id, action_id, value: fieldValue(holder) });
}

// Modal

function showModal() {
  const source = $('template[data-region="modal"]').content.firstElementChild;
  const dialog = $("#modal");
  if (!source) { if (dialog.open) dialog.close(); dialog.replaceChildren(); return; }
  const old = $("form", dialog);
  const same = old && old.dataset.viewId === source.dataset.viewId;
  const focused = same && document.activeElement && document.activeElement.id;
  const scroll = same ? $(".modal-body", dialog).scrollTop : 0;
  const fresh = source.cloneNode(true);
  if (same) keepTyped(old, fresh);
  dialog.replaceChildren(fresh);
  if (!dialog.open) dialog.showModal();
  $(".modal-body", dialog).scrollTop = scroll;
  const target = focused && document.getElementById(focused);
  if (target) target.focus();
  else if (!same) ($(".modal-body :is(select, input, textarea)", dialog) || $("[type=submit]", dialog) || $("[data-close]", dialog)).focus();
}

function keepTyped(old, fresh) {
  for (const element of $$("[data-kind][data-field]", fresh)) {
    const before = $(`[data-kind][data-field="${CSS.escape(element.dataset.field)}"]`, old);
    if (!before) continue;
    if (["radio", "checks"].includes(element.dataset.kind)) {
      const chosen = [].concat(fieldValue(before));
      $$("input", element).forEach((one) => { one.checked = chosen.includes(one.value); });
    } else if (element.dataset.kind === "files") element.files = before.files;
    else if ([...(element.options || [])].length === 0 || [...element.options].some((one) => one.value === before.value)) element.value = before.value;
  }
}

// A file goes up when its form is sent; the form then names it by the id that it got. Answers what went wrong, or "".
async function uploadFiles(form) {
  for (const element of $$('[data-kind="files"]', form)) {
    const ids = [];
    for (const file of element.files) {
      const asked = new URLSearchParams({ user: person(), name: file.name });
      try {
        const answer = await fetch(`/_world/slack/upload?${asked}`, { method: "POST", body: file });
        const kept = await answer.json();
        if (!answer.ok) return kept.detail;
        ids.push(kept.id);
      } catch {
        return "The local world does not answer.";
      }
    }
    element.dataset.ids = ids.join(" ");
  }
  return "";
}

async function submitModal(form) {
  const button = $("[type=submit]", form);
  button.setAttribute("aria-busy", "true");
  const refused = await uploadFiles(form);
  if (refused) { button.removeAttribute("aria-busy"); toast(refused); return; }
  const answer = await post("/_world/slack/submit", { user: person(), view_id: form.dataset.viewId, values: fieldValues(form) });
  button.removeAttribute("aria-busy");
  showErrors(form, answer.errors || {});
  const problem = $(".form-problem", form);
  problem.hidden = answer.ok && (answer.acked || answer.response_action === "errors");
  problem.textContent = problem.hidden ? "" : answer.detail || "Renewal Desk did not answer in time. What you typed is still here; try again.";
}

function showErrors(form, errors) {
  for (const input of $$(".b-input", form)) {
    const words = errors[input.dataset.blockId];
    const line = $(".error", input);
    line.hidden = !words;
    line.textContent = words || "";
    const field = $("select, input, textarea", input);
    if (words) field.setAttribute("aria-invalid", "true"); else field.removeAttribute("aria-invalid");
  }
  const first = $('[aria-invalid="true"]', form);
  if (first) { first.focus(); live(Object.values(errors).join(" ")); }
}

function closeModal() {
  const form = $("#modal form");
  if (form) post("/_world/slack/close", { user: person(), view_id: form.dataset.viewId });
}

// Clock

const inZone = (locale, parts, iso) => new Intl.DateTimeFormat(locale, { ...parts, timeZone: document.body.dataset.zone }).format(new Date(iso));
const dayWords = (iso) => inZone("en-GB", { weekday: "short", day: "numeric", month: "short", year: "numeric" }, iso).replace(",", "");
const timeWords = (iso) => inZone("en-GB", { hour: "2-digit", minute: "2-digit" }, iso);
const worldNow = () => new Date($(".now time").dateTime);
const FARTHEST_DAYS = 400;
let nextEvent = null;
let target = null;

async function showNextEvent() {
  const button = $("#next-event");
  const events = await (await fetch("/_world/agenda")).json();
  nextEvent = events[0] || null;
  button.disabled = !nextEvent;
  button.textContent = nextEvent ? `Next event: ${nextEvent.label}, ${dayWords(nextEvent.at).replace(/ \d{4}$/, "")}` : "Next event: none planned";
  button.title = nextEvent ? `${nextEvent.label}, ${dayWords(nextEvent.at)}` : "";
}

async function askJump(iso, pickDate = false) {
  target = iso;
  const ahead = new Date(iso) - worldNow();
  $("#jump-date-row").hidden = !pickDate;
  $("#jump-title").textContent = pickDate ? "Move the clock to a day" : `Move the clock to ${dayWords(iso)}, ${timeWords(iso)}?`;
  if (!$("#jump").open) $("#jump").showModal();
  $("#jump-go").disabled = true;
  $("#jump-summary").textContent = "Looking what is planned until then…";
  $("#jump-list").replaceChildren();
  if (!(ahead > 0 && ahead <= FARTHEST_DAYS * 86400e3)) {
    const now = `${dayWords(worldNow())}, ${timeWords(worldNow())}`;
    $("#jump-summary").textContent = ahead > 0 ? `At most ${FARTHEST_DAYS} days at once.` : `The clock runs forward only: it is ${now}.`;
    return;
  }
  const answer = await fetch(`/_world/agenda?to=${encodeURIComponent(iso)}`);
  const events = await answer.json();
  if (iso !== target) return;
  const nothing = answer.headers.get("X-Operator") === "silent" ? "The operator does not answer: only the clock will move." : "Nothing is planned until then.";
  $("#jump-summary").textContent = events.length ? `This triggers ${counted(events)}, in this order, if nobody acts:` : nothing;
  $("#jump-list").replaceChildren(...events.slice(0, 12).map((event) => {
    const line = document.createElement("li");
    line.textContent = `${dayWords(event.at)}, ${timeWords(event.at)}: ${event.label}`;
    return line;
  }), ...(events.length > 12 ? [Object.assign(document.createElement("li"), { className: "more", textContent: `and ${events.length - 12} more` })] : []));
  $("#jump-go").disabled = false;
  if (!pickDate) $("#jump-go").focus(); // whoever types a date is not taken away from it
}

const KINDS = {
  alert: ["alert", "alerts"], escalation: ["escalation", "escalations"], reminder: ["reminder", "reminders"],
  window: ["closing window", "closing windows"], card: ["card that was put off", "cards that were put off"], envelope: ["expiring envelope", "expiring envelopes"],
  snooze: ["ending snooze", "ending snoozes"], "answer time": ["answer time", "answer times"], term: ["ending term", "ending terms"],
  warning: ["warning of a fault", "warnings of a fault"], digest: ["weekly digest", "weekly digests"],
};
const OTHER = ["other event", "other events"];

// "2 alerts, 1 escalation": by kind, in the order in which each comes first.
function counted(events) {
  const kinds = new Map();
  events.forEach((event) => kinds.set(KINDS[event.kind] || OTHER, (kinds.get(KINDS[event.kind] || OTHER) || 0) + 1));
  const words = [...kinds].map(([[one, many], count]) => `${count} ${count === 1 ? one : many}`);
  return words.join(", ") || "nothing";
}

async function jump() {
  $("#jump-go").disabled = true;
  $("#jump").dataset.running = "yes";
  $("#jump-list").replaceChildren();
  $("#jump-summary").textContent = "On the way…";
  const answer = await post("/_world/clock", { to: target });
  delete $("#jump").dataset.running;
  $("#jump").close();
  if (!answer.ok) toast(answer.detail);
  else if (!answer.operator_answers) toast("The clock moved. The operator does not answer, so nothing else happened.");
  else live(`It is ${dayWords(answer.now)}. Played: ${counted(answer.events)}.`);
  showNextEvent();
}

function chosenMorning() {
  // Nine in the reader's zone: what the zone makes of nine UTC says how far to go back.
  const nine = new Date(`${$("#jump-date").value}T09:00:00Z`);
  const there = new Date(`${nine.toLocaleString("en-US", { timeZone: document.body.dataset.zone })} UTC`);
  return new Date(2 * nine.getTime() - there.getTime()).toISOString();
}

// Composer

async function send() {
  const box = $("#composer-text");
  const typed = box.value.trim();
  if (!typed) return;
  // As Slack's own client sends it: three entities, and a mention as a control sequence.
  const text = typed.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replaceAll("@Renewal Desk", "<@U0DESK>");
  const channel = document.body.dataset.channel;
  box.value = "";
  const slash = /^(\/[a-z-]+)\s*([\s\S]*)$/.exec(text);
  const answer = slash
    ? await post("/_world/slack/slash", { user: person(), command: slash[1], text: slash[2], channel })
    : await post("/_world/slack/say", { user: person(), channel, text, thread_ts: box.dataset.thread || "" });
  if (!answer.ok) box.value = typed;
  told(answer);
}

function replyTo(ts, title) {
  $("#composer-text").dataset.thread = ts;
  $("#replying").hidden = !ts;
  $("#replying span").textContent = ts ? `Replying in the thread of “${title}”` : "";
  $("#composer-text").focus();
}

// Navigation without losing the announcement

async function go(address) {
  history.pushState(null, "", address);
  await load();
}

async function load() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const before = document.body.dataset.personName;
  $("#modal").open && $("#modal").close();
  document.title = fresh.title;
  Object.assign(document.body.dataset, fresh.body.dataset);
  document.body.style.cssText = fresh.body.style.cssText;
  const focus = focusKey();
  for (const selector of [".frame", ".who"]) $(selector).replaceWith(fresh.querySelector(selector));
  refocus(focus);
  if (document.activeElement === document.body) $("#scroll").focus({ preventScroll: true });
  $('template[data-region="modal"]').replaceWith(fresh.querySelector('template[data-region="modal"]'));
  remember();
  const name = document.body.dataset.personName;
  if (name !== before) live(`You act as ${name} now.`);
  await arrived();
}

async function arrived() {
  showModal();
  if (document.body.dataset.atHome === "yes") {
    post("/_world/slack/home", { user: person(), tab: "home" });
  } else if (location.hash) {
    const aim = document.getElementById(location.hash.slice(1));
    if (aim) { aim.scrollIntoView({ block: "start" }); aim.classList.add("arrived"); }
  } else if (document.getElementById(document.body.dataset.start)) {
    document.getElementById(document.body.dataset.start).scrollIntoView({ block: "start" });
  } else if ($("#first-unread")) {
    $("#first-unread").scrollIntoView({ block: "start" });
  } else {
    const last = $$("#scroll > section > :is(.message, .pointer)").pop();
    if (last) last.scrollIntoView({ block: last.offsetHeight > roomForMessages() ? "start" : "end" });
  }
  markRead();
}

// Events

document.addEventListener("click", (event) => {
  const on = (selector) => event.target.closest(selector);
  let element;
  if ((element = on("[data-action-id]")) && !element.disabled) act(element, { block_id: element.dataset.blockId, action_id: element.dataset.actionId, value: element.dataset.value });
  else if ((element = on("a[data-go]"))) { event.preventDefault(); go(element.href); }
  else if ((element = on(".pointer a"))) follow(event, element);
  else if (on("#modal [data-close]")) closeModal();
  else if (on("#confirm-yes")) $("#confirm").close("yes");
  else if (on("#confirm-deny")) $("#confirm").close("");
  else if ((element = on("[data-dismiss-dialog]"))) element.closest("dialog").close();
  else if ((element = on("[data-jump-hours]"))) askJump(new Date(worldNow().getTime() + 3600e3 * Number(element.dataset.jumpHours)).toISOString());
  else if (on("[data-jump-next]") && nextEvent) askJump(nextEvent.at);
  else if (on("#jump-to")) { $("#jump-date").value = new Date(worldNow().getTime() + 86400e3).toISOString().slice(0, 10); askJump(chosenMorning(), true); }
  else if (on("#jump-go")) jump();
  else if (on("#open-faults")) $("#faults").showModal();
  else if ((element = on("[data-fault]"))) post("/_world/faults", JSON.parse(element.dataset.fault)).then(() => toast(`Switched on: ${element.closest("li").querySelector("strong").textContent}.`));
  else if (on("#clear-faults")) fetch("/_world/faults", { method: "DELETE" }).then(() => toast("All switched off."));
  else if ((element = on("[data-reply]"))) replyTo(element.dataset.reply, element.dataset.replyTitle);
  else if (on("#stop-reply")) replyTo("", "");
  else if ((element = on("[data-prompt]"))) { $("#composer-text").value = element.dataset.prompt; send(); }
  else if ((element = on("[data-dismiss]"))) post("/page/dismiss", { ts: element.dataset.dismiss });
  else if (on("#close-banner")) { localStorage.setItem("banner-closed", "yes"); $("#banner").hidden = true; }
});

function follow(event, link) {
  event.preventDefault();
  const aim = document.getElementById(link.getAttribute("href").slice(1));
  if (!aim) return;
  const thread = aim.closest("details");
  if (thread) thread.open = true;
  aim.scrollIntoView({ block: "start" });
  aim.tabIndex = -1;
  aim.focus({ preventScroll: true });
}

document.addEventListener("change", (event) => {
  if (event.target.id === "acting-as") {
    const address = new URL(location.href);
    address.hash = "";
    address.searchParams.set("as", event.target.value);
    if (document.body.dataset.channel.startsWith("D") && address.searchParams.get("open") !== "home") address.searchParams.delete("open");
    go(address.href).then(() => $("#acting-as").focus());
  } else if (event.target.id === "jump-date" && event.target.value) askJump(chosenMorning(), true);
  else if (event.target.closest('[data-dispatch="change"]')) dispatch(event.target);
});

let typing = 0;
document.addEventListener("input", (event) => {
  if (event.target.id === "composer-text") { event.target.style.height = "auto"; event.target.style.height = `${Math.min(event.target.scrollHeight, 160)}px`; }
  if (event.target.closest('[data-dispatch="input"]')) { clearTimeout(typing); typing = setTimeout(() => dispatch(event.target), 300); }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing) return;
  if (event.target.id === "composer-text" && !event.shiftKey) { event.preventDefault(); send(); }
  else if (event.target.matches('[data-dispatch="enter"]')) { event.preventDefault(); dispatch(event.target); }
});

document.addEventListener("submit", (event) => {
  if (event.target.id === "composer") { event.preventDefault(); send(); }
  else if (event.target.closest("#modal")) { event.preventDefault(); submitModal(event.target); }
  else event.preventDefault();
});

$("#modal").addEventListener("cancel", (event) => { event.preventDefault(); closeModal(); });
window.addEventListener("popstate", load);
document.addEventListener("visibilitychange", markRead);

let pending = 0;
function listen() {
  const stream = new EventSource("/page/events");
  stream.onmessage = (event) => {
    // On the way through many days the page looks now and then: each look takes the world's time.
    const onTheWay = $("#jump").dataset.running;
    if (onTheWay && pending) return;
    clearTimeout(pending);
    pending = setTimeout(() => { pending = 0; refresh(); }, onTheWay ? 700 : 50);
    if (event.data === "clock" && !onTheWay) showNextEvent();
  };
  // What changed between the page and the stream is fetched once; a test waits for the mark.
  stream.onopen = () => refresh().then(() => { document.body.dataset.listening = "yes"; });
}

remember();
$("#banner").hidden = localStorage.getItem("banner-closed") === "yes";
arrived();
listen();
showNextEvent();
