// Words: English in en.js, others beside it, which are loaded when they are wanted.  What one
// lacks is English.

import english from './en.js';

export const languages = { en: 'English', de: 'Deutsch', pt: 'Português' };

const others = { de: () => import('./de.js'), pt: () => import('./pt.js') };
let words = english;
let plural = new Intl.PluralRules('en');
export let language = 'en';

const stored = () => { try { return localStorage.getItem('platen-language'); } catch { return null; } };

export const wanted = () => [stored(), ...navigator.languages]
  .map((tag) => tag?.slice(0, 2).toLowerCase()).find((tag) => tag in languages) ?? 'en';

export async function speak(tag, keep) {
  words = tag in others ? (await others[tag]()).default : english;
  language = tag;
  plural = new Intl.PluralRules(tag);
  if (keep) try { localStorage.setItem('platen-language', tag); } catch { /* it is asked again */ }
  document.documentElement.lang = tag;
  document.documentElement.dir = words.direction ?? 'ltr';
  translate();
}

export const has = (key) => key in words || key in english;

// What there is of them in the language itself.
export const own = (...keys) => keys.find((key) => key in words);

// The words of that key; {n} and the like are filled in, and n chooses between forms.
export function t(key, values = {}) {
  let text = words[key] ?? english[key] ?? key;
  if (typeof text === 'object') text = text[plural.select(values.n)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
}

function translate() {
  for (const e of document.querySelectorAll('[data-t]')) e.textContent = t(e.dataset.t);
  for (const e of document.querySelectorAll('[data-t-label]')) e.setAttribute('aria-label', t(e.dataset.tLabel));
}

// Making one takes long, and every row has some.
const formats = new Map();

function number(n, options) {
  const key = `${language} ${JSON.stringify(options)}`;
  if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(language, { style: 'unit', ...options }));
  return formats.get(key).format(n);
}

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];

export function bytes(n) {
  let unit = 0;
  for (; n >= 1000 && unit < units.length - 1; unit++) n /= 1000;
  return number(n, { unit: units[unit], unitDisplay: unit ? 'short' : 'long', maximumFractionDigits: unit && n < 10 ? 1 : 0 });
}

export function seconds(n) {
  const minutes = n >= 90;
  return number(Math.max(1, Math.round(minutes ? n / 60 : n)), { unit: minutes ? 'minute' : 'second', unitDisplay: 'long' });
}

// An element with what is in it: texts are texts, whatever they say.
export function el(name, attributes = {}, ...inside) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) e.addEventListener(key.slice(2), value);
    else if (key === 'class') e.className = value;
    else if (value === true) e.setAttribute(key, '');
    else if (value !== false && value != null) e.setAttribute(key, value);
  }
  e.append(...inside.filter((x) => x != null));
  return e;
}

// A name without what would change its look, or that of what is beside it, such as "fdp.exe" that is read as "exe.pdf".
export const plain = (name) => name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) => (c === '\u200d' || c === '\u200c' ? c : '\ufffd'));

// What the server says in its own words, which are English.
export const quoted = (name, text, attributes = {}) => el(name, { lang: 'en', dir: 'auto', ...attributes }, text);

// Sentences of the server beside a result that have words in other languages, by what they look like.
let notes = null;
const patterns = () => (notes ??= Object.entries(english).filter(([key]) => key.startsWith('note.')).map(([key, words]) => [key,
  new RegExp(`^${words.replace(/[.*+?()|[\]]/g, '\\$&').replace(/\{(\w+)\}/g, '(?<$1>.+)')}$`)]));

export function noted(name, text) {
  for (const [key, pattern] of language === 'en' ? [] : patterns()) {
    const found = text.match(pattern);
    if (found && own(key)) return el(name, {}, t(key, found.groups));
  }
  return quoted(name, text);
}

// Why a job or a file of it failed, or was left out.  The server's English may say more than its code; others
// have a sentence for each code.
export function why(name, { error, error_code: code }, attributes = {}) {
  const key = language === 'en' ? null : own(`error.${code}`, `problem.${code}`);
  return key ? el(name, attributes, t(key)) : quoted(name, error, attributes);
}

// A name of a file, which may be broken behind its punctuation.
export const broken = (name) => name.split(/(?<=[_-])(?=.)/).flatMap((part, i) => (i ? [document.createElement('wbr'), part] : [part]));

// One that does to what has that name what the word says.
export function button(word, name, act, classes) {
  return el('button', { type: 'button', class: classes, 'aria-label': t('of', { what: t(word), name }), onclick: act }, t(word));
}
