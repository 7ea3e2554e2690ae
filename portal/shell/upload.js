// The place to drop files: every <div class="ms-upload"> that a page draws becomes one. Files go to our own route, which
// seals them before they touch a disk; the page learns of them by asking.
"use strict";
(() => {
  const words = (box, name) => box.dataset[name] || "";
  const line = (list, text, kind) => {
    const row = document.createElement("div");
    row.className = "ms-upload-row" + (kind ? " ms-upload-" + kind : "");
    const label = document.createElement("span");
    label.textContent = text;
    row.append(label);
    list.append(row);
    return { row, label };
  };
  const send = (box, list, file) => {
    const most = Number(words(box, "most"));
    const shown = line(list, file.name);
    if (file.size > most) {
      shown.row.classList.add("ms-upload-bad");
      shown.label.textContent = file.name + " · " + words(box, "large");
      return;
    }
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    const stop = document.createElement("button");
    stop.type = "button";
    stop.textContent = words(box, "cancel");
    shown.row.append(bar, stop);
    const request = new XMLHttpRequest();
    const done = (text, kind) => {
      bar.remove();
      stop.remove();
      shown.row.classList.add("ms-upload-" + kind);
      shown.label.textContent = file.name + " · " + text;
    };
    request.upload.onprogress = (event) => { if (event.lengthComputable) bar.value = event.loaded / event.total; };
    request.onload = () => {
      if (request.status === 201) {
        done(words(box, "arrived"), "good");
        setTimeout(() => shown.row.remove(), 4000); // the page lists what has arrived, as long as it is there
        return;
      }
      let said = words(box, "failed");
      try { const told = JSON.parse(request.responseText); said = [told.title, told.detail].filter(Boolean).join(" · "); } catch { /* keep ours */ }
      done(said, "bad");
    };
    request.onerror = () => done(words(box, "failed"), "bad");
    request.onabort = () => done(words(box, "cancelled"), "quiet");
    stop.onclick = () => request.abort();
    const to = words(box, "to") || "/files/upload?";
    request.open("PUT", to + "name=" + encodeURIComponent(file.name));
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.send(file);
  };
  const build = (box) => {
    box.dataset.built = "1";
    const input = document.createElement("input");
    input.type = "file";
    input.multiple = true;
    input.id = "ms-upload-" + Math.random().toString(36).slice(2);
    input.accept = words(box, "accept");
    const label = document.createElement("label");
    label.htmlFor = input.id;
    const strong = document.createElement("b");
    strong.textContent = words(box, "choose");
    const small = document.createElement("span");
    small.textContent = words(box, "hint");
    label.append(strong, small);
    const list = document.createElement("div");
    list.setAttribute("role", "status");
    const take = (files) => { for (const file of files) send(box, list, file); };
    input.onchange = () => { take(input.files); input.value = ""; };
    box.ondragover = (event) => { event.preventDefault(); box.classList.add("ms-upload-over"); };
    box.ondragleave = () => box.classList.remove("ms-upload-over");
    box.ondrop = (event) => { event.preventDefault(); box.classList.remove("ms-upload-over"); take(event.dataTransfer.files); };
    box.append(input, label, list);
  };
  new MutationObserver(() => {
    for (const box of document.querySelectorAll(".ms-upload:not([data-built])")) build(box);
  }).observe(document, { childList: true, subtree: true });
})();
