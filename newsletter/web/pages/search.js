// Searches the archive where there is no server: hides the issues that do not hold all words. INDEX comes before this.
"use strict";
const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/ß/g, "ss");
const form = document.getElementById("search");
const field = document.getElementById("q");
const told = document.getElementById("found");
const entries = [...document.querySelectorAll(".entries > li")];

const show = () => {
  const words = fold(field.value).match(/[\p{L}\p{N}]+/gu) ?? [];
  let count = 0;
  for (const [number, entry] of entries.entries()) {
    const holds = words.every((word) => (" " + INDEX[number]).includes(" " + word));
    entry.hidden = !holds;
    count += holds;
  }
  for (const section of document.querySelectorAll("main > section")) {
    section.hidden = !section.querySelector("li:not([hidden])");
  }
  told.textContent = count ? "" : told.dataset.none;
};

form.hidden = false;
form.addEventListener("submit", (event) => event.preventDefault());
field.addEventListener("input", show);
