"use strict";

// What is chosen stands in the address. A change fetches the page anew and puts its parts in the place of the old
// ones, so that the focus and the place on the page stay.

const form = document.querySelector("form");
const away = document.getElementById("away");
let shown = document.documentElement.dataset.state;
let asked = 0;

function chosen() {
  const choice = new URLSearchParams(new FormData(form));
  if (choice.get("width") === "free") choice.set("width", choice.get("free"));
  choice.delete("free");
  return choice.toString();
}

function fit(frame) {
  const inside = frame.contentDocument;
  if (inside && inside.documentElement) frame.style.height = `${inside.documentElement.offsetHeight}px`;
}

function watch() {
  for (const frame of document.querySelectorAll("iframe")) {
    frame.addEventListener("load", () => fit(frame));
    fit(frame);
  }
}

async function show(query) {
  const turn = ++asked;
  const reply = await fetch(`/?${query}`);
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  if (turn !== asked) return;
  const focused = document.activeElement && document.activeElement.id;
  const height = document.querySelector("iframe")?.style.height;
  for (const part of document.querySelectorAll("[data-part]")) {
    const fresh = page.getElementById(part.id);
    if (!fresh || part.innerHTML === fresh.innerHTML && !(part.id === "stage" && page.documentElement.dataset.state !== shown)) continue;
    for (const frame of fresh.querySelectorAll("iframe")) if (height) frame.style.height = height;
    part.replaceWith(fresh);
  }
  shown = page.documentElement.dataset.state;
  const canonical = document.getElementById("stage").dataset.query;
  history.replaceState(null, "", canonical ? `/?${canonical}` : "/");
  if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus();
  watch();
}

form.addEventListener("change", (event) => {
  const number = form.elements.number;
  if (["group", "list", "email"].includes(event.target.name) && number) number.value = 1;
  if (event.target.name === "group") form.elements.email.value = "";
  if (event.target.name === "email" && event.target.value) form.elements.group.value = "";
  show(chosen());
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  show(chosen());
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-go]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const query = new URL(link.href).searchParams;
  for (const [name, value] of query) {
    for (const radio of form.querySelectorAll(`input[type="radio"][name="${name}"]`)) radio.checked = radio.value === value;
  }
  show(query.toString());
});

async function look() {
  try {
    const state = await (await fetch("/state")).json();
    away.hidden = true;
    if (state !== shown) await show(chosen());
  } catch {
    away.hidden = false;
  }
  setTimeout(look, 600);
}

// On a telephone the message comes before what is chosen less often.
document.querySelector(".more").open = matchMedia("(min-width: 760px)").matches;
watch();
look();
