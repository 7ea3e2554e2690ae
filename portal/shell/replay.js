// One shift of the line, played: every <div class="ms-replay"> that a page draws gets a button and a slider. Nothing
// moves before somebody presses the button; who prefers reduced motion gets the slider alone.
"use strict";
(() => {
  const SECONDS = 40; // for the whole shift
  const build = (box) => {
    box.dataset.built = "1";
    const seen = JSON.parse(box.dataset.frames);
    const words = JSON.parse(box.dataset.words);
    const last = seen.bottleneck.length - 1;
    const most = seen.levels.map((row) => Math.max(1, ...row));
    const place = box.querySelector(".ms-replay-controls");
    const gantt = box.querySelector(".ms-gantt");
    const slider = document.createElement("input");
    slider.type = "range";
    slider.min = 0;
    slider.max = last;
    slider.value = 0;
    slider.setAttribute("aria-label", words.moment);
    const button = document.createElement("button");
    button.type = "button";
    const told = document.createElement("span");
    told.className = "ms-replay-told";
    const cursor = document.createElement("span");
    cursor.className = "ms-gantt-cursor";
    cursor.setAttribute("aria-hidden", "true");
    gantt.append(cursor);
    const clock = (slice) => {
      const minutes = Math.round((seen.begin + (slice / (last + 1)) * (seen.end - seen.begin)) / 60);
      const two = (number) => String(number).padStart(2, "0");
      return two(Math.floor(minutes / 60) % 24) + ":" + two(minutes % 60);
    };
    const show = (slice) => {
      const neck = seen.bottleneck[slice];
      for (const station of box.querySelectorAll("[data-station]")) {
        const number = Number(station.dataset.station);
        station.classList.toggle("ms-replay-neck", number === neck);
        const states = [];
        for (const lamp of station.querySelectorAll("[data-machine]")) {
          const state = Number(seen.states[Number(lamp.dataset.machine)][slice]);
          lamp.style.background = words.colours[state];
          if (!states.includes(words.states[state])) states.push(words.states[state]);
        }
        station.querySelector(".ms-replay-state").textContent = states.join(" / ");
      }
      for (const room of box.querySelectorAll("[data-room]")) {
        const number = Number(room.dataset.room);
        const level = seen.levels[number][slice];
        const places = seen.rooms[number];
        room.querySelector("i").style.height = Math.min(100, (100 * level) / (places === null ? most[number] : places)) + "%";
        const text = Math.round(level) + " / " + (places === null ? "∞" : places);
        room.lastElementChild.textContent = text;
        room.title = words.level + " " + words.names[number] + ": " + text;
      }
      const row = gantt.querySelector(".ms-gantt-row");
      cursor.style.left = row.offsetLeft + (row.offsetWidth * (slice + 0.5)) / (last + 1) + "px";
      const who = neck < 0 ? words.off : words.holds + " " + words.names[neck];
      told.textContent = clock(slice) + " · " + who;
      slider.setAttribute("aria-valuetext", told.textContent);
    };
    let since = 0;
    let from = 0;
    const label = () => { button.textContent = (since ? "❚❚ " : "▶ ") + (since ? words.pause : words.play); };
    const stop = () => { since = 0; label(); };
    const step = (now) => {
      if (!since || !box.isConnected) return;
      const slice = Math.min(last, from + Math.floor(((now - since) / (SECONDS * 1000)) * last));
      if (slice !== Number(slider.value)) { slider.value = slice; show(slice); }
      if (slice === last) stop(); else requestAnimationFrame(step);
    };
    button.onclick = () => {
      if (since) { stop(); return; }
      from = Number(slider.value) === last ? 0 : Number(slider.value);
      since = performance.now();
      label();
      requestAnimationFrame(step);
    };
    slider.oninput = () => { stop(); show(Number(slider.value)); };
    label();
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) place.append(button);
    place.append(slider, told);
    new ResizeObserver(() => show(Number(slider.value))).observe(gantt);
    show(0);
  };
  new MutationObserver(() => {
    for (const box of document.querySelectorAll(".ms-replay:not([data-built])")) build(box);
  }).observe(document, { childList: true, subtree: true });
})();
