// ---- Lines of the last minute ----

const HISTORY = 60;  // samples

class Line {
  constructor(parent) {
    this.svg = add(parent, 'svg', { class: 'spark', viewBox: `0 0 ${HISTORY - 1} 20`,
                                    preserveAspectRatio: 'none', role: 'img' });
    add(this.svg, 'path', { class: 'ground', d: `M0 19.5H${HISTORY - 1}` });
    this.area = add(this.svg, 'path', { class: 'area' });
    this.line = add(this.svg, 'path', { class: 'line' });
    this.values = [];
  }

  // null: nothing is known of that moment.
  push(value) {
    this.values.push(value);
    if (this.values.length > HISTORY) this.values.shift();
  }

  get top() { return Math.max(0, ...this.values); }

  draw(label) {
    const first = HISTORY - this.values.length;  // the newest sample is always at the right
    const top = this.top || 1;
    let line = '', area = '', start = null;
    this.values.forEach((value, i) => {
      if (value === null) return;
      const x = first + i;
      const known = start !== null;
      if (!known) start = x;
      line += `${known ? 'L' : 'M'}${x} ${(19 - 18 * value / top).toFixed(2)}`;
      if (this.values[i + 1] === null || i + 1 === this.values.length) {
        area += `${line.slice(line.lastIndexOf('M'))}V20H${start}Z`;
        start = null;
      }
    });
    this.line.setAttribute('d', line);
    this.area.setAttribute('d', area);
    setAttribute(this.svg, 'aria-label', label);
  }
}
