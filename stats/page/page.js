'use strict';
(() => {
  const PERIOD_MS = 1000;
  const HISTORY = 120;  // samples kept for the lines: two minutes
  const NEARLY_FULL = 0.9;
  const PLACES = [
    ['in_use', 'in-use', 'in use'],
    ['cached_thread', 'thread', 'in threads'],
    ['cached_depot', 'depot', 'in depot'],
    ['cached_slab', 'slab', 'in slabs'],
  ];
  const EVENTS = [['failures', 'failures'], ['waits', 'waits'], ['recalls', 'recalls'],
                  ['drains', 'drains']];

  const $ = (id) => document.getElementById(id);

  // ---- Figures as people read them ----

  const whole = (n) => Math.round(n).toLocaleString('en-US');

  function scaled(n, base, units) {
    let step = 0;
    while (Math.abs(n) >= base && step < units.length - 1) { n /= base; ++step; }
    const digits = Number.isInteger(n) ? 0 : step === 0 ? 1 : n < 10 ? 2 : n < 100 ? 1 : 0;
    return n.toFixed(digits) + units[step];
  }

  const short = (n) => (n < 10000 ? (n >= 100 || Number.isInteger(n) ? whole(n) : n.toFixed(1))
                                  : scaled(n, 1000, ['', ' k', ' M', ' G', ' T']));
  const bytes = (n) => scaled(n, 1024, [' B', ' KiB', ' MiB', ' GiB', ' TiB']);
  const percent = (part) => (part > 0 && part < 0.001 ? '< 0.1 %'
                             : (100 * part).toFixed(part > 0 && part < 0.1 ? 1 : 0) + ' %');

  function duration(seconds) {
    if (seconds < 1) return scaled(seconds * 1e6, 1000, [' µs', ' ms', ' s']);
    const [d, h, m] = [86400, 3600, 60].map((unit) => Math.floor(seconds / unit));
    if (d) return `${d} d ${h % 24} h`;
    if (h) return `${h} h ${m % 60} min`;
    if (m) return `${m} min ${Math.floor(seconds % 60)} s`;
    return `${Math.floor(seconds)} s`;
  }

  const inUnit = { bytes, seconds: duration, '': short };
  const zoneTitle = (zone) => zone.name.replace(/_/g, ' ');

  // ---- Elements ----

  function add(parent, tag, attributes = {}, text = '') {
    const svg = ['svg', 'path'].includes(tag);
    const node = svg ? document.createElementNS('http://www.w3.org/2000/svg', tag)
                     : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    if (text) node.textContent = text;
    return parent.appendChild(node);
  }

  // Touches the document only when something changes, so that a screen reader stays quiet.
  const setText = (node, text) => { if (node.textContent !== text) node.textContent = text; };

  // ---- Lines of the last two minutes ----

  class Line {
    constructor(parent) {
      this.svg = add(parent, 'svg', { class: 'spark', viewBox: `0 0 ${HISTORY - 1} 28`,
                                      preserveAspectRatio: 'none', role: 'img' });
      this.area = add(this.svg, 'path', { class: 'area' });
      this.line = add(this.svg, 'path', { class: 'line' });
      this.event = add(this.svg, 'path', { class: 'event' });
      this.values = [];
      this.events = [];
    }

    push(value, event = false) {
      this.values.push(value);
      this.events.push(event);
      if (this.values.length > HISTORY) { this.values.shift(); this.events.shift(); }
    }

    get top() { return this.values.length ? Math.max(...this.values) : 0; }

    draw(label) {
      const first = HISTORY - this.values.length;  // the newest sample is always at the right
      const top = this.top || 1;
      const y = (v) => (27 - 25 * v / top).toFixed(2);
      const points = this.values.map((v, i) => `${first + i} ${y(v)}`);
      const path = points.length ? 'M' + points.join('L') : '';
      this.line.setAttribute('d', path);
      this.area.setAttribute('d', path && `${path}V28H${first}Z`);
      this.event.setAttribute('d', this.events.map((on, i) => (on ? `M${first + i} 24V30` : ''))
                                              .join(''));
      this.svg.setAttribute('aria-label', label);
    }
  }

  // ---- A pool ----

  class Pool {
    constructor(parent, zone) {
      this.root = add(parent, 'article', { class: 'pool' });
      const head = add(this.root, 'div', { class: 'head' });
      add(head, 'h3', {}, zoneTitle(zone));
      const sub = add(head, 'div', { class: 'sub' });
      add(sub, 'span', {}, `${bytes(zone.size)} each`);
      this.held = add(sub, 'span');
      const level = add(this.root, 'div');
      this.bar = add(level, 'div', { class: 'bar room', role: 'img' });
      this.parts = PLACES.map(([, name]) => add(this.bar, 'i', { class: name }));
      this.mark = add(this.bar, 'i', { class: 'mark', hidden: '' });
      this.places = add(level, 'div', { class: 'places' });
      this.counts = PLACES.map(([, , title]) => {
        const place = add(this.places, 'span');
        const count = add(place, 'b');
        place.append(' ' + title);
        return count;
      });
      this.state = add(this.places, 'span', { class: 'state' });
      const rates = add(this.root, 'div');
      this.line = new Line(rates);
      const rate = add(rates, 'div', { class: 'rate' });
      this.now = add(rate, 'strong');
      this.peak = add(rate, 'span');
      const events = add(this.root, 'dl', { class: 'events' });
      this.events = EVENTS.map(([, title]) => {
        const row = add(events, 'div');
        add(row, 'dt', {}, title);
        return add(row, 'dd');
      });
    }

    update(zone, before, seconds) {
      const rate = before ? (zone.allocs - before.allocs) / seconds : 0;
      const fresh = EVENTS.map(([key]) => (before ? zone[key] - before[key] : 0));
      const trouble = fresh[0] > 0 || fresh[1] > 0 || fresh[3] > 0;
      if (before) this.line.push(rate, trouble);
      this.recent = this.line.events.slice(-10).some(Boolean);
      this.draw(zone, rate, fresh);
    }

    draw(zone, rate, fresh) {
      this.root.classList.toggle('idle', zone.allocs === 0 && zone.total === 0);
      setText(this.held, zone.bytes ? `${bytes(zone.bytes)} held` : '');
      const scale = zone.limit || zone.total * 1.25 || 1;
      PLACES.forEach(([key], i) => {
        this.parts[i].style.width = `${100 * zone[key] / scale}%`;
        this.parts[i].classList.toggle('some', zone[key] > 0);
        setText(this.counts[i], whole(zone[key]));
      });
      this.mark.hidden = !zone.low_water;
      this.mark.style.left = `${100 * zone.low_water / scale}%`;
      const words = describe(zone);
      const reserve = zone.low_water ? `, ${whole(zone.low_water)} kept in reserve` : '';
      setText(this.state, words.text + reserve);
      this.state.className = `state ${words.level}`;
      this.bar.setAttribute('aria-label', PLACES.map(
          ([key, , title]) => `${whole(zone[key])} ${title}`).join(', ') + `; ${words.text}`);
      const idle = zone.allocs === 0;
      setText(this.now, idle ? 'not used yet' : `${short(rate)} allocations/s`);
      setText(this.peak, idle ? '' : `peak ${short(this.line.top)}/s`);
      this.line.draw(`Allocations per second: now ${short(rate)}, ` +
                     `highest of two minutes ${short(this.line.top)}`);
      EVENTS.forEach(([key], i) => {
        // A recall alone is no trouble: it found what was asked for.
        const trouble = fresh[i] > 0 && key !== 'recalls';
        setText(this.events[i], (trouble ? '▲ ' : '') + short(zone[key]));
        this.events[i].className = trouble ? 'now' : '';
      });
    }
  }

  function describe(zone) {
    const limit = zone.limit ? ` of ${whole(zone.limit)}` : ', no limit';
    const part = zone.limit ? zone.in_use / zone.limit : 0;
    const room = zone.limit ? `${percent(part)}${limit}` : limit.slice(2);
    if (zone.waiting) return { level: 'alarm', text: `${whole(zone.waiting)} waiting, ${room}` };
    if (part >= NEARLY_FULL) return { level: 'warn', text: `nearly full: ${room}` };
    return { level: '', text: room };
  }

  // ---- The sentence at the top ----

  function sentence(zones, pools) {
    const parts = [];
    let level = '';
    for (const zone of zones) {
      const name = zoneTitle(zone);
      const pool = pools.get(zone.name);
      const part = zone.limit ? zone.in_use / zone.limit : 0;
      if (zone.waiting) {
        parts.push(`${whole(zone.waiting)} waiting for a ${name}`);
        level = 'alarm';
      } else if (part >= NEARLY_FULL) {
        parts.push(`${name} pool ${pool.recent ? 'full and draining' : 'nearly full'}`);
        level = level || 'warn';
      } else if (pool.recent) {
        parts.push(`${name} pool ran short a moment ago`);
        level = level || 'warn';
      }
    }
    const text = parts.length ? parts.join(', ') + '.' : 'Every pool has room.';
    return { level, text: text[0].toUpperCase() + text.slice(1) };
  }

  // ---- Tiles: the server's figures and the process's ----

  class Tiles {
    constructor(parent) { this.parent = parent; this.tiles = new Map(); }

    update(figure, before, seconds) {
      let tile = this.tiles.get(figure.name);
      if (!tile) {
        const root = add(this.parent, 'li');
        add(root, 'span', { class: 'name' }, figure.name);
        tile = { value: add(root, 'span', { class: 'value' }), line: new Line(root) };
        this.tiles.set(figure.name, tile);
      }
      const counter = figure.kind === 'counter';
      if (counter && !before) return;
      const value = counter ? (figure.value - before.value) / seconds : figure.value;
      const text = inUnit[figure.unit](value) + (counter ? '/s' : '');
      tile.line.push(value);
      setText(tile.value, text);
      tile.line.draw(`${figure.name}: now ${text}`);
    }
  }

  const processFigures = (stats) => [
    { name: 'memory held', kind: 'gauge', unit: 'bytes', value: stats.memory_bytes },
    { name: 'memory in use', kind: 'gauge', unit: 'bytes',
      value: stats.zones.reduce((sum, zone) => sum + zone.in_use * zone.size, 0) },
    { name: 'threads with a cache', kind: 'gauge', unit: '', value: stats.threads },
    { name: 'drains so far', kind: 'gauge', unit: '', value: stats.drains },
    { name: 'requests denied so far', kind: 'gauge', unit: '', value: stats.drops },
  ];

  // ---- The table of everything ----

  const COLUMNS = [
    ['Size', (z) => bytes(z.size)], ['Limit', (z) => (z.limit ? whole(z.limit) : 'none')],
    ['In use', 'in_use'], ['Thread caches', 'cached_thread'], ['Depot', 'cached_depot'],
    ['Slabs', 'cached_slab'], ['Total', 'total'], ['Memory', (z) => bytes(z.bytes)],
    ['Allocations', 'allocs'], ['Frees', 'frees'], ['Failures', 'failures'], ['Waits', 'waits'],
    ['Mean wait', (z) => (z.wait.count ? duration(z.wait.sum_seconds / z.wait.count) : '–')],
    ['Waiting', 'waiting'], ['Refills', 'refills'], ['Flushes', 'flushes'],
    ['Recalls', 'recalls'], ['Recalled', 'recalled_objects'], ['Drains', 'drains'],
    ['Drained', 'drained_objects'], ['Low water', 'low_water'],
  ];

  function updateTable(stats) {
    const [head, body] = [$('table').tHead, $('table').tBodies[0]];
    if (!head.rows.length) {
      const row = add(head, 'tr');
      for (const title of ['Zone', ...COLUMNS.map((c) => c[0])]) {
        add(row, 'th', { scope: 'col' }, title);
      }
    }
    stats.zones.forEach((zone, i) => {
      const row = body.rows[i] || add(body, 'tr');
      if (!row.cells.length) {
        add(row, 'th', { scope: 'row' }, zoneTitle(zone));
        COLUMNS.forEach(() => add(row, 'td'));
      }
      COLUMNS.forEach(([, what], c) => setText(
          row.cells[c + 1], typeof what === 'string' ? whole(zone[what]) : what(zone)));
    });
    const types = Object.entries(stats.types).filter(([, n]) => n > 0);
    setText($('types'), types.length
        ? 'Mbufs by type: ' + types.map(([name, n]) => `${name} ${whole(n)}`).join(', ') + '.' : '');
  }

  // ---- Once a second ----

  let pools = new Map();
  let serverTiles = new Tiles($('figures'));
  let processTiles = new Tiles($('process'));
  let last = null;
  let paused = false;

  function startOver() {
    for (const id of ['pools', 'figures', 'process']) $(id).replaceChildren();
    pools = new Map();
    serverTiles = new Tiles($('figures'));
    processTiles = new Tiles($('process'));
    last = null;
  }

  function show(stats) {
    if (last && stats.uptime_seconds < last.uptime_seconds) startOver();  // another process
    const seconds = last ? stats.uptime_seconds - last.uptime_seconds : 0;
    if (last && seconds <= 0) return;
    stats.zones.forEach((zone, i) => {
      if (!pools.has(zone.name)) pools.set(zone.name, new Pool($('pools'), zone));
      pools.get(zone.name).update(zone, last && last.zones[i], seconds);
    });
    const before = new Map(last ? last.server.map((figure) => [figure.name, figure]) : []);
    for (const figure of stats.server) {
      serverTiles.update(figure, before.get(figure.name), seconds);
    }
    $('server').hidden = stats.server.length === 0;
    for (const figure of processFigures(stats)) processTiles.update(figure, null, seconds);
    updateTable(stats);
    const words = sentence(stats.zones, pools);
    setText($('state'), words.text);
    $('state').className = words.level;
    setText($('about'), `weir ${stats.version} · up ${duration(stats.uptime_seconds)}`);
    document.body.classList.remove('stale');
    last = stats;
  }

  function showSilence() {
    document.body.classList.add('stale');
    setText($('state'), 'No answer; what is shown is what it last said.');
    $('state').className = 'alarm';
  }

  async function poll() {
    if (!paused && !document.hidden) {
      try {
        const answer = await fetch('stats.json', { signal: AbortSignal.timeout(5 * PERIOD_MS) });
        if (!answer.ok) throw new Error(answer.status);
        const stats = await answer.json();
        if (!paused) show(stats);
      } catch (error) {
        showSilence();
      }
    }
    setTimeout(poll, PERIOD_MS);
  }

  $('pause').addEventListener('click', () => {
    paused = !paused;
    $('pause').textContent = paused ? 'Resume' : 'Pause';
  });
  poll();
})();
