"use strict";
// The page works without this: languages, colours, verdicts and sliders are radio buttons and CSS.
// This adds the address (?lang=zh-Hant), search, keys, playing a slider, and names in the language.
(() => {
  const root = document.documentElement;
  const find = (selector, place = document) => [...place.querySelectorAll(selector)];
  const store = (key, value) => { try { localStorage.setItem(key, value); } catch { /* private */ } };
  const stored = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const chosen = (name) => document.querySelector(`input[name="${name}"]:checked`);
  const choose = (name, value) => {
    const input = find(`input[name="${name}"]`).find((each) => each.value === value);
    if (input) input.checked = true;
  };
  root.classList.add("scripted-page");

  // Before the first paint: the language and the colours.
  const address = new URLSearchParams(location.search);
  choose("language", address.get("lang") || stored("relearn-language"));
  choose("scheme", address.get("scheme") || stored("relearn-scheme"));
  root.lang = chosen("language").value;

  const speak = () => {
    const language = chosen("language").value;
    root.lang = language;
    for (const element of find("[data-en]")) {
      const said = element.getAttribute(`data-${language.toLowerCase()}`);
      if (element.matches("option")) element.textContent = said;
      else element.setAttribute("aria-label", said);
    }
  };
  const remember = (facts) => {
    for (const [key, value] of Object.entries(facts)) {
      if (value) address.set(key, value); else address.delete(key);
    }
    const query = address.toString();
    try { history.replaceState(null, "", `${location.pathname}${query ? `?${query}` : ""}${location.hash}`); }
    catch { /* some browsers forbid it for files */ }
  };

  document.addEventListener("DOMContentLoaded", () => {
    speak();
    document.addEventListener("change", ({ target }) => {
      if (target.name === "language") {
        store("relearn-language", target.value);
        remember({ lang: target.value === "en" ? "" : target.value });
        speak();
      } else if (target.name === "scheme") {
        store("relearn-scheme", target.value);
      }
    });

    // A link to something folded opens it.
    const unfold = () => {
      const target = document.getElementById(location.hash.slice(1));
      for (let part = target?.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
    };
    addEventListener("hashchange", unfold);
    unfold();

    // Under make ui the runs are beside the page, at whichever port.
    if (location.protocol === "http:") {
      for (const link of find('a[href^="http://127.0.0.1:"]')) link.href = `/${link.hash}`;
    }

    const cycle = (name) => {
      const inputs = find(`input[name="${name}"]`);
      const next = inputs[(inputs.indexOf(chosen(name)) + 1) % inputs.length];
      next.click();
    };
    // Keys, but not while something is written, and only as long as the reader wants them (WCAG 2.1.4).
    const wanted = document.getElementById("keys");
    wanted.checked = stored("relearn-keys") !== "off";
    wanted.addEventListener("change", () => store("relearn-keys", wanted.checked ? "on" : "off"));
    const keys = { l: () => cycle("language"), d: () => cycle("scheme") };
    document.addEventListener("keydown", (event) => {
      if (!wanted.checked || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.matches("input[type=search], select") || !keys[event.key]) return;
      event.preventDefault();
      keys[event.key]();
    });

    const form = document.querySelector(".filters");
    if (!form) return; // the comparison of two builds: it has nothing of the rest
    const [search, chapter, size, shown, none] = ["search", "chapter", "size", "shown", "none"].map((id) => document.getElementById(id));
    const rows = find("#scoreboard tbody tr").map((row) => ({ row, text: `${row.textContent} ${row.dataset.title}`.toLowerCase() }));

    const filter = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const verdict = chosen("verdict").value;
      let count = 0;
      for (const { row, text } of rows) {
        const fits = words.every((word) => text.includes(word))
          && (!chapter.value || row.dataset.chapter === chapter.value)
          && (!size.value || row.dataset.size === size.value);
        row.hidden = !fits;
        count += fits && (!verdict || row.dataset.verdict === verdict);
      }
      shown.textContent = `${count} / ${rows.length}`;
      none.hidden = count > 0;
      remember({ q: search.value, chapter: chapter.value, effect: size.value, verdict });
    };
    search.value = address.get("q") ?? "";
    chapter.value = address.get("chapter") ?? "";
    size.value = address.get("effect") ?? "";
    choose("verdict", address.get("verdict") ?? "");
    form.addEventListener("input", filter);
    form.addEventListener("reset", () => setTimeout(filter));
    form.addEventListener("submit", (event) => event.preventDefault());
    filter();

    // A slider can be played: a stop each 0.7 seconds, once.
    for (const stops of find(".stops")) {
      const inputs = find("input", stops);
      const button = stops.querySelector(".play");
      let timer = 0;
      const stop = () => { clearInterval(timer); timer = 0; button.classList.remove("playing"); };
      button.addEventListener("click", () => {
        if (timer) { stop(); return; }
        let at = 0;
        button.classList.add("playing");
        inputs[at].checked = true;
        timer = setInterval(() => { at += 1; if (at < inputs.length) inputs[at].checked = true; else stop(); }, 700);
      });
      stops.addEventListener("input", stop);
    }

    const places = find("section.experiment, #verdicts");
    const step = (way) => {
      const tops = places.map((place) => place.getBoundingClientRect().top);
      const next = way > 0 ? tops.findIndex((top) => top > 80) : tops.findLastIndex((top) => top < -8);
      if (next >= 0) places[next].scrollIntoView();
    };
    keys["/"] = () => { search.focus(); search.scrollIntoView({ block: "center" }); };
    keys.j = () => step(1);
    keys.k = () => step(-1);
    form.addEventListener("keydown", ({ key }) => { if (key === "Escape") { form.reset(); search.blur(); } });

    // The contents follow the reader.
    const links = new Map(find(".contents a").map((link) => [link.hash.slice(1), link]));
    const watch = new IntersectionObserver((seen) => {
      for (const { target, isIntersecting } of seen) {
        if (!isIntersecting) continue;
        for (const link of links.values()) link.removeAttribute("aria-current");
        links.get(target.id)?.setAttribute("aria-current", "true");
      }
    }, { rootMargin: "-15% 0px -75% 0px" });
    places.forEach((place) => watch.observe(place));
  });
})();
