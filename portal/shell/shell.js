// Beside Streamlit's own front end: keep the document's language right, and leave when the session has ended.
"use strict";
window.prerenderReady = false;
(() => {
  const follow = () => {
    const mark = document.querySelector("[data-page-language]") || document.querySelector(".ms-language");
    const tag = mark && (mark.getAttribute("lang") || mark.dataset.pageLanguage);
    if (tag && document.documentElement.lang !== tag) document.documentElement.lang = tag;
  };
  new MutationObserver(follow).observe(document, { childList: true, subtree: true });
  const check = async () => {
    if (document.visibilityState !== "visible") return;
    try {
      const answer = await fetch("/auth/alive", { headers: { Accept: "application/json" } });
      if (answer.status === 401) {
        const here = location.pathname + location.search;
        location.replace("/auth/sign-in?ended=1&next=" + encodeURIComponent(here));
      }
    } catch {
      // no network: Streamlit says so itself
    }
  };
  document.addEventListener("visibilitychange", check);
  window.addEventListener("pageshow", (event) => { if (event.persisted) check(); });
})();
