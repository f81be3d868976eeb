// ---- Tiles: the server's figures and the process's ----

class Tiles {
  constructor(parent) { this.parent = parent; this.tiles = new Map(); }

  update(figure, before, seconds) {
    let tile = this.tiles.get(figure.name);
    const counter = figure.kind === 'counter';
    if (!tile) {
      const root = add(this.parent, 'li');
      add(root, 'span', { class: 'name' }, figure.name);
      const value = addFigure(add(root, 'span', { class: 'value' }),
                              (figure.key || figure.name) + (counter ? '/s' : ''));
      if (counter) value.after('/s');
      tile = { value, line: new Line(root) };
      this.tiles.set(figure.name, tile);
    }
    if (figure.value === null || (counter && (!before || before.value === null))) {
      setText(tile.value, '–');
      return;
    }
    const value = counter ? growth(before.value, figure.value) / seconds : figure.value;
    const inUnit = { bytes, seconds: duration }[figure.unit] || short;
    tile.line.push(value);
    setFigure(tile.value, value, inUnit);
    tile.line.draw(`${figure.name}: now ${inUnit(value)}${counter ? ' a second' : ''}`);
  }

  miss() { for (const { line } of this.tiles.values()) line.push(null); }
}

function processFigures(stats) {
  const sets = [stats, ...(stats.sets || [])];
  const sum = (what) => sets.reduce((all, set) => all + set.zones.reduce(
      (some, zone) => some + what(zone), 0), 0);
  const gauge = (name, key, value = stats[key], unit = '') =>
      ({ name, key, value, unit, kind: 'gauge' });
  return [
    gauge('memory held', 'memory', sum((zone) => zone.bytes), 'bytes'),
    gauge('memory in use', 'used', sum((zone) => zone.in_use * zone.size), 'bytes'),
    gauge('threads with a cache', 'threads'), gauge('drains', 'drains'),
    gauge('drained objects', 'drained_objects'), gauge('requests denied', 'drops'),
    gauge('requests delayed', 'waits'), gauge('copies that failed', 'copy_failures'),
    gauge('pull-ups that failed', 'pullup_failures'),
  ];
}

// ---- The tables of everything ----

const ROWS = [
  ['Size', 'size', (n) => (n ? bytes(n) : '–')],
  ['Limit', 'limit', (n) => (n ? whole(n) : 'none')],
  ['In use', 'in_use'], ['In thread caches', 'cached_thread'], ['In the depot', 'cached_depot'],
  ['In slabs', 'cached_slab'], ['Total', 'total'], ['Kept in reserve', 'low_water'],
  ['Memory', 'bytes', bytes], ['Allocations', 'allocs'], ['Frees', 'frees'],
  ['Failures', 'failures'], ['Waiting now', 'waiting'], ['Waits', 'waits'],
  ['Waits that are over', 'wait.count'],
  ['Mean wait', 'wait.mean', (n) => (n === '' ? '–' : duration(n))],
  ['Refills of a cache', 'refills'], ['Flushes of a cache', 'flushes'], ['Recalls', 'recalls'],
  ['Recalled objects', 'recalled_objects'], ['Drains', 'drains'],
  ['Drained objects', 'drained_objects'],
];

function valueOf(zone, key) {
  if (key === 'wait.count') return zone.wait.count;
  if (key === 'wait.mean') return zone.wait.count ? zone.wait.sum_seconds / zone.wait.count : '';
  return zone[key];
}

// And what a later library says besides, under the name that it has there.
function rowsFor(zone) {
  const more = Object.keys(zone).filter((key) => typeof zone[key] === 'number' &&
                                                 !ROWS.some((row) => row[1] === key));
  return [...ROWS, ...more.map((key) => [key.replace(/_/g, ' '), key])];
}

class Table {
  constructor(parent, name) {
    this.root = add(parent, 'div', { 'data-set': name });
    const scroll = add(this.root, 'div', { class: 'scroll', role: 'region', tabindex: '0',
                                           'aria-label': `All figures: ${setTitle(name)}` });
    this.table = add(scroll, 'table');
    this.caption = add(this.table, 'caption');
    this.head = add(add(this.table, 'thead'), 'tr');
    this.body = add(this.table, 'tbody');
    this.types = add(this.root, 'p', { class: 'types' });
    Object.assign(this, { name, cells: new Map() });
  }

  update(set, alone) {
    const title = alone ? 'All zones' : setTitle(this.name);
    setText(this.caption, `${title}: since the start, or as of now`);
    if (!this.head.cells.length) this.make(set);
    set.zones.forEach((zone) => this.rows.forEach(([, key, text = whole]) => {
      setFigure(this.cells.get(`${zone.name} ${key}`), valueOf(zone, key), text);
    }));
    const types = Object.entries(set.types).filter(([, n]) => n > 0);
    this.types.replaceChildren(types.length ? 'Mbufs by type: ' : '');
    types.forEach(([name, n], i) => {
      this.types.append(`${i ? ', ' : ''}${name} `);
      setFigure(addFigure(this.types, `types.${name}`), n, whole);
    });
  }

  make(set) {
    add(this.head, 'td');
    for (const zone of set.zones) add(this.head, 'th', { scope: 'col' }, titleOf(zone));
    this.rows = rowsFor(set.zones[0]);
    for (const [title, key] of this.rows) {
      const row = add(this.body, 'tr');
      add(row, 'th', { scope: 'row' }, title);
      for (const zone of set.zones) {
        const cell = add(row, 'td', { 'data-zone': zone.name });
        this.cells.set(`${zone.name} ${key}`, addFigure(cell, key));
      }
    }
  }
}

// ---- The whole ----

let sets, tables, serverTiles, processTiles, last;

function startOver() {
  for (const id of ['sets', 'tables', 'figures', 'process']) $(id).replaceChildren();
  [sets, tables] = [new Map(), new Map()];
  serverTiles = new Tiles($('figures'));
  processTiles = new Tiles($('process'));
  last = null;
}

function show(stats) {
  if (last && stats.uptime_seconds < last.uptime_seconds) startOver();  // another process
  const seconds = last ? stats.uptime_seconds - last.uptime_seconds : 0;
  if (last && seconds <= 0) return;
  const all = [{ ...stats, name: 'default' }, ...(stats.sets || [])];
  const before = new Map(last ? (last.sets || []).map((set) => [set.name, set]) : []);
  if (last) before.set('default', last);
  for (const set of all) {
    if (!sets.has(set.name)) {
      sets.set(set.name, new PoolSet($('sets'), set.name));
      tables.set(set.name, new Table($('tables'), set.name));
    }
    sets.get(set.name).update(set, before.get(set.name), seconds, all.length === 1);
    tables.get(set.name).update(set, all.length === 1);
  }
  for (const name of [...sets.keys()].filter((name) => !all.some((set) => set.name === name))) {
    for (const views of [sets, tables]) {
      views.get(name).root.remove();
      views.delete(name);
    }
  }
  const earlier = new Map(last ? last.server.map((figure) => [figure.name, figure]) : []);
  for (const figure of stats.server) {
    serverTiles.update(figure, earlier.get(figure.name), seconds);
  }
  $('server').hidden = stats.server.length === 0;
  for (const figure of processFigures(stats)) processTiles.update(figure, null, seconds);
  setText($('about'), `weir ${stats.version} · up ${duration(stats.uptime_seconds)}`);
  last = stats;
}

// Nothing is known of this moment.
function miss() {
  for (const view of [...sets.values(), serverTiles, processTiles]) view.miss();
}

function say(text, level = '') {
  setText($('state'), text);
  $('state').className = level;
}

function sayWhatIs() {
  const complaints = [...sets.values()].flatMap((set) => set.complaints());
  const text = complaints.map((complaint) => complaint.text).join('; ') || 'every pool has room';
  const worst = ['alarm', 'warn'].find((level) => complaints.some((c) => c.level === level));
  say(`${text[0].toUpperCase()}${text.slice(1)}.`, worst);
}

// ---- Once a second; less often while nobody answers ----

const PERIOD_MS = 1000;
const PATIENCE_MS = 5000;
const LONGEST_PERIOD_MS = 30000;

let paused = false;
let failures = 0;  // in a row
let polling = false;
let timer = 0;
let nextTry = 0;

// What it says; null when nobody answers, or not in time.
async function ask() {
  let answer;
  try {
    answer = await fetch('stats.json', { signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch (error) {
    return null;
  }
  if (!answer.ok) throw new Error(`the exporter answers with status ${answer.status}`);
  const stats = await answer.json();
  if (stats.schema !== 1) throw new Error(`figures of schema ${stats.schema}; this page knows 1`);
  return stats;
}

// `why` is empty when nobody answers.
function fail(why) {
  if (failures++ > 0) return;
  const time = new Date().toLocaleTimeString('en-GB');
  const known = last ? ' What is shown is what it last said.' : '';
  say((why ? `At ${time}: ${why}.` : `The exporter has not answered since ${time}.`) + known,
      'alarm');
  document.body.classList.add('stale');
  miss();
}

async function findHolders() {
  if (!$('holders').hidden) return;
  try {
    $('holders').hidden = !(await fetch('holders', { method: 'HEAD' })).ok;
  } catch (error) {
    // Whether it answers at all, poll() shows.
  }
}

async function pollOnce() {
  let stats, why = '';
  try {
    stats = await ask();
  } catch (error) {
    why = error.message;
  }
  if (paused) return;
  if (!stats) return fail(why);
  show(stats);
  sayWhatIs();
  if (failures > 0) findHolders();  // perhaps of another program
  failures = 0;
  document.body.classList.remove('stale');
}

async function poll() {
  if (polling) return;
  polling = true;
  clearTimeout(timer);
  try {
    if (!paused && !document.hidden) await pollOnce();
  } catch (error) {
    console.error(error);
    fail(`this page failed (${error.message})`);
  } finally {
    polling = false;
    const period = Math.min(PERIOD_MS * 2 ** Math.max(failures - 1, 0), LONGEST_PERIOD_MS);
    nextTry = Date.now() + period;
    timer = setTimeout(poll, period);
    count();
  }
}

// Apart from what a screen reader reads out.
function count() {
  $('silence').hidden = failures === 0;
  const left = Math.max(Math.ceil((nextTry - Date.now()) / 1000), 0);
  setText($('retry'), `Next try in ${left} s.`);
}

$('pause').addEventListener('click', () => {
  paused = !paused;
  setText($('pause'), paused ? 'Resume' : 'Pause');
  if (paused) miss();
});
$('again').addEventListener('click', poll);
document.addEventListener('visibilitychange', () => { if (!document.hidden) poll(); });
setInterval(count, 1000);

startOver();
poll();
findHolders();
