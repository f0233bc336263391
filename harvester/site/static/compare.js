/* Site room: the switch between all rows and only differences without loading the page again. Without it the switch is a link. */
"use strict";
const link = document.getElementById("switch");
if (link && link.dataset.other) {
    const table = document.getElementById("comparison");
    const downloads = document.querySelectorAll(".downloads a");
    link.addEventListener("click", (event) => {
        event.preventDefault();
        const only = table.classList.toggle("only-differences");
        const here = window.location.href;
        window.history.replaceState(null, "", link.href);
        link.href = here;
        [link.textContent, link.dataset.other] = [link.dataset.other, link.textContent];
        for (const download of downloads) {
            const url = new URL(download.href);
            if (only) url.searchParams.set("only", "differences");
            else url.searchParams.delete("only");
            download.href = url.href;
        }
    });
}
