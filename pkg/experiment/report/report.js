// What the point under the pointer is, of every chart of the page, those that come later too.
let shown = null;
const hide = () => {
  if (!shown) return;
  shown.classList.remove("near");
  const tip = shown.closest(".plot")?.querySelector(".tip");
  if (tip) tip.hidden = true;
  shown = null;
};
const show = event => {
  const chart = event.target.closest?.("svg.chart");
  if (!chart) return;
  const tip = chart.parentElement.querySelector(".tip");
  const box = chart.getBoundingClientRect(), scale = box.width / chart.viewBox.baseVal.width;
  const x = (event.clientX - box.left) / scale, y = (event.clientY - box.top) / scale;
  let least = 40 * 40, nearest = null;
  for (const p of chart.querySelectorAll("circle")) {
    const dx = p.cx.baseVal.value - x, dy = p.cy.baseVal.value - y, away = dx * dx + dy * dy;
    if (away < least) { least = away; nearest = p; }
  }
  if (nearest === shown) return;
  hide();
  if (!nearest) return;
  shown = nearest;
  shown.classList.add("near");
  tip.textContent = shown.dataset.tip;
  tip.hidden = false;
  const left = shown.cx.baseVal.value * scale - tip.offsetWidth / 2;
  tip.style.left = Math.max(0, Math.min(left, box.width - tip.offsetWidth)) + "px";
  tip.style.top = Math.max(0, shown.cy.baseVal.value * scale - tip.offsetHeight - 10) + "px";
};
addEventListener("pointermove", show, true);
addEventListener("pointerdown", show, true);
addEventListener("pointerleave", event => { if (event.target.matches?.("svg.chart")) hide(); }, true);
