// Put into the page by its test, before its own script: functions that say what it shows, and two
// ways to interfere.

// window.doctor, if set, takes answers to fetch() and gives others.
window.doctor = null;
const honest = window.fetch.bind(window);
window.fetch = async (...what) => {
  const answer = await honest(...what);
  return window.doctor ? window.doctor(answer) : answer;
};

// Under ?hurry, waits are a quarter as long.
const patient = window.setTimeout.bind(window);
window.setTimeout = (what, ms) => patient(what, location.search === '?hurry' ? ms / 4 : ms);

const look = (() => {
  const near = (node, name) => node.closest(`[data-${name}]`)?.getAttribute(`data-${name}`) ?? '';

  // Every figure that is shown, in the closed table too: of which set and zone, what it is, its
  // value and its text.
  const figures = () => [...document.querySelectorAll('data')].filter(
      (node) => !node.closest('[hidden]')).map((node) => ({
    set: near(node, 'set'), zone: near(node, 'zone'), key: node.dataset.key,
    value: node.value, text: node.textContent, table: Boolean(node.closest('#tables')),
  }));

  // Every bar and its parts, in pixels.
  const bars = () => [...document.querySelectorAll('.bar')].map((bar) => ({
    set: near(bar, 'set'), zone: near(bar, 'zone'), name: bar.getAttribute('aria-label'),
    width: bar.getBoundingClientRect().width,
    parts: Object.fromEntries([...bar.querySelectorAll('[data-key]')].map(
        (part) => [part.dataset.key, part.getBoundingClientRect().width])),
    left: bar.querySelector('[data-key]').getBoundingClientRect().left -
          bar.getBoundingClientRect().left,
  }));

  function* texts() {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (node.data.trim() && !node.parentElement.closest('script, style, noscript')) yield node;
    }
  }

  // Text with a number in it that is no figure.
  const strayNumbers = () => [...texts()].filter(
      (node) => /\d/.test(node.data) && !node.parentElement.closest('data, #silence[hidden]'))
      .map((node) => node.data);

  // ---- Colours ----

  function rgba(colour) {
    const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  }

  function luminance({ r, g, b }) {
    const [x, y, z] = [r, g, b].map((v) => v / 255).map(
        (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  }

  function contrast(one, other) {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  }

  function ground(node) {
    for (; node; node = node.parentElement) {
      const colour = rgba(getComputedStyle(node).backgroundColor);
      if (colour.a === 1) return colour;
    }
    return { r: 255, g: 255, b: 255, a: 1 };
  }

  // Visible text below the contrast that WCAG 2 asks for at level AA.
  const faintTexts = () => [...texts()].flatMap((node) => {
    const parent = node.parentElement;
    if (!parent.checkVisibility() || parent.closest('.unseen')) return [];
    const style = getComputedStyle(parent);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const ratio = contrast(rgba(style.color), ground(parent));
    return ratio < (large ? 3 : 4.5) ? [`${node.data.trim()}: ${ratio.toFixed(2)}`] : [];
  });

  // Colours that stand for something, against what lies beside them: 3 to 1.
  const faintShapes = () => [
    ['water', 'card'], ['water', 'room'], ['edge', 'card'], ['edge', 'room'], ['alarm', 'card'],
  ].flatMap(([one, other]) => {
    const probe = document.createElement('i');
    document.body.append(probe);
    const colours = [one, other].map((name) => {
      probe.style.color = `var(--${name})`;
      return rgba(getComputedStyle(probe).color);
    });
    probe.remove();
    const ratio = contrast(...colours);
    return ratio < 3 ? [`${one} on ${other}: ${ratio.toFixed(2)}`] : [];
  });

  // ---- Size ----

  // What reaches beyond the window, and is not in a box of its own that scrolls.
  const overflowing = () => [...document.body.querySelectorAll('*')].filter((node) => {
    if (!node.checkVisibility() || node.closest('.scroll table, .unseen, .spark')) return false;
    const box = node.getBoundingClientRect();
    return box.right > innerWidth + 0.5 || box.left < -0.5;
  }).map((node) => `${node.tagName} ${node.className}: ${node.textContent.slice(0, 40)}`)
      .concat(document.documentElement.scrollWidth > innerWidth ? ['the page itself'] : []);

  // Text that runs out of its own box.
  const cut = () => [...document.querySelectorAll(
      '.trends td, .trends th, .places li, .name, .value')]
      .filter((node) => node.checkVisibility() && node.scrollWidth > node.clientWidth + 1)
      .map((node) => node.textContent);

  return { figures, bars, strayNumbers, faintTexts, faintShapes, overflowing, cut, ground,
           luminance };
})();
