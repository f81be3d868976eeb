'use strict';

// ---- Figures as people read them ----

const whole = (n) => Math.round(n).toLocaleString('en-US');

// Three digits or so, and the unit that fits them; 1023.9 KiB is a MiB already.
function scaled(n, base, units) {
  let step = 0;
  while (Math.abs(n) >= base - 0.5 && step < units.length - 1) { n /= base; ++step; }
  const digits = Number.isInteger(n) ? 0 : step === 0 ? 1 : n < 9.995 ? 2 : n < 99.95 ? 1 : 0;
  return n.toFixed(digits) + units[step];
}

const short = (n) => (n < 9999.5 ? (n >= 99.95 || Number.isInteger(n) ? whole(n) : n.toFixed(1))
                                 : scaled(n, 1000, ['', ' k', ' M', ' G', ' T']));
const bytes = (n) => scaled(n, 1024, [' B', ' KiB', ' MiB', ' GiB', ' TiB']);

// Not 0 % unless it is nothing, nor 100 % unless it is all.
function percent(part) {
  if (part > 0 && part < 0.001) return '< 0.1 %';
  if (part > 0.995 && part < 1) return '> 99 %';
  return (100 * part).toFixed(part > 0 && part < 0.1 ? 1 : 0) + ' %';
}

function duration(seconds) {
  if (seconds < 1) return scaled(seconds * 1e6, 1000, [' µs', ' ms', ' s']);
  const [d, h, m] = [86400, 3600, 60].map((unit) => Math.floor(seconds / unit));
  if (d) return `${d} d ${h % 24} h`;
  if (h) return `${h} h ${m % 60} min`;
  if (m) return `${m} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(seconds)} s`;
}

// A counter that fell was started anew.
const growth = (before, now) => Math.max(now - before, 0);

// ---- Elements ----

const $ = (id) => document.getElementById(id);

function add(parent, tag, attributes = {}, text = '') {
  const node = ['svg', 'path'].includes(tag)
      ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text) node.textContent = text;
  return parent.appendChild(node);
}

// These touch the document only when something changes, so that a screen reader stays quiet.
const setText = (node, text) => { if (node.textContent !== text) node.textContent = text; };

function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

// A figure is a <data>: `key` says which, its value is exact, its text is for people.
const addFigure = (parent, key) => add(parent, 'data', { 'data-key': key });

function setFigure(node, value, text) {
  setAttribute(node, 'value', String(value));
  setText(node, text(value));
}
