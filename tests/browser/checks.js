/* Functions that a browser test evaluates in a page; each returns a list of faults. */
const shown = (element) => element.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true });

/* Colour of text or background as [r, g, b, alpha]; the browser computes all colours as rgb(). */
const rgb = (text) => {
  const numbers = text.match(/[\d.]+/g).map(Number);
  return text.startsWith("color(srgb") ? [...numbers.slice(0, 3).map((x) => x * 255), numbers[3] ?? 1]
    : [...numbers.slice(0, 3), numbers[3] ?? 1];
};
const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);

/* Effective background: the backgrounds of the element and its ancestors, from the page upwards. */
const background = (element) => {
  const layers = [];
  for (let each = element; each; each = each.parentElement) layers.push(rgb(getComputedStyle(each).backgroundColor));
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  return layers.reverse().reduce((below, top) => over(top, below), dark ? [0, 0, 0, 1] : [255, 255, 255, 1]);
};

/* Relative luminance and contrast by WCAG 2. */
const luminance = (color) => {
  const [r, g, b] = color.map((x) => (x /= 255) <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
};

const textNodes = () => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() && !parent.closest("title, desc, style") && shown(parent)) nodes.push(walker.currentNode);
  }
  return nodes;
};
const path = (element) => `${element.tagName.toLowerCase()}.${element.getAttribute("class") ?? ""}`;

const checks = {
  lowContrast: () => {
    const faults = new Set();
    for (const node of textNodes()) {
      const element = node.parentElement;
      const box = element.previousElementSibling;
      const page = background(element);
      const below = box?.tagName === "rect" ? over(rgb(getComputedStyle(box).fill), page) : page;
      const style = getComputedStyle(element);
      const paint = element instanceof SVGElement ? style.fill : style.color;
      const ratio = contrast(over(rgb(paint), below), below);
      if (ratio < 4.5) faults.add(`${path(element)} ${ratio.toFixed(2)}: ${node.data.trim().slice(0, 40)}`);
    }
    return [...faults];
  },
  cut: () => {
    const faults = [];
    const root = document.scrollingElement;
    if (root.scrollWidth > root.clientWidth) faults.push(`the page is ${root.scrollWidth} px wide`);
    for (const element of document.querySelectorAll("body *")) {
      if (!shown(element) || element instanceof SVGElement) continue;
      const box = element.getBoundingClientRect();
      if (box.width && box.right > root.clientWidth + 1) faults.push(`${path(element)} ends at ${box.right}`);
      const clips = getComputedStyle(element).overflowX !== "visible";
      if (clips && element.scrollWidth > element.clientWidth + 1) faults.push(`${path(element)} is cut`);
    }
    return faults;
  },
  unresolvedFigures: () => {
    const faults = [];
    for (const element of document.querySelectorAll("[data-figure]")) {
      /* Figures of one metric share a place, which has the name of the first venue that has it. */
      const metric = element.dataset.figure.split(".").slice(1).join(".");
      const link = (element.closest("a") ?? element.querySelector("a"))?.getAttribute("href");
      const own = element.closest(`[id^="f."]`);
      const target = own ?? document.getElementById(decodeURIComponent((link ?? "#").slice(1)));
      if (!target || target.id.split(".").slice(2).join(".") !== metric) faults.push(element.dataset.figure);
    }
    return faults;
  },
  deadLinks: () => [...document.querySelectorAll("a")].map((link) => link.getAttribute("href"))
    .filter((href) => !href.startsWith("#") || !document.getElementById(decodeURIComponent(href.slice(1)))),
  /* Names whose parts between dots do not each stand on one line. */
  brokenNames: () => {
    const faults = [];
    for (const name of document.querySelectorAll("code.name")) {
      if (!shown(name)) continue;
      for (const node of name.childNodes) {
        if (node.nodeType !== Node.TEXT_NODE) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        if (new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1) faults.push(name.textContent);
      }
    }
    return faults;
  },
  openFolds: () => { document.querySelectorAll("details").forEach((each) => { each.open = true; }); return []; },
  foldsClosedInPrint: () => [...document.querySelectorAll("details:not(.long) > :not(summary)")]
    .filter((each) => !each.closest("details.long") && !shown(each)).map(path),
};
