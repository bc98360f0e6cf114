// Targets and options of the documents that are to be converted, as GET /formats has them.

import { el, has, own, quoted, t } from './text.js';

export class Formats {
  constructor(description) {
    this.formats = new Map(description.formats.map((f) => [f.name, f]));
    this.values = new Map(description.options.map((o) => [o.name, o.values]));
    this.routes = new Map(description.conversions.map((c) => [c.from, new Map(c.to.map((r) => [r.format, r]))]));
    this.endings = new Map(description.formats.flatMap((f) => [f.name, ...f.aliases].map((ending) => [ending, f.name])));
  }

  title(name) {
    const title = own(`format.${name}`) ? t(`format.${name}`) : this.formats.get(name)?.title ?? name;
    return `${title} (.${name})`;
  }

  // By its ending; null: the server will look into it.
  of(filename) {
    return this.endings.get(filename.toLowerCase().match(/\.([^.]+)$/)?.[1]) ?? null;
  }

  // What all of them can become; an archive, or what nobody knows, may be anything.
  targets(sources) {
    const lists = [...new Set(sources)].filter((s) => s && s !== 'zip' && this.routes.has(s)).map((s) => this.routes.get(s));
    const all = [...this.formats.keys()];
    const found = lists.length ? all.filter((to) => lists.every((l) => l.has(to)))
      : all.filter((to) => [...this.routes.values()].some((l) => l.has(to)));
    // A format into itself is for those who want an option; the others come first.
    return found.sort((a, b) => (b === 'pdf') - (a === 'pdf') || sources.includes(a) - sources.includes(b));
  }

  options(sources, to) {
    const known = [...new Set(sources)].map((s) => this.routes.get(s)?.get(to)).filter(Boolean);
    const lists = known.length ? known : [...this.routes.values()].map((l) => l.get(to)).filter(Boolean);
    const names = [...this.values.keys()];
    return known.length ? names.filter((o) => lists.every((r) => r.options.includes(o)))
      : names.filter((o) => lists.some((r) => r.options.includes(o)));
  }

  // A field of the form, by what values the server says that the option takes.
  field(name) {
    const values = this.values.get(name) ?? '';
    const label = has(`option.${name}`) ? t(`option.${name}`) : name.replaceAll('_', ' ');
    const range = values.match(/^a number from (\d+) to (\d+)$/);
    const words = values.match(/^[\w.]+(?:, [\w.]+)* or [\w.]+$/) && values.split(/, | or /);
    const common = { name, id: `option-${name}` };

    if (words && words.join() === 'true,false') {
      // What is so unless it is switched off has no place among what is switched on.
      const on = name === 'header';
      return el('label', { class: 'check' }, el('input', { type: 'checkbox', ...common, checked: on, 'data-usual': on ? 'on' : 'off' }), label);
    }
    if (words) {
      return el('label', {}, label, el('select', common, el('option', { value: '' }, t('option.default')),
        ...words.map((w) => el('option', { value: w }, own(`value.${name}.${w}`) ? t(`value.${name}.${w}`) : w))));
    }
    if (range) return el('label', {}, label, el('input', { type: 'number', min: range[1], max: range[2], inputmode: 'numeric', ...common }));
    if (name.endsWith('password')) return el('label', {}, label, el('input', { type: 'password', autocomplete: 'off', ...common }));
    return el('label', {}, label, el('input', { type: 'text', ...common, 'aria-describedby': `about-${name}` }),
      own(`hint.${name}`) ? el('small', { id: `about-${name}` }, t(`hint.${name}`)) : quoted('small', values, { id: `about-${name}` }));
  }
}

export function given(box) {
  const all = {};
  for (const input of box.querySelectorAll('[name]')) {
    if (input.type === 'checkbox') {
      if (input.checked !== (input.dataset.usual === 'on')) all[input.name] = String(input.checked);
    } else if (input.value !== '') {
      all[input.name] = input.value;
    }
  }
  return all;
}
