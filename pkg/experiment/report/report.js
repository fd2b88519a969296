for (const chart of document.querySelectorAll("svg.chart")) {
  const tip = chart.parentElement.querySelector(".tip");
  const points = [...chart.querySelectorAll("circle")];
  let shown = null;
  const hide = () => {
    if (shown) shown.classList.remove("near");
    shown = null;
    tip.hidden = true;
  };
  const show = event => {
    const box = chart.getBoundingClientRect(), scale = box.width / chart.viewBox.baseVal.width;
    const x = (event.clientX - box.left) / scale, y = (event.clientY - box.top) / scale;
    let least = 40 * 40, nearest = null;
    for (const p of points) {
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
  chart.addEventListener("pointermove", show);
  chart.addEventListener("pointerdown", show);
  chart.addEventListener("pointerleave", hide);
}
