// Keeps the page current, opens the one dialog in place, moves the focus.
// Every page works without it.

const live = document.getElementById("live");
const dialog = document.getElementById("dialog");

// ---- current: the page's own address, asked for as an event stream, sends
// the elements that changed.

// morph makes an element like its new version without replacing what is the
// same: focus, selection, scroll position and open details stay.
function morph(old, now) {
  if (old.nodeType !== now.nodeType || old.nodeName !== now.nodeName || (old.id || "") !== (now.id || "")) {
    old.replaceWith(now);
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== now.nodeValue) old.nodeValue = now.nodeValue;
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!now.hasAttribute(name) && !(name === "open" && old.nodeName === "DETAILS")) old.removeAttribute(name);
  }
  for (const { name, value } of now.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  morphChildren(old, now);
}

function morphChildren(old, now) {
  let at = old.firstChild;
  for (const want of [...now.childNodes]) {
    const known = want.id ? [...old.children].find((c) => c.id === want.id) : null;
    if (known && known !== at) old.insertBefore(known, at);
    const have = known || at;
    if (!have || (!known && have.id)) {
      old.insertBefore(want, have); // new here, before an element that has a name
      continue;
    }
    at = have.nextSibling;
    morph(have, want);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function apply(patches) {
  for (const { id, html } of patches) {
    const old = document.getElementById(id);
    const box = document.createElement("template");
    box.innerHTML = html.trim();
    if (old && box.content.firstElementChild) morph(old, box.content.firstElementChild);
  }
}

const silence = 12_000; // the server speaks every 5 s
let heard = Date.now();

function show(alive) {
  if (!live) return;
  live.classList.toggle("gone", !alive);
  const text = alive ? "live" : "last heard " + new Date(heard).toLocaleTimeString("en-GB");
  if (live.textContent !== text) live.textContent = text;
}

if (document.body.hasAttribute("data-live")) {
  let source;
  const hear = () => { heard = Date.now(); show(true); };
  const open = () => {
    source = new EventSource(location.pathname + location.search);
    source.onopen = hear;
    source.addEventListener("beat", hear);
    source.addEventListener("patch", (e) => { hear(); apply(JSON.parse(e.data)); document.body.dataset.live = "on"; });
    source.addEventListener("bye", () => { source.close(); location.reload(); });
    source.onerror = () => show(false);
  };
  open();
  setInterval(() => {
    if (Date.now() - heard < silence) return;
    show(false);
    if (source.readyState === EventSource.CLOSED) open(); // the browser gave up after an error answer
  }, 2000);
}

// ---- the bar: on a phone it is wider than the screen, and shows where one is.

const here = document.querySelector(".side a[aria-current]");
if (here && here.parentElement.parentElement.scrollWidth > innerWidth) here.scrollIntoView({ inline: "center", block: "nearest" });

// ---- ages, in the words of the server.

function ago(seconds) {
  if (seconds < 1) return "just now";
  if (seconds < 60) return Math.floor(seconds) + " s ago";
  if (seconds < 3600) return Math.floor(seconds / 60) + " min ago";
  if (seconds < 172800) return Math.floor(seconds / 3600) + " h ago";
  return Math.floor(seconds / 86400) + " days ago";
}

setInterval(() => {
  for (const t of document.querySelectorAll("time[data-ago]")) {
    const text = ago((Date.now() - Date.parse(t.dateTime)) / 1000);
    if (t.textContent !== text) t.textContent = text;
  }
}, 1000);

// ---- the dialog: the page that a link leads to, in place.

async function ask(link) {
  const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
  const form = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("form.confirm");
  if (!form) { location.assign(link.href); return; }
  dialog.replaceChildren(form);
  dialog.showModal();
  guard(form);
  (form.querySelector("[name=typed]") || form.querySelector("input,select,button"))?.focus();
}

// guard keeps the button shut until the name is typed.
function guard(form) {
  const input = form.querySelector("[data-must]");
  const button = form.querySelector("button");
  if (!input || !button) return;
  const check = () => { button.disabled = input.value.trim() !== input.dataset.must; };
  input.addEventListener("input", check);
  check();
}

document.querySelectorAll("main form.confirm").forEach(guard);

document.addEventListener("click", (e) => {
  if (e.ctrlKey || e.metaKey || e.shiftKey || e.button !== 0) return;
  const link = e.target.closest("a[data-dialog]");
  if (link) {
    e.preventDefault();
    ask(link).catch(() => location.assign(link.href));
  } else if (dialog.open && e.target.closest("[data-close]")) {
    e.preventDefault();
    dialog.close();
  }
});

// ---- keys: "/" searches, j and k walk through machines and rows.

document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || dialog.open || e.target.closest("input,select,textarea")) return;
  const search = document.querySelector(".search input");
  if (e.key === "/" && search) {
    e.preventDefault();
    search.focus();
    search.select();
  } else if (e.key === "j" || e.key === "k") {
    const stops = [...document.querySelectorAll("main .tile, main .mount, tbody a.name")];
    const at = stops.indexOf(document.activeElement);
    stops[Math.max(0, Math.min(stops.length - 1, at + (e.key === "j" ? 1 : -1)))]?.focus();
  }
});
