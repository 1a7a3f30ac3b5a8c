// Charts, and files that are dropped. Everything else is links and forms.
"use strict";

function draw(root) {
  for (const figure of root.querySelectorAll("figure.chart:not([data-drawn])")) {
    figure.dataset.drawn = "yes";
    const spec = JSON.parse(figure.querySelector("script").textContent);
    const view = figure.querySelector(".view");
    if (spec.width && figure.clientWidth) spec.width = Math.max(220, Math.min(900, figure.clientWidth - 110));
    window.vegaEmbed(view, spec, {actions: false, renderer: "svg", ast: true, defaultStyle: false})
      .then(() => { const svg = view.querySelector("svg"); if (svg) { svg.setAttribute("aria-hidden", "true"); for (const e of svg.querySelectorAll("[role],[aria-label],[aria-roledescription],[tabindex]")) for (const a of ["role", "aria-label", "aria-roledescription", "tabindex"]) e.removeAttribute(a); } })
      .catch((error) => { view.textContent = String(error); });
  }
}

function sendFile(file, box, purpose) {
  return new Promise((resolve, reject) => {
    const line = document.createElement("p"), bar = document.createElement("progress"), label = document.createElement("span");
    bar.max = 1; bar.value = 0; bar.setAttribute("aria-label", file.name); label.textContent = file.name;
    line.append(label, bar); box.querySelector("[data-progress]").append(line);
    const request = new XMLHttpRequest();
    request.open("POST", "/api/v1/uploads?purpose=" + purpose + "&name=" + encodeURIComponent(file.name));
    request.setRequestHeader("content-type", "application/octet-stream");
    request.upload.onprogress = (e) => { if (e.lengthComputable) bar.value = e.loaded / e.total; };
    request.onload = () => {
      let told = {};
      try { told = JSON.parse(request.responseText); } catch (_) { told = {message: request.statusText, hint: ""}; }
      if (request.status === 201) { resolve(told); return; }
      line.className = "note warn"; line.setAttribute("role", "alert");
      line.textContent = file.name + ": " + told.message + " " + told.hint;
      reject(new Error(told.code));
    };
    request.onerror = () => { line.className = "note warn"; line.setAttribute("role", "alert"); line.textContent = file.name + ": " + box.dataset.lost; reject(new Error("lost")); };
    request.send(file);
  });
}

async function sendAll(files, box) {
  const done = [];
  for (const file of files) {
    try { done.push(await sendFile(file, box, box.dataset.purpose)); } catch (_) { /* said in the box */ }
  }
  if (done.length === 1 && files.length === 1) location.href = box.dataset.review + done[0].id;
  else if (done.length === files.length && done.length) location.reload();
  else if (done.length) { const again = document.createElement("a"); again.href = location.href; again.textContent = box.dataset.go; box.querySelector("[data-progress]").append(again); }
}

for (const box of document.querySelectorAll(".drop")) {
  const input = box.querySelector("input[type=file]");
  input.addEventListener("change", () => { if (input.files.length) sendAll([...input.files], box); });
  box.addEventListener("dragover", (e) => { e.preventDefault(); box.classList.add("over"); });
  box.addEventListener("dragleave", () => box.classList.remove("over"));
  box.addEventListener("drop", (e) => { e.preventDefault(); box.classList.remove("over"); if (e.dataTransfer.files.length) sendAll([...e.dataTransfer.files], box); });
}
for (const box of document.querySelectorAll("[data-field]")) {
  const [input, hidden] = [box.querySelector("input[type=file]"), box.querySelector("input[type=hidden]")];
  if (hidden.value) input.required = false;
  input.addEventListener("change", async () => {
    const button = box.closest("form").querySelector("button"), state = box.querySelector("[data-progress]");
    hidden.value = ""; state.textContent = "";
    if (!input.files.length) return;
    button.disabled = true;
    try { hidden.value = (await sendFile(input.files[0], box, "input")).id; state.textContent = "✓ " + input.files[0].name; } catch (_) { input.value = ""; /* said in the box */ }
    button.disabled = false;
  });
  box.closest("form").addEventListener("submit", () => { input.disabled = true; });
}
for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => { for (const d of document.querySelectorAll("details")) d.open = true; window.print(); });
document.addEventListener("keydown", (e) => {
  if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "k") { const find = document.querySelector("form.find input"); if (find) { e.preventDefault(); find.focus(); find.select(); } }
});
draw(document);
document.addEventListener("htmx:afterSwap", (e) => draw(e.target));
