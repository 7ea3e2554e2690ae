// Beside Streamlit's own front end: keep the document's language right, and leave when the session has ended.
"use strict";
window.prerenderReady = false;
(() => {
  const follow = () => {
    const mark = document.querySelector("[data-page-language]") || document.querySelector(".ms-language");
    const tag = mark && (mark.getAttribute("lang") || mark.dataset.pageLanguage);
    if (tag && document.documentElement.lang !== tag) document.documentElement.lang = tag;
    // what Streamlit leaves out for screen readers and keyboards
    for (const list of document.querySelectorAll('ul[data-testid="stSidebarNavItems"]:not([role])')) list.setAttribute("role", "group");
    for (const item of document.querySelectorAll('[data-testid="stSidebarNavItems"] li:not([role])')) item.setAttribute("role", "none");
    for (const box of document.querySelectorAll('[data-testid="stVerticalBlock"][overflow="auto"]:not([tabindex])')) box.tabIndex = 0;
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
  document.addEventListener("click", (event) => {
    // on a narrow screen the navigation lies over the page: give the page back once one was chosen
    const link = event.target instanceof Element && event.target.closest('[data-testid="stSidebarNavLink"]');
    const close = document.querySelector('[data-testid="stSidebarCollapseButton"] button');
    if (link && close && window.innerWidth < 768) setTimeout(() => close.click(), 0);
  });
  document.addEventListener("visibilitychange", check);
  window.addEventListener("pageshow", (event) => { if (event.persisted) check(); });
})();
