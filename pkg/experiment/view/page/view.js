const $ = id => document.getElementById(id);

// ---- Parts of the page: #try, #watch, #watch/RUN ----

let open = ""; // the run that is shown
const route = () => {
  const [part, run] = location.hash.slice(1).split("/");
  const watching = part === "watch";
  $("try").hidden = watching;
  $("watch").hidden = !watching;
  for (const [id, on] of [["to-try", !watching], ["to-watch", watching]]) {
    if (on) $(id).setAttribute("aria-current", "page");
    else $(id).removeAttribute("aria-current");
  }
  if (run && run !== open) {
    open = run;
    $("run").replaceChildren();
  }
  if (watching) watch();
};
addEventListener("hashchange", route);

// ask fetches a part of the page and says when nobody answers.
const ask = async path => {
  try {
    const answer = await fetch(path);
    $("gone").hidden = true;
    return answer;
  } catch {
    $("gone").hidden = false;
    return null;
  }
};

// ---- Try ----

let picture = null; // the file
let job = null; // what cancels the restoration in progress
let beforeURL = "";

const say = (text, bad = false) => {
  $("status").textContent = text;
  $("status").classList.toggle("bad", bad);
};

const ready = () => { $("go").disabled = !picture || !$("model").value || job !== null; };

const listModels = async () => {
  const answer = await ask("models");
  if (!answer) return;
  if (!answer.ok) return say(await answer.text(), true);
  const models = await answer.json(), groups = new Map(), chosen = $("model").value;
  for (const m of models) {
    if (!groups.has(m.group)) {
      const group = document.createElement("optgroup");
      group.label = m.group;
      groups.set(m.group, group);
    }
    groups.get(m.group).append(new Option(m.name, m.id, false, m.id === chosen));
  }
  $("model").replaceChildren(...groups.values());
  if (models.length === 0) {
    $("about").textContent = "There is no model yet: give one with -model M.onnx, or train one.";
    return ready();
  }
  if ($("model").value !== chosen) await describe();
  ready();
};

const describe = async () => {
  const id = $("model").value;
  const answer = await ask("models/" + encodeURIComponent(id));
  if (!answer || id !== $("model").value) return;
  $("noise").hidden = $("numbers").hidden = $("holes").hidden = true;
  paintable();
  if (!answer.ok) {
    $("about").textContent = await answer.text();
    return;
  }
  const m = await answer.json();
  $("about").textContent = m.network + " for " + m.task + (m.scale > 1 ? ", " + m.scale + " times the sides" : "");
  $("noise").hidden = !m.noise;
  $("numbers").hidden = m.numbers === 0;
  $("holes").hidden = !m.holes;
  paintable();
};
$("model").addEventListener("change", describe);
$("model").addEventListener("focus", listModels);

const show = async file => {
  if (job) job.abort();
  picture = file;
  $("chosen").textContent = file.name || "pasted picture";
  say("");
  $("notes").replaceChildren();
  covered();
  $("after").removeAttribute("src");
  $("size").textContent = "";
  if (file.size > Number(document.body.dataset.maxBytes)) {
    picture = null;
    say("The file has " + size(file.size) + ", more than the " + size(Number(document.body.dataset.maxBytes)) + " that are taken.", true);
    return ready();
  }
  if (beforeURL) URL.revokeObjectURL(beforeURL);
  beforeURL = URL.createObjectURL(file);
  ready();
  await display($("before"), beforeURL).then(() => {
    fit($("before").naturalWidth, $("before").naturalHeight);
    $("empty").hidden = true;
    $("compare").hidden = false;
    unpaint();
    paintable();
  }, () => { // a format that the browser does not show: TIFF
    $("empty").hidden = false;
    $("compare").hidden = true;
    $("hint").textContent = "This browser does not show the format of " + (file.name || "the picture") + ". It is shown when it is restored.";
  });
};

// display shows a picture that has been decoded.
const display = async (image, source) => {
  image.src = source;
  await image.decode();
};

const fit = (width, height) => {
  $("frame").style.setProperty("--width", width);
  $("frame").style.setProperty("--ratio", width / height);
};

const size = bytes => bytes < 1e6 ? Math.ceil(bytes / 1e3) + " kB" : (bytes / 1e6).toFixed(1) + " MB";

$("picture").addEventListener("change", () => { if ($("picture").files[0]) show($("picture").files[0]); });
addEventListener("paste", event => { if (event.clipboardData.files[0]) show(event.clipboardData.files[0]); });
addEventListener("dragover", event => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
addEventListener("dragleave", event => { if (!event.relatedTarget) document.body.classList.remove("dropping"); });
addEventListener("drop", event => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  if (!event.dataTransfer.files[0]) return;
  location.hash = "try";
  show(event.dataTransfer.files[0]);
});

$("sigma").addEventListener("input", () => {
  $("level").textContent = $("sigma").value;
  document.querySelector("input[name=noise][value=set]").checked = true;
});
$("slider").addEventListener("input", () => $("frame").style.setProperty("--at", $("slider").value + "%"));
$("actual").addEventListener("click", () => {
  const on = $("pane").classList.toggle("actual");
  $("actual").setAttribute("aria-pressed", on);
});

// ---- What is filled: the canvas over the picture, as large as the picture, opaque where it is painted ----

let painted = false;
const pen = $("paint").getContext("2d", { willReadFrequently: true });

// paintable shows the canvas while there is something to paint on, and no result.
const paintable = () => { $("paint").hidden = $("holes").hidden || $("compare").hidden || !$("slider").hidden; };

const unpaint = () => {
  $("paint").width = $("before").naturalWidth || 1;
  $("paint").height = $("before").naturalHeight || 1;
  painted = false;
};
$("unpaint").addEventListener("click", () => {
  unpaint();
  covered();
  paintable();
});

// covered takes the result away.
const covered = () => {
  for (const e of [$("after"), $("divider"), $("slider"), $("download"), document.querySelector(".tag.right")]) e.hidden = true;
};

let from = null; // where the stroke is
const stroke = event => {
  if (!from) return;
  const box = $("paint").getBoundingClientRect(), scale = $("paint").width / box.width;
  const to = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  pen.strokeStyle = "#ff8a00";
  pen.lineCap = "round";
  pen.lineWidth = $("brush").value * scale;
  pen.beginPath();
  pen.moveTo(...(from.length ? from : to));
  pen.lineTo(to[0] + 0.01, to[1]); // a line without length would not be drawn
  pen.stroke();
  from = to;
  painted = true;
};
$("paint").addEventListener("pointerdown", event => {
  $("paint").setPointerCapture(event.pointerId);
  from = [];
  stroke(event);
});
$("paint").addEventListener("pointermove", stroke);
$("paint").addEventListener("pointerup", () => { from = null; });

$("mask").addEventListener("change", async () => {
  const file = $("mask").files[0];
  if (!file || !picture) return;
  const image = await createImageBitmap(file).catch(() => null);
  unpaint();
  if (!image || image.width !== $("paint").width || image.height !== $("paint").height) return say("The mask is not a picture of the same size.", true);
  pen.drawImage(image, 0, 0);
  const all = pen.getImageData(0, 0, image.width, image.height);
  for (let i = 0; i < all.data.length; i += 4) {
    const white = all.data[i] + all.data[i + 1] + all.data[i + 2] >= 384;
    all.data.set(white ? [255, 138, 0, 255] : [0, 0, 0, 0], i);
  }
  pen.putImageData(all, 0, 0);
  painted = true;
  covered();
  paintable();
});

// mask is what is painted as a picture: white on black.
const mask = () => {
  const all = pen.getImageData(0, 0, $("paint").width, $("paint").height);
  for (let i = 0; i < all.data.length; i += 4) {
    const v = all.data[i + 3] > 127 ? 255 : 0;
    all.data.set([v, v, v, 255], i);
  }
  const canvas = new OffscreenCanvas(all.width, all.height);
  canvas.getContext("2d").putImageData(all, 0, 0);
  return canvas.convertToBlob();
};

// lines hands on the objects of an answer, which come one a line.
const lines = async (answer, each) => {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const whole = rest.split("\n");
    rest = whole.pop();
    for (const line of whole) if (line) each(JSON.parse(line));
  }
};

const restore = async () => {
  const ask = new URLSearchParams({ model: $("model").value, format: $("format").value, name: picture.name });
  if (!$("noise").hidden && document.querySelector("input[name=noise]:checked").value === "set") ask.set("sigma", $("sigma").value);
  if (!$("numbers").hidden) ask.set("t", $("t").value);
  const mine = job = new AbortController();
  $("cancel").hidden = $("progress").hidden = false;
  $("progress").removeAttribute("value");
  $("notes").replaceChildren();
  say("Sending the picture");
  ready();
  let result = null, error = "";
  try {
    let body = picture;
    if (!$("holes").hidden && painted) {
      body = new FormData();
      body.append("mask", await mask());
      body.append("picture", picture);
    }
    const answer = await fetch("restore?" + ask, { method: "POST", body, signal: mine.signal });
    if (!answer.ok) error = await answer.text();
    else await lines(answer, e => {
      if (e.ahead) say("Waiting: " + e.ahead + (e.ahead > 1 ? " others come" : " other comes") + " first");
      if (e.begun) say("Restoring");
      if (e.of > 1) {
        say("Restoring: tile " + e.tiles + " of " + e.of);
        $("progress").value = e.tiles / e.of;
      }
      if (e.note) $("notes").append(Object.assign(document.createElement("li"), { textContent: e.note }));
      if (e.error) error = e.error;
      if (e.result) result = e.result;
    });
    if (!result && !error) error = "The answer broke off.";
  } catch (e) {
    error = mine.signal.aborted ? "Cancelled." : "The program does not answer.";
  }
  job = null;
  $("cancel").hidden = $("progress").hidden = true;
  ready();
  if (!result) return say(error.trim(), true);
  await reveal(result);
};

const reveal = async r => {
  say("Done");
  const name = (picture.name || "picture").replace(/\.[^.]*$/, "") + "-restored" + r.after.match(/\.[a-z]+$/)[0];
  $("download").href = r.after;
  $("download").download = name;
  if (r.before) await display($("before"), r.before);
  await display($("after"), r.after);
  fit(r.width, r.height);
  $("empty").hidden = true;
  for (const e of [$("compare"), $("after"), $("divider"), $("slider"), $("download"), document.querySelector(".tag.right")]) e.hidden = false;
  paintable();
  $("size").textContent = r.width + " × " + r.height + " pixels, " + size(r.bytes);
  $("slider").focus({ preventScroll: true });
  $("compare").scrollIntoView({ block: "nearest" });
};

$("controls").addEventListener("submit", event => {
  event.preventDefault();
  if (picture && !job) restore();
});
$("cancel").addEventListener("click", () => { if (job) job.abort(); });

// ---- Watch ----

// change brings the children of to, which have names, to those of html and touches only what differs.
const drawn = new WeakMap();
const change = (to, html) => {
  const next = [...new DOMParser().parseFromString(html, "text/html").body.children];
  const names = list => [...list].map(e => e.dataset.part).join();
  for (const e of next) drawn.set(e, e.outerHTML);
  if (names(next) !== names(to.children)) return to.replaceChildren(...next);
  [...to.children].forEach((e, i) => { if (drawn.get(e) !== drawn.get(next[i])) e.replaceWith(next[i]); });
};

let timer = 0;
const watch = async () => {
  clearTimeout(timer);
  if ($("watch").hidden) return;
  if (!document.hidden) {
    const list = await ask("runs");
    if (list && list.ok) {
      const html = await list.text();
      if (drawn.get($("runs")) !== html + open) {
        const at = document.activeElement?.closest("#runs a")?.hash;
        $("runs").innerHTML = html;
        if (!open) { // show the first run
          const first = $("runs").querySelector("li:not(.tables) a");
          if (first) return location.replace(first.hash);
        }
        for (const a of $("runs").querySelectorAll("a")) {
          if (a.hash === "#watch/" + open) a.setAttribute("aria-current", "true");
          if (a.hash === at) a.focus({ preventScroll: true });
        }
        drawn.set($("runs"), html + open);
      }
    }
    const asked = open;
    const run = asked && await ask("runs/" + asked);
    if (run && asked === open) {
      const text = await run.text();
      if (run.ok) change($("run"), text);
      else $("run").textContent = text;
    }
  }
  clearTimeout(timer);
  timer = setTimeout(watch, $("gone").hidden ? 2000 : 5000);
};
document.addEventListener("visibilitychange", () => { if (!document.hidden) watch(); });

listModels();
route();
