// The page: what is dropped, what becomes of it, and who asks.

import { follow, get, hasKey, line, news, offline, pause, setKey } from './api.js';
import { Jobs, save } from './jobs.js';
import { broken, button, bytes, el, language, languages, plain, seconds, speak, t, wanted } from './text.js';
import { Uploads } from './uploads.js';

const $ = (id) => document.getElementById(id);
const SHOWN = 60; // names of what is to be converted
const rows = new Map(); // of uploads
let options = null; // the module, with formats
let formats = null;
let staged = [];
let chosen = false; // somebody has chosen the target of these
let stream = null;

const say = (text) => { $('news').textContent = text; };

// --- what is to be converted ---

function stage(files) {
  const real = files.filter((f) => f.size > 0 || f.name);
  staged = staged.concat(real);
  show();
  if (!real.length) wrong(t('staged.empty'));
  $('staged').scrollIntoView({ block: 'nearest' });
  (formats ? $('convert') : $('staged')).focus?.();
}

function wrong(text) {
  $('staged-wrong').textContent = text;
  $('staged-wrong').hidden = !text;
}

// Each once: ten thousand documents are of a few formats.
const sources = () => [...new Set(staged.map((f) => formats?.of(f.name)))];

function show() {
  $('staged').hidden = !staged.length;
  wrong('');
  if (!staged.length) return;
  $('staged-title').textContent = t('staged', { n: staged.length });
  $('staged-list').replaceChildren(...staged.slice(0, SHOWN).map((f, i) => el('li', {}, el('bdi', {}, plain(f.name)),
    el('button', { type: 'button', class: 'small quiet', 'aria-label': t('staged.remove', { name: plain(f.name) }),
      onclick: () => { staged.splice(i, 1); show(); } }, '×'))),
  ...(staged.length > SHOWN ? [el('li', { class: 'plain' }, t('staged.more', { n: staged.length - SHOWN }))] : []));
  $('together-row').hidden = staged.length < 2;
  $('convert').disabled = !formats;
  if (!formats) return;

  const before = $('target').value;
  const targets = formats.targets(sources());
  $('target').replaceChildren(...targets.map((name) => el('option', { value: name }, formats.title(name))));
  const from = sources();
  // What was chosen for the documents before is kept, unless these are that already.
  if (targets.includes(before) && (chosen || !from.includes(before))) $('target').value = before;
  else {
    const fresh = targets.find((to) => !from.includes(to));
    if (fresh) $('target').value = fresh;
  }
  $('convert').disabled = !targets.length;
  if (!targets.length) wrong(t('staged.none'));
  form();
}

function form() {
  const kept = options.given($('options'));
  const names = formats.options(sources(), $('target').value);
  $('options').replaceChildren(...names.map((name) => formats.field(name)));
  fill(kept);
  $('options-box').hidden = !names.length;
}

function fill(values) {
  for (const [name, value] of Object.entries(values)) {
    const input = $(`option-${name}`);
    if (input?.type === 'checkbox') input.checked = value === 'true';
    else if (input) input.value = value;
  }
}

// Nothing is chosen, nor are options of it, passwords among them.
function empty() {
  staged = [];
  chosen = false;
  $('options').replaceChildren();
  $('together').checked = false;
  show();
}

function convert() {
  const to = $('target').value;
  const said = options.given($('options'));
  const n = staged.length;
  if ($('together').checked && n > 1) uploads.add(staged, to, said, t('counts.files', { n }));
  else for (const file of staged) uploads.add([file], to, said, file.name);
  empty();
  say(t('news.taken', { n }));
  $('jobs-title').focus();
}

// Files of what was dropped or chosen, folders and all.
async function filesOf(transfer) {
  const entries = [...transfer.items].filter((i) => i.kind === 'file').map((i) => i.webkitGetAsEntry?.() ?? i.getAsFile());
  const found = [];
  const walk = async (entry) => {
    if (entry instanceof File) { found.push(entry); return; }
    if (entry?.isFile) { found.push(await new Promise((done, failed) => entry.file(done, failed))); return; }
    if (!entry?.isDirectory) return;
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((done, failed) => reader.readEntries(done, failed));
      if (!some.length) return;
      for (const one of some) if (!one.name.startsWith('.')) await walk(one);
    }
  };
  for (const entry of entries) await walk(entry).catch(() => {});
  return found;
}

function listen() {
  const drop = $('drop');
  let depth = 0;
  const over = (by) => { depth = Math.max(0, depth + by); drop.classList.toggle('over', depth > 0); };
  addEventListener('dragenter', (e) => { e.preventDefault(); over(1); });
  addEventListener('dragleave', () => over(-1));
  addEventListener('dragover', (e) => e.preventDefault());
  addEventListener('drop', async (e) => {
    e.preventDefault();
    depth = 0;
    over(0);
    stage(await filesOf(e.dataTransfer));
  });
  addEventListener('paste', async (e) => {
    if (e.target.matches('input, textarea, select')) return;
    const files = await filesOf(e.clipboardData);
    const text = files.length ? '' : e.clipboardData.getData('text/plain');
    if (text) files.push(new File([text], `${t('staged.pasted')}.txt`, { type: 'text/plain' }));
    if (files.length) { e.preventDefault(); stage(files); }
  });
  for (const [open, input] of [['choose-files', 'files'], ['choose-folder', 'folder']]) {
    $(open).addEventListener('click', () => $(input).click());
    $(input).addEventListener('change', () => { stage([...$(input).files]); $(input).value = ''; });
  }
  $('target').addEventListener('change', () => { chosen = true; form(); });
  $('uploads-clear').addEventListener('click', () => { uploads.clear(); $('jobs-title').focus(); });
  $('clear').addEventListener('click', empty);
  $('staged').addEventListener('submit', (e) => { e.preventDefault(); convert(); });
  $('download-all').addEventListener('click', async () => {
    for (const job of jobs.results) {
      await save(job, job.download_url).catch(() => {});
      await pause(400);
    }
  });
  $('language').addEventListener('change', async () => {
    await speak($('language').value, true);
    say('');
    show();
    jobs.words();
    for (const [item, { li }] of [...rows]) { li.remove(); rows.delete(item); upload(item); }
    full();
    if (!$('banner').hidden) banner();
  });
}

// --- uploads ---

// Whether another choice of format or options may do; and that choice.
const again = (item) => item.problem.status === 400 || (item.problem.status === 422 && item.problem.code !== 'unsafe_archive');

function restage(item) {
  staged = staged.concat(item.files);
  show();
  if ([...$('target').options].some((o) => o.value === item.to)) { $('target').value = item.to; chosen = true; }
  form();
  fill(item.options);
  $('options-box').open ||= Object.keys(item.options).length > 0;
  $('together').checked = item.files.length > 1;
  $('staged').scrollIntoView({ block: 'nearest' });
  $('target').focus();
}

function upload(item) {
  const name = plain(item.name);
  let row = rows.get(item);
  if (item.state === 'removed' || item.state === 'taken') {
    row?.li.remove();
    rows.delete(item);
    count();
    return;
  }
  // Ten thousand rows help nobody: the rest is counted, and shows up as there is room.
  if (!row && rows.size >= SHOWN && item.state !== 'upload') { count(); return; }
  if (!row) {
    row = { about: el('div', { class: 'about' }), bar: el('progress', { max: 1, 'aria-label': t('of', { what: t('state.upload'), name }) }),
      notes: el('div', { class: 'notes' }), buttons: el('div', { class: 'buttons' }) };
    row.li = el('li', { class: 'job busy' }, el('div', { class: 'what' }, el('bdi', { class: 'name' }, ...broken(name)), row.about), row.buttons, row.bar, row.notes);
    rows.set(item, row);
    $('uploads-list').append(row.li);
    count();
  }
  const refused = item.problem && !item.problem.passes;
  row.about.replaceChildren(el('span', { class: 'state' }, t(`state.${refused ? 'refused' : item.state}`)), ` · ${bytes(item.sent)} / ${bytes(item.total)}`);
  row.bar.hidden = Boolean(refused);
  row.bar.value = item.total ? item.sent / item.total : 0;
  row.li.dataset.status = item.state;
  if (row.state === item.state && row.problem === item.problem) return;
  Object.assign(row, { state: item.state, problem: item.problem });
  row.li.className = `job ${refused ? 'failed' : 'busy'}`;
  row.notes.replaceChildren(...(item.problem ? [el('p', { class: 'wrong', role: 'alert' }, item.problem.sentence,
    item.problem.passes ? ` ${t('retry.in', { time: seconds(item.again) })}` : '')] : []));
  const remove = () => uploads.remove(item);
  row.buttons.replaceChildren(...(refused
    ? [...(again(item) ? [button('change', name, () => { remove(); restage(item); }, 'main')] : []), button('retry', name, () => uploads.retry(item)),
      button('remove.upload', name, remove, 'quiet')]
    : [button('cancel', name, remove)]));
}

const uploads = new Uploads(upload, (item, id) => { upload(item); jobs.refresh(id); usage(); });
const jobs = new Jobs($('jobs-list'), $('more'), count, say);

let counting = false;

// Once for all that happens in one go.
function count() {
  if (counting) return;
  counting = true;
  queueMicrotask(() => { counting = false; recount(); });
}

function recount() {
  if (rows.size < SHOWN && uploads.all.size > rows.size) {
    for (const item of uploads.all) {
      if (rows.size >= SHOWN) break;
      if (!rows.has(item)) upload(item);
    }
  }
  const rest = uploads.all.size - rows.size;
  $('uploads-rest').hidden = !rest;
  $('uploads-more').textContent = rest ? t('uploads.more', { n: rest }) : '';
  $('empty').hidden = jobs.size > 0 || rows.size > 0;
  $('all-row').hidden = jobs.results.length < 2;
}

// --- who asks, and what there is ---

let usageDue = null;
let space = {};

// How full the space on the server is.
function full() {
  const { used_bytes: used, limit_bytes: limit } = space;
  $('usage').hidden = !limit;
  if (!limit) return;
  $('usage-meter').value = used / limit;
  $('usage-text').textContent = t('usage', { used: bytes(used), limit: bytes(limit) });
}

function usage() {
  clearTimeout(usageDue);
  usageDue = setTimeout(async () => {
    try {
      space = await get('usage');
      full();
    } catch { /* it is asked again after the next job */ }
  }, 300);
}

async function begin() {
  stream?.abort();
  stream = new AbortController();
  const { signal } = stream; // another one may begin meanwhile
  try {
    await jobs.load();
  } catch (e) {
    if (e.status === 401) return; // the key is being asked for
  }
  usage();
  follow('events', (event, data) => {
    jobs.heard(event, data);
    if (/^job_(done|failed|removed|cancelled)$/.test(event)) usage();
  }, signal);
}

function keys() {
  const dialog = $('key');
  const open = (why) => {
    $('key-why').textContent = t(why);
    $('key-forget').hidden = !hasKey();
    if (!dialog.open) { $('key-value').value = ''; dialog.showModal(); }
  };
  news.addEventListener('key', () => open(hasKey() ? 'key.wrong' : 'key.why'));
  $('key-open').addEventListener('click', () => open('key.why'));
  $('key-cancel').addEventListener('click', () => dialog.close());
  $('key-forget').addEventListener('click', () => { setKey(null); dialog.close(); location.reload(); });
  dialog.addEventListener('close', () => { if (!dialog.open) $('key-value').value = ''; });
  dialog.firstElementChild.addEventListener('submit', () => {
    const value = $('key-value').value.trim();
    if (!value) return;
    setKey(value, $('key-keep').checked);
    begin();
    for (const [item] of rows) if (item.problem?.status === 401) uploads.retry(item);
  });
}

let back = false;
function banner() {
  $('banner').hidden = false;
  $('banner').className = back ? 'good' : '';
  $('banner').textContent = t(back ? 'banner.back' : 'banner.lost');
}

function lines() {
  let gone = null;
  news.addEventListener('line', ({ detail: there }) => {
    clearTimeout(gone);
    back = there;
    banner();
    if (!there) return;
    gone = setTimeout(() => { $('banner').hidden = true; }, 3000);
    describe();
    jobs.load().catch(() => {});
  });
  addEventListener('offline', () => line(false));
  addEventListener('online', () => jobs.load().catch(() => {})); // which tells whether there is a server
}

async function describe() {
  if (formats) return;
  try {
    const [module, description] = await Promise.all([import('./options.js').catch(() => { throw offline(); }), get('formats')]);
    options = module;
    formats = new options.Formats(description);
    show();
  } catch (e) {
    if (staged.length) wrong(e.sentence);
    setTimeout(describe, 3000);
  }
}

for (const [tag, name] of Object.entries(languages)) $('language').append(el('option', { value: tag, lang: tag }, name));
keys();
lines();
listen();
speak(wanted()).catch(() => {}).then(() => {
  $('language').value = language;
  count();
  performance.mark('ready'); // what follows is not waited for
  describe();
  begin().then(() => uploads.resume());
  setInterval(() => jobs.tick(), 3000);
  document.body.dataset.ready = 'yes';
});
