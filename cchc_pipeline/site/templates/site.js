/* Language, sorting, finding. The pages read without it, in Vietnamese. It fetches nothing. */
"use strict";
(() => {
  const english = window.cchcEnglish || {};
  const key = "cchc-language";
  const root = document.documentElement;
  const say = (text) => (root.lang === "en" && english[text]) || text;

  // A browser may keep nothing for a file: then the choice goes along in the address.
  const kept = () => { try { return localStorage.getItem(key); } catch { return null; } };
  const keep = (language) => { try { localStorage.setItem(key, language); } catch { /* the address carries it */ } };

  // Headings of columns go beside the cells, for narrow screens.
  for (const table of document.querySelectorAll("table.stack")) {
    const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
    for (const row of table.tBodies[0].rows)
      for (const cell of row.cells) if (cell.tagName === "TD") cell.dataset.head = heads[cell.cellIndex];
  }

  const texts = [...document.querySelectorAll("[data-t]")].map((el) => ({ el, vi: el.textContent }));
  const labels = [...document.querySelectorAll("[data-label]")].map((el) => ({ el, vi: el.getAttribute("aria-label") }));
  const cells = [...document.querySelectorAll("[data-head]")].map((el) => ({ el, vi: el.dataset.head }));
  const title = document.title.split(" · ");
  const swap = (text) => text.replace(/(\d)([.,])(?=\d)/g, (_, digit, mark) => digit + (mark === "," ? "." : ","));
  const numbers = [];
  for (const el of document.querySelectorAll(".n, .cards b, .cards span, .moves, section p b")) {
    if (el.matches("thead *")) continue;
    const walker = document.createTreeWalker(el, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode())
      if (/\d[.,]\d/.test(node.nodeValue) && !numbers.some((one) => one.node === node) && !node.parentElement.closest("a, [data-t]"))
        numbers.push({ node, vi: node.nodeValue });
  }

  const button = document.getElementById("language");
  const show = (language) => {
    root.lang = language;
    for (const { el, vi } of texts) {
      const other = language === "en" ? english[vi] : undefined;
      el.textContent = other || vi;
      if (language === "en" && !other && /[^\x00-\x7f]/.test(vi)) el.lang = "vi"; else el.removeAttribute("lang");
    }
    for (const { el, vi } of labels) el.setAttribute("aria-label", say(vi));
    for (const { el, vi } of cells) el.dataset.head = say(vi);
    for (const { node, vi } of numbers) node.nodeValue = language === "en" ? swap(vi) : vi;
    for (const el of document.querySelectorAll(".why")) if (language === "en") el.lang = "vi"; else el.removeAttribute("lang");
    document.title = [say(title[0]), ...title.slice(1)].join(" · ");
    button.textContent = language === "en" ? "Tiếng Việt" : "English";
    button.lang = language === "en" ? "vi" : "en";
    for (const link of document.querySelectorAll('a[href*=".html"]')) {
      const [page, place] = link.getAttribute("href").split("#");
      link.setAttribute("href", page.split("?")[0] + (language === "en" ? "?en" : "") + (place ? `#${place}` : ""));
    }
    document.dispatchEvent(new Event("cchc-language"));
  };

  // Sorting: descending, ascending, as it was. A missing figure stays last.
  const value = (cell) => {
    const text = (cell.childNodes.length ? cell : { textContent: "" }).textContent.trim();
    const plain = text.replace(/^[▲▼\s]+/, "");
    const found = /^([+−±-]?)(\d[\d.,]*)/.exec(plain);
    if (!cell.classList.contains("n")) return text.toLocaleLowerCase("vi");
    if (!found) return null;
    const [thousands, decimal] = root.lang === "en" ? [",", "."] : [".", ","];
    const amount = Number(found[2].replaceAll(thousands, "").replace(decimal, "."));
    return found[1] === "−" || found[1] === "-" ? -amount : amount;
  };
  const collator = new Intl.Collator("vi", { numeric: true });
  const sort = (table, column, direction) => {
    const body = table.tBodies[0];
    table.originalRows ??= [...body.rows];
    const rows = [...table.originalRows];
    if (direction !== "none") {
      const sign = direction === "ascending" ? 1 : -1;
      const keyed = rows.map((row) => ({ row, value: value(row.cells[column]) }));
      keyed.sort((a, b) => {
        if (a.value === null || b.value === null) return (a.value === null) - (b.value === null);
        return sign * (typeof a.value === "number" ? a.value - b.value : collator.compare(a.value, b.value));
      });
      rows.splice(0, rows.length, ...keyed.map((one) => one.row));
    }
    body.append(...rows);
    table.classList.toggle("sorted", direction !== "none");
    [...table.tHead.rows[0].cells].forEach((cell, place) => {
      if (cell.querySelector("button")) cell.setAttribute("aria-sort", place === column ? direction : "none");
    });
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    const cellsOfHead = [...table.tHead.rows[0].cells];
    const choice = document.createElement("select");
    const sorter = document.createElement("label");
    sorter.className = "sorter";
    const word = document.createElement("span");
    sorter.append(word, " ", choice);
    table.parentElement.before(sorter);
    const options = [];
    cellsOfHead.forEach((cell, column) => {
      if (cell.classList.contains("plain")) return;
      const vi = cell.hasAttribute("data-t") ? texts.find((one) => one.el === cell).vi : cell.textContent;
      const inner = document.createElement("button");
      inner.type = "button";
      cell.replaceChildren(inner);
      const held = texts.find((one) => one.el === cell);
      if (held) held.el = inner;
      inner.textContent = vi;
      cell.setAttribute("aria-sort", "none");
      const first = cell.classList.contains("n") ? "descending" : "ascending";
      const then = { none: first, [first]: first === "descending" ? "ascending" : "descending" };
      inner.addEventListener("click", () => sort(table, column, then[cell.getAttribute("aria-sort")] || "none"));
      options.push({ vi, column, first });
    });
    choice.addEventListener("change", () => {
      const found = options[choice.selectedIndex - 1];
      sort(table, found ? found.column : 0, found ? found.first : "none");
    });
    const fill = () => {
      const at = Math.max(0, choice.selectedIndex);
      word.textContent = say("Sắp xếp theo");
      choice.replaceChildren(...[say("thứ tự gốc"), ...options.map((one) => say(one.vi))].map((text) => new Option(text)));
      choice.selectedIndex = at;
    };
    document.addEventListener("cchc-language", fill);
    fill();
  }

  const finder = document.querySelector(".finder");
  if (finder) {
    const plain = (text) => text.toLocaleLowerCase("vi").normalize("NFD").replace(/[\u0300-\u036f]/g, "").replaceAll("đ", "d");
    finder.hidden = false;
    finder.querySelector("input").addEventListener("input", (event) => {
      const wanted = plain(event.target.value.trim());
      for (const row of document.querySelectorAll("table.findable tbody tr"))
        row.hidden = !plain(row.querySelector("th").textContent).includes(wanted);
    });
  }

  // A link to a figure opens what it stands in.
  const reveal = () => { const found = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const held = found && found.closest("details:not([open])");
    if (held) { held.open = true; found.scrollIntoView(); } };
  addEventListener("hashchange", reveal);
  reveal();

  const closed = () => [...document.querySelectorAll("details:not([open])")];
  let opened = [];
  addEventListener("beforeprint", () => { opened = closed(); for (const one of opened) one.open = true; });
  addEventListener("afterprint", () => { for (const one of opened) one.open = false; });

  button.hidden = false;
  button.addEventListener("click", () => { const next = root.lang === "en" ? "vi" : "en"; keep(next); show(next); });
  if (kept() === "en" || (kept() === null && location.search === "?en")) show("en");
})();
