// ---- A pool ----

const NEARLY_FULL = 0.9;
const RECENTLY = 10;  // samples
const PLACES = [
  ['in_use', 'in-use', 'in use'],
  ['cached_thread', 'thread', 'in thread caches'],
  ['cached_depot', 'depot', 'in the depot'],
  ['cached_slab', 'slab', 'in slabs'],
];
// Name, key, and whether it is trouble that it happens at all.
const TRENDS = [
  ['allocations', 'allocs', false], ['frees', 'frees', false],
  ['waits', 'waits', true], ['drains', 'drains', true], ['failures', 'failures', true],
];

const setTitle = (name) => (name === 'default' ? 'Default set' : `Set ${name}`);
const titleOf = (zone) => zone.name.replace(/_/g, ' ');
// Before the names of one, which is enough for these.
const article = (noun) => (noun.startsWith('m') ? 'an ' : 'a ') + noun;

class Trend {
  constructor(table, zone, [title, key, trouble]) {
    const row = add(table, 'tr');
    add(row, 'th', { scope: 'row' }, title);
    this.line = new Line(add(row, 'td'));
    const now = add(row, 'td', { class: 'now' });
    this.sign = add(now, 'span', { class: 'sign', 'aria-hidden': 'true' });
    this.rate = addFigure(now, `${key}/s`);
    now.append('/s');
    this.total = addFigure(add(row, 'td'), key);
    Object.assign(this, { row, title, key, trouble });
  }

  update(zone, before, seconds) {
    const rate = before ? growth(before[this.key], zone[this.key]) / seconds : 0;
    if (before) this.line.push(rate);
    this.recent = this.trouble && this.line.values.slice(-RECENTLY).some((v) => v > 0);
    setFigure(this.rate, rate, short);
    setFigure(this.total, zone[this.key], short);
    setText(this.sign, this.trouble && rate > 0 ? '▲ ' : '');
    this.row.classList.toggle('happens', this.trouble && rate > 0);
    this.line.draw(`${this.title}: now ${short(rate)} a second, at most ${short(this.line.top)} ` +
                   'in the last minute');
  }
}

class Pool {
  constructor(parent, zone) {
    this.root = add(parent, 'article', { class: 'pool', 'data-zone': zone.name });
    const head = add(this.root, 'div', { class: 'head' });
    add(head, 'h3', {}, titleOf(zone));
    const sub = add(head, 'p', { class: 'sub' });
    // The packet zone has no objects of its own.
    if (zone.size) {
      this.size = addFigure(add(sub, 'span'), 'size');
      this.size.after(' each');
      this.held = addFigure(add(sub, 'span'), 'bytes');
      this.held.after(' held');
    } else {
      add(sub, 'span', {}, 'an mbuf and a cluster');
    }
    const level = add(this.root, 'div', { class: 'level' });
    this.bar = add(level, 'div', { class: 'bar', role: 'img' });
    this.parts = PLACES.map(([key, name]) => add(this.bar, 'i', { class: name, 'data-key': key }));
    this.mark = add(this.bar, 'i', { class: 'mark', hidden: '' });
    this.state = add(level, 'p', { class: 'state' });
    const places = add(level, 'ul', { class: 'places' });
    this.counts = PLACES.map(([key, name, title]) => this.addPlace(places, key, name, title));
    this.room = this.addPlace(places, 'room', 'room', 'room');
    this.reserve = this.addPlace(places, 'low_water', 'mark', 'kept in reserve');
    const table = add(this.root, 'table', { class: 'trends' });
    add(table, 'caption', { class: 'unseen' }, `What happens in ${titleOf(zone)}`);
    const row = add(add(table, 'thead'), 'tr');
    for (const title of ['', 'last minute', 'now', 'in all']) {
      add(row, title ? 'th' : 'td', title ? { scope: 'col' } : {}, title);
    }
    const body = add(table, 'tbody');
    this.trends = TRENDS.map((trend) => new Trend(body, zone, trend));
    this.idle = add(this.root, 'p', { class: 'unused' }, 'not used yet');
  }

  addPlace(places, key, name, title) {
    const place = add(places, 'li');
    add(place, 'i', { class: `swatch ${name}` });
    const count = addFigure(place, key);
    place.append(' ' + title);
    return count;
  }

  update(zone, before, seconds) {
    this.trends.forEach((trend) => trend.update(zone, before, seconds));
    const idle = zone.allocs === 0 && zone.total === 0;
    this.root.classList.toggle('idle', idle);
    this.idle.hidden = !idle;
    if (this.size) {
      setFigure(this.size, zone.size, bytes);
      setFigure(this.held, zone.bytes, bytes);
      this.held.parentNode.hidden = zone.bytes === 0;
    }
    const room = Math.max(zone.limit - zone.total, 0);
    const scale = zone.limit || zone.total * 1.25 || 1;
    this.bar.classList.toggle('endless', !zone.limit);
    PLACES.forEach(([key], i) => {
      this.parts[i].style.width = `${100 * zone[key] / scale}%`;
      this.parts[i].classList.toggle('some', zone[key] > 0);
      setFigure(this.counts[i], zone[key], whole);
    });
    setFigure(this.room, room, whole);
    this.room.parentNode.hidden = !zone.limit;
    this.mark.hidden = this.reserve.parentNode.hidden = !zone.low_water;
    this.mark.style.left = `${100 * zone.low_water / scale}%`;
    setFigure(this.reserve, zone.low_water, whole);
    this.say(zone, room);
  }

  // The line below the bar, and the bar's name.
  say(zone, room) {
    const part = zone.limit ? zone.in_use / zone.limit : 0;
    const full = part >= NEARLY_FULL;
    this.state.replaceChildren();
    if (zone.waiting) {
      add(this.state, 'span', { class: 'sign', 'aria-hidden': 'true' }, '▲ ');
      setFigure(addFigure(this.state, 'waiting'), zone.waiting, whole);
      this.state.append(' waiting, ');
    }
    if (full) this.state.append(part < 1 ? 'nearly full: ' : 'full: ');
    if (zone.limit) {
      setFigure(addFigure(this.state, 'part'), part, percent);
      this.state.append(' of ');
      setFigure(addFigure(this.state, 'limit'), zone.limit, whole);
      this.state.append(' in use');
    } else {
      this.state.append('no limit of its own');
    }
    this.state.className = `state ${zone.waiting ? 'alarm' : full ? 'warn' : ''}`;
    const counts = PLACES.map(([key, , title]) => `${whole(zone[key])} ${title}`).join(', ');
    const rest = zone.limit ? `, room for ${whole(room)} up to the limit of ${whole(zone.limit)}`
                            : '; no limit';
    setAttribute(this.bar, 'aria-label', `${titleOf(zone)}: ${counts}${rest}`);
  }

  // What is wrong with it, in words that hold for a while; null if nothing is.
  complaint(zone, owner) {
    const recent = this.trends.some((trend) => trend.recent);
    const name = titleOf(zone);
    if (zone.waiting) return { level: 'alarm', text: `callers${owner} wait for ${article(name)}` };
    if (zone.limit && zone.in_use / zone.limit >= NEARLY_FULL) {
      const full = zone.in_use < zone.limit ? 'nearly full' : 'full';
      const short = recent ? ', running short' : '';
      return { level: 'warn', text: `${name} pool${owner} ${full}${short}` };
    }
    return recent ? { level: 'warn', text: `${name} pool${owner} ran short a moment ago` } : null;
  }
}

// ---- A set of pools ----

// Of a set besides the default one, whose figures are those of the process.
const SET_FIGURES = [
  ['threads', 'threads with a cache'], ['drains', 'drains'], ['drained_objects', 'drained objects'],
  ['drops', 'requests denied'], ['waits', 'requests delayed'],
];

class PoolSet {
  constructor(parent, name) {
    this.name = name;
    this.root = add(parent, 'section', { 'data-set': name });
    this.heading = add(this.root, 'h2');
    this.heading.id = `set-${PoolSet.count = (PoolSet.count || 0) + 1}`;
    this.root.setAttribute('aria-labelledby', this.heading.id);
    this.about = add(this.root, 'p', { class: 'about' });
    this.list = add(this.root, 'div', { class: 'pools' });
    this.pools = new Map();
    if (name !== 'default') {
      this.counts = SET_FIGURES.map(([key, title]) => {
        const place = add(this.about, 'span', {}, `${title}: `);
        return addFigure(place, key);
      });
    }
  }

  update(set, before, seconds, alone) {
    setText(this.heading, alone ? 'Pools' : setTitle(this.name));
    this.zones = set.zones;
    for (const zone of set.zones) {
      if (!this.pools.has(zone.name)) this.pools.set(zone.name, new Pool(this.list, zone));
      const earlier = before && before.zones.find(({ name }) => name === zone.name);
      this.pools.get(zone.name).update(zone, earlier, seconds);
    }
    (this.counts || []).forEach((count, i) => setFigure(count, set[SET_FIGURES[i][0]], whole));
  }

  complaints() {
    const owner = this.name === 'default' ? '' : ` of ${this.name}`;
    return this.zones.map((zone) => this.pools.get(zone.name).complaint(zone, owner))
        .filter(Boolean);
  }

  // Nothing is known of this moment.
  miss() {
    for (const pool of this.pools.values()) {
      for (const { line } of pool.trends) line.push(null);
    }
  }
}
