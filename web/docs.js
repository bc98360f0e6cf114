// The reference, made of the same openapi.json that programs read; each call can be tried here.  Where
// the module was built with Swagger UI, that shows it, and this at docs?plain.

import { address, get, setKey, withKey } from './api.js';
import { swagger } from './build.js';
import { el, speak, t, wanted } from './text.js';

const main = document.querySelector('#reference');
const verbs = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'];
let all = null;

const resolve = (node) => (node?.$ref ? node.$ref.slice(2).split('/').reduce((at, name) => at[name], all) : node);

// A text of the description: paragraphs, lists, and code between backticks; nothing of it is markup.
function prose(text = '') {
  const bold = (part) => part.split('**').map((piece, i) => (i % 2 ? el('strong', {}, piece) : piece));
  const spans = (line) => line.split('`').flatMap((part, i) => (i % 2 ? [el('code', {}, part)] : bold(part)));
  return text.split(/\n\n+/).map((block) => {
    const rows = block.split('\n').filter(Boolean);
    return rows.every((row) => row.startsWith('- '))
      ? el('ul', {}, ...rows.map((row) => el('li', {}, ...spans(row.slice(2)))))
      : el('p', {}, ...spans(block));
  });
}

function type(node) {
  const schema = resolve(node) ?? {};
  const name = node?.$ref?.split('/').pop();
  const said = [name ?? [schema.type ?? ''].flat().join(' | ')];
  if (schema.enum) said.push(schema.enum.map((v) => JSON.stringify(v)).join(', '));
  if (schema.minimum !== undefined || schema.maximum !== undefined) said.push(`${schema.minimum ?? ''} – ${schema.maximum ?? ''}`);
  if (schema.default !== undefined) said.push(`= ${JSON.stringify(schema.default)}`);
  return said.filter(Boolean).join(' · ');
}

const table = (rows) => el('table', {}, el('tbody', {}, ...rows.map(([head, ...cells]) => el('tr', {}, el('th', { scope: 'row' }, head),
  ...cells.map((cell) => el('td', {}, ...[cell].flat()))))));

function fields(schema) {
  const { properties = {}, required = [] } = resolve(schema) ?? {};
  return Object.entries(properties).map(([name, property]) =>
    [el('code', {}, name + (required.includes(name) ? ' *' : '')), type(property), prose(resolve(property).description)]);
}

function attempt(path, verb, operation, parameters) {
  const inputs = new Map();
  const media = Object.keys(resolve(operation.requestBody)?.content ?? {});
  const box = el('form', { class: 'try' });
  for (const p of parameters.filter((p) => p.in === 'path' || p.in === 'query')) {
    const input = el('input', { type: 'text', required: p.in === 'path', spellcheck: 'false' });
    inputs.set(p, input);
    box.append(el('label', {}, p.name, input));
  }
  let file = null;
  let text = null;
  if (media.includes('multipart/form-data')) {
    file = el('input', { type: 'file', multiple: true });
    text = el('textarea', { spellcheck: 'false' }, 'target_format=pdf');
    box.append(el('label', {}, 'file', file), el('label', {}, t('docs.body'), text));
  } else if (media.length) {
    const examples = resolve(operation.requestBody).content[media[0]]?.examples ?? {};
    const example = Object.values(examples)[0];
    text = el('textarea', { spellcheck: 'false' }, example ? JSON.stringify(resolve(example).value, null, 2) : '');
    box.append(el('label', {}, `${t('docs.body')} (${media[0]})`, text));
  }
  const shown = el('pre', { tabindex: 0, role: 'region', 'aria-live': 'polite', 'aria-label': t('docs.answers'), hidden: true });
  box.append(el('p', {}, el('button', { class: 'main' }, `${t('docs.send')}: ${verb.toUpperCase()}`)), shown);

  box.addEventListener('submit', async (e) => {
    e.preventDefault();
    const query = new URLSearchParams();
    let where = path;
    for (const [p, { value }] of inputs) {
      if (p.in === 'path') where = where.replace(`{${p.name}}`, encodeURIComponent(value));
      else if (value) query.set(p.name, value);
    }
    const headers = { ...withKey() };
    let body;
    if (file) {
      body = new FormData();
      for (const one of file.files) body.append('file', one);
      for (const row of text.value.split('\n')) {
        const at = row.indexOf('=');
        if (at > 0) body.append(row.slice(0, at).trim(), row.slice(at + 1));
      }
    } else if (text?.value) {
      body = text.value;
      headers['Content-Type'] = media[0].includes('*') ? 'application/octet-stream' : media[0];
    }
    shown.hidden = false;
    shown.textContent = '…';
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), 30000);
    try {
      const answer = await fetch(address(where + (query.size ? `?${query}` : '')), { method: verb.toUpperCase(), headers, body, signal: stop.signal });
      const kind = answer.headers.get('Content-Type') ?? '';
      let content = '';
      if (/event-stream/.test(kind)) {
        const { value } = await answer.body.getReader().read();
        content = new TextDecoder().decode(value);
        stop.abort();
      } else if (/json|text|openmetrics/.test(kind)) {
        content = await answer.text();
        try { content = JSON.stringify(JSON.parse(content), null, 2); } catch { /* as it is */ }
      } else {
        content = `${(await answer.blob()).size} bytes`;
      }
      shown.textContent = `${answer.status} ${answer.statusText}\n${[...answer.headers].map((h) => h.join(': ')).join('\n')}\n\n${content.slice(0, 100000)}`;
    } catch (problem) {
      shown.textContent = String(problem);
    }
    clearTimeout(timer);
  });
  return box;
}

function describe(path, verb, shared) {
  const operation = all.paths[path][verb];
  const parameters = [...shared, ...(operation.parameters ?? [])].map(resolve);
  const details = el('details', {}, el('summary', {}, el('span', { class: 'verb' }, verb.toUpperCase()), el('code', {}, path), ` ${operation.summary ?? ''}`));
  const fill = () => {
    details.append(...prose(operation.description));
    const seen = parameters.filter((p) => !p.schema?.deprecated);
    if (seen.length) {
      details.append(el('h3', {}, t('docs.parameters')), table(seen.map((p) =>
        [el('code', {}, p.name + (p.required ? ' *' : '')), `${p.in} · ${type(p.schema)}`, prose(p.description)])));
    }
    for (const [kind, { schema }] of Object.entries(resolve(operation.requestBody)?.content ?? {})) {
      details.append(el('h3', {}, `${t('docs.body')}: ${kind}`), table(fields(schema)));
    }
    details.append(el('h3', {}, t('docs.answers')), table(Object.entries(operation.responses).map(([status, r]) =>
      [status, prose(resolve(r).description), Object.keys(resolve(r).content ?? {}).join(', ')])));
    const box = el('details', {}, el('summary', {}, t('docs.try')));
    box.addEventListener('toggle', () => { if (box.open && !box.querySelector('form')) box.append(attempt(path, verb, operation, parameters)); });
    details.append(box);
  };
  details.addEventListener('toggle', () => { if (details.open && details.childElementCount === 1) fill(); });
  return el('article', { id: operation.operationId }, details);
}

async function showSwagger() {
  const sheet = el('link', { rel: 'stylesheet', href: address('web/swagger-ui.css').href });
  const script = el('script', { src: address('web/swagger-ui-bundle.js').href });
  const there = new Promise((done, failed) => { script.onload = done; script.onerror = failed; });
  document.head.append(sheet, script);
  await there;
  main.replaceChildren();
  document.body.className = 'swagger';
  await new Promise((done) => {
    window.SwaggerUIBundle({
      url: address('openapi.json').href,
      domNode: main,
      deepLinking: true,
      tryItOutEnabled: true,
      validatorUrl: null,
      onComplete: done,
      requestInterceptor: (request) => { Object.assign(request.headers, withKey()); return request; },
    });
  });
}

async function show() {
  await speak(wanted()).catch(() => {});
  document.querySelector('#key').addEventListener('input', (e) => setKey(e.target.value, false));
  const plain = !swagger || new URLSearchParams(location.search).has('plain');
  if (swagger) {
    const other = document.querySelector('#other');
    other.textContent = plain ? 'Swagger UI' : t('docs.plain');
    other.href = plain ? 'docs' : 'docs?plain';
    other.hidden = false;
  }
  if (!plain) return showSwagger();
  all = await get('openapi.json');
  const groups = new Map((all.tags ?? []).map((tag) => [tag.name, { tag, list: [] }]));
  for (const path of Object.keys(all.paths)) {
    for (const verb of verbs.filter((v) => all.paths[path][v])) {
      const name = all.paths[path][verb].tags?.[0] ?? 'other';
      if (!groups.has(name)) groups.set(name, { tag: { name }, list: [] });
      groups.get(name).list.push(describe(path, verb, all.paths[path].parameters ?? []));
    }
  }
  const schemas = Object.entries(all.components.schemas).map(([name, schema]) => {
    const box = el('details', {}, el('summary', {}, el('code', {}, name)));
    box.addEventListener('toggle', () => { if (box.open && box.childElementCount === 1) box.append(...prose(schema.description), table(fields(schema))); });
    return el('article', { id: `schema-${name}` }, box);
  });
  main.replaceChildren(el('section', {}, el('h2', {}, `${all.info.title} ${all.info.version}`), ...prose(all.info.description)),
    ...[...groups.values()].filter((g) => g.list.length).map(({ tag, list }) =>
      el('section', {}, el('h2', {}, tag.name), ...prose(tag.description), el('div', { class: 'list' }, ...list))),
    el('section', {}, el('h2', {}, 'Schemas'), el('div', { class: 'list' }, ...schemas)));
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

show().catch((e) => main.replaceChildren(el('p', { class: 'wrong', role: 'alert' }, e.sentence ?? String(e)))).finally(() => { document.body.dataset.ready = 'yes'; });
