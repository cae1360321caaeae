// What the page does beyond what a page does by itself: the filter, opening and closing, the choice of light or dark, and
// opening everything for the printer. The page reads as well without it. Its digest stands in the page's policy, so that
// nothing else can run there, whatever a board may print.

import Crypto

enum HTMLScript {
    /// The script.
    static let text = """
        "use strict";
        const all = s => [...document.querySelectorAll(s)];
        const tests = all(".test"), chips = all(".chip"), box = document.getElementById("find");
        const nothing = document.getElementById("nothing");
        const apply = () => {
          const on = chips.filter(c => c.getAttribute("aria-pressed") === "true").map(c => c.dataset.verdict);
          const words = box.value.toLowerCase().split(/\\s+/).filter(Boolean);
          let shown = 0;
          for (const t of tests) {
            const text = t.dataset.text;
            t.hidden = (on.length > 0 && !on.includes(t.dataset.verdict)) || !words.every(w => text.includes(w));
            if (!t.hidden) shown += 1;
          }
          nothing.hidden = shown > 0;
        };
        for (const c of chips) c.addEventListener("click", () => {
          c.setAttribute("aria-pressed", String(c.getAttribute("aria-pressed") !== "true"));
          apply();
        });
        box.addEventListener("input", apply);
        document.addEventListener("keydown", e => {
          if (e.key === "/" && document.activeElement !== box) { e.preventDefault(); box.focus(); }
          if (e.key === "Escape" && document.activeElement === box) { box.value = ""; apply(); box.blur(); }
        });
        document.getElementById("fold").addEventListener("click", e => {
          const open = !tests.every(t => t.open);
          for (const t of tests) t.open = open;
          e.target.textContent = open ? "Close all" : "Open all";
        });
        const show = () => {
          const at = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
          if (!at) return;
          for (let e = at; e; e = e.parentElement) {
            if (e.tagName === "DETAILS") e.open = true;
            if (e.hidden) e.hidden = false;
          }
          at.scrollIntoView({block: "start"});
        };
        addEventListener("hashchange", show);
        show();
        for (const log of all(".log")) {
          const end = log.querySelector(".at.failed, .at.error");
          if (end) log.scrollTop = end.offsetTop + end.offsetHeight + 10 - log.clientHeight;
        }
        let before = [];
        addEventListener("beforeprint", () => {
          before = all("details:not([open])");
          for (const d of before) d.open = true;
        });
        addEventListener("afterprint", () => { for (const d of before) d.open = false; });
        const root = document.documentElement, theme = document.getElementById("theme");
        const kinds = ["auto", "light", "dark"];
        let kind = "auto";
        try { kind = localStorage.getItem("espmask-theme") || "auto"; } catch {}
        const dress = () => {
          if (kind === "auto") delete root.dataset.theme; else root.dataset.theme = kind;
          theme.textContent = {auto: "◐ auto", light: "☀ light", dark: "☾ dark"}[kind];
        };
        theme.addEventListener("click", () => {
          kind = kinds[(kinds.indexOf(kind) + 1) % 3];
          try { localStorage.setItem("espmask-theme", kind); } catch {}
          dress();
        });
        dress();
        """

    /// Its digest as a Content-Security-Policy names it.
    static let policy = "'sha256-" + Base64.text(Array(SHA256.hash(data: Array(text.utf8)))) + "'"
}
