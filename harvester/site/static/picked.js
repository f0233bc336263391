/* Site room: trials ticked to be compared stay ticked on other pages of the list, under other filters and after going back.
   Without it a tick is kept by the buttons that turn the page. */
"use strict";
const bar = document.getElementById("picked");

function picked() {
    return new FormData(bar).getAll("trial");
}

function withPicked(address) {
    const url = new URL(address);
    url.searchParams.delete("trial");
    for (const trial of picked()) url.searchParams.append("trial", trial);
    return url.href;
}

function keep() {
    for (const link of document.querySelectorAll("main a")) {
        if (link.pathname === window.location.pathname) link.href = withPicked(link.href);
    }
    for (const form of document.querySelectorAll("main form")) {
        if (form === bar) continue;
        for (const old of form.querySelectorAll("input[name=trial]")) old.remove();
        for (const trial of picked()) {
            form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "trial", value: trial }));
        }
    }
    const count = picked().length;
    document.getElementById("picked-count").textContent = count ? ` (${count})` : "";
    window.history.replaceState(null, "", withPicked(window.location.href));
}

if (bar) {
    for (const box of bar.elements) {
        if (box.type === "checkbox") box.addEventListener("change", keep);
    }
    window.addEventListener("pageshow", () => picked().length && keep());
}
