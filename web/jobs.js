// The list of jobs: what the server says of each, as a row that is changed and not made again, so that
// what has the focus keeps it.  Names of files are texts, and nothing else.

import { address, call, get, hasKey, offline, pause, Problem } from './api.js';
import { broken, button, bytes, el, noted, plain, seconds, t, why } from './text.js';

const PAGE = 50;  // jobs that are read at once
const KEPT = 200; // rows that are kept while more come
const ASKED = 3; // jobs that are asked for at once: of a browser's six lines some are for uploads
const MANY = 20; // of those that have changed, from which the list is read instead of each
const MOST_GONE = 10000; // removed ones that are known; an answer that is older than so many is none
const FILES = 100; // rows of a batch that are shown at once

const kind = { PENDING: 'busy', PROCESSING: 'busy', SUCCESS: 'done', PARTIAL_SUCCESS: 'done part', FAILED: 'failed' };
const ended = (job) => !['INITIATED', 'PENDING', 'PROCESSING'].includes(job.status);
const hasResult = (job) => Boolean(job.download_url);

// What its result is, by the name of the file: an archive has no first page.
const resultOf = (job) => (/\.zip$/i.test(job.output_file ?? '') ? 'zip' : job.target_format);
const canLook = (job) => ['pdf', 'txt', 'md', 'csv', 'tsv', 'json', 'jsonl', 'rst', 'html', 'svg', 'png', 'jpeg',
  'docx', 'odt', 'pptx', 'odp', 'xlsx', 'ods', 'rtf', 'doc'].includes(resultOf(job));

// Not before somebody wants to look: the page is there sooner without.
const preview = () => import('./preview.js').catch(() => { throw offline(); });

// How long conversions to a format have taken here, of late.
const times = {};

function learn(job) {
  if (job.status !== 'SUCCESS' || job.cached || !job.started_at) return;
  const list = (times[job.target_format] ??= []);
  list.push((Date.parse(job.completed_at) - Date.parse(job.started_at)) / 1000);
  if (list.length > 21) list.shift();
}

function median(format) {
  const list = [...(times[format] ?? [])].sort((a, b) => a - b);
  return list.length ? list[list.length >> 1] : null;
}

// Has the browser save it; a key cannot be in a link, so a signed one is asked for.
export async function save(job, path) {
  if (!hasKey()) return go(address(path), null);
  if (!/\/files\/\d+$/.test(path)) {
    try {
      const links = await (await call(`jobs/${job.job_id}/links`, { method: 'POST' })).json();
      return go(new URL(links.download_url, address('')), null);
    } catch (e) {
      if (e.status !== 501) throw e;
    }
  }
  const answer = await call(path, { headers: { Accept: '*/*' } });
  const url = URL.createObjectURL(await answer.blob());
  go(url, job.output_file ?? 'result');
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

function go(url, name) {
  const a = el('a', { href: url, download: name ?? '' });
  document.body.append(a);
  a.click();
  a.remove();
}

class Row {
  constructor(list, job) {
    this.list = list;
    this.name = el('bdi', { class: 'name' });
    this.about = el('div', { class: 'about' });
    this.what = el('div', { class: 'what' }, this.name, this.about);
    this.buttons = el('div', { class: 'buttons' });
    this.bar = el('progress', { max: 1 });
    this.notes = el('div', { class: 'notes' });
    this.li = el('li', { class: 'job' }, this.what, this.buttons, this.bar, this.notes);
    this.update(job);
  }

  update(job) {
    const before = this.job?.status;
    const name = plain(job.input_filename || job.job_id);
    this.job = job;
    this.li.className = `job ${kind[job.status] ?? ''}`;
    this.li.dataset.id = job.job_id;
    this.li.dataset.status = job.status;
    if (this.name.textContent !== name) this.name.replaceChildren(...broken(name));
    this.describe();
    this.bar.hidden = ended(job);
    this.bar.setAttribute('aria-label', t('of', { what: t(`state.${job.status}`), name }));
    // What waits stands still.
    if (job.progress > 0 || job.status !== 'PROCESSING') this.bar.value = job.progress; else this.bar.removeAttribute('value');
    if (before !== job.status) this.offer(name);
    this.explain();
    if (job.counts) this.showFiles();
    if (ended(job) && before !== job.status) {
      learn(job);
      if (before) this.list.tell(job.status === 'FAILED' ? 'news.failed' : 'news.done', name);
    }
  }

  describe() {
    const { job } = this;
    const said = [el('span', { class: 'state' }, t(`state.${job.status}`)),
      `${(job.source_format ?? '').toUpperCase()} → ${(job.target_format ?? '').toUpperCase()}`,
      bytes(hasResult(job) ? job.output_size : job.input_size)];
    const each = median(job.target_format);
    if (job.status === 'PENDING' && job.queue_position) {
      said.push(t('place', { n: job.queue_position }));
      if (each) said.push(t('left', { time: seconds(each * job.queue_position) }));
    } else if (job.status === 'PROCESSING' && each && !job.counts) {
      const left = each - (Date.now() - Date.parse(job.started_at)) / 1000;
      if (left > 0) said.push(t('left', { time: seconds(left) }));
    }
    if (job.counts) {
      said.push(t('counts.files', { n: job.counts.total }));
      for (const [word, n] of [['done', job.counts.success], ['failed', job.counts.failed], ['skipped', job.counts.skipped]]) {
        if (n) said.push(t(`counts.${word}`, { n }));
      }
    }
    this.about.replaceChildren(...said.flatMap((part, i) => (i ? [' · ', part] : [part])));
  }

  offer(name) {
    const { job, list } = this;
    const had = this.buttons.contains(document.activeElement);
    const all = [];
    if (hasResult(job)) {
      if (canLook(job)) all.push(button('preview', name, () => list.act(this, async () => (await preview()).look(job, resultOf(job))), 'quiet'));
      all.push(button('download', name, () => list.act(this, () => save(job, job.download_url)), 'main'));
    }
    if (['FAILED', 'PARTIAL_SUCCESS'].includes(job.status)) all.push(button('retry', name, () => list.act(this, () => this.again())));
    all.push(ended(job) ? button('remove', name, () => list.act(this, () => list.remove(job)), 'quiet')
      : button('cancel', name, () => list.act(this, () => list.remove(job))));
    this.buttons.replaceChildren(...all);
    if (had) all[0].focus();
  }

  async again(password) {
    try {
      if (!password && ['password_required', 'wrong_password'].includes(this.job.error_code)) throw new Problem('missing_parameter');
      await call(`jobs/${this.job.job_id}/retry${password ? `?password=${encodeURIComponent(password)}` : ''}`, { method: 'POST' });
    } catch (e) {
      const given = e.code === 'missing_parameter' && !password ? await (await preview()).ask(t('ask.password', { name: this.name.textContent })) : null;
      if (!given) throw e;
      await this.again(given);
    }
    this.list.refresh(this.job.job_id);
  }

  explain(problem) {
    const { job } = this;
    const said = [];
    if (problem) said.push(el('p', { class: 'wrong', role: 'alert' }, problem.sentence));
    if (job.error) said.push(why('p', job, { class: 'wrong' }));
    const warnings = job.warnings ?? [];
    if (warnings.length > 2) {
      said.push(el('details', { open: this.notes.querySelector('details')?.open }, el('summary', {}, t('notes', { n: warnings.length })),
        ...warnings.map((w) => noted('p', w))));
    } else {
      said.push(...warnings.map((w) => noted('p', w)));
    }
    this.notes.replaceChildren(...said);
    this.notes.hidden = !said.length;
  }

  showFiles() {
    if (!this.files) {
      this.offset = 0;
      this.table = el('div');
      this.files = el('details', { class: 'files', ontoggle: () => this.fill() }, el('summary', {}, t('files')), this.table);
      this.li.append(this.files);
    }
    this.fill();
  }

  async fill() {
    if (!this.files.open) return;
    if (this.filling) { this.stale = true; return; }
    this.filling = true;
    try {
      this.page = await get(`jobs/${this.job.job_id}/files?limit=${FILES}&offset=${this.offset}`);
      this.draw();
    } catch (e) {
      if (e.code !== 'offline') this.explain(e); // or it is said above all of them
    }
    this.filling = false;
    if (this.stale) { this.stale = false; await this.fill(); }
  }

  draw() {
    const { files, total: n } = this.page;
    const move = (by) => () => { if (!this.filling) { this.offset += by; this.fill(); } };
    // The roles are said, as the rows of a phone are laid out as none of a table.
    const cell = (attributes, ...inside) => el('td', { role: 'cell', ...attributes }, ...inside);
    this.table.replaceChildren(el('table', { role: 'table' },
      el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, ...['files.name', 'files.state', 'download'].map((word) =>
        el('th', { scope: 'col', role: 'columnheader' }, el('span', { class: word === 'download' ? 'hidden' : null }, t(word)))))),
      el('tbody', { role: 'rowgroup' }, ...files.map((f) => el('tr', { role: 'row' }, cell({}, el('bdi', {}, ...broken(plain(f.filename)))),
        cell({ class: f.status === 'FAILED' ? 'wrong' : null }, t(`state.${f.status}`), f.error ? why('div', f) : null),
        cell({}, f.download_url ? button('download', plain(f.filename),
          () => this.list.act(this, () => save({ output_file: f.filename }, f.download_url)), 'quiet') : null))))),
    n > FILES ? el('p', { class: 'buttons' },
      el('button', { type: 'button', disabled: this.offset === 0, onclick: move(-FILES) }, t('previous')),
      t('files.range', { from: this.offset + 1, to: Math.min(n, this.offset + FILES), n }),
      el('button', { type: 'button', disabled: this.offset + FILES >= n, onclick: move(FILES) }, t('next'))) : '');
  }
}

export class Jobs {
  #rows = new Map();
  #due = new Set(); // ids of those that have changed
  #asking = new Set(); // of those that are being asked for
  #reading = false; // the list is
  #gone = new Set(); // of those that were removed, whatever an earlier question is answered
  #cursor = null;
  #kept = KEPT;

  // changed(): how many there are, or have a result, has changed; tell(key, name): news for those who listen
  constructor(ul, more, changed, tell) {
    Object.assign(this, { ul, more, changed, tell: (key, name) => tell(t(key, { name })) });
    more.addEventListener('click', () => { this.#kept += PAGE; this.#page(this.#cursor).catch(() => {}); });
  }

  get size() { return this.#rows.size; }
  get results() { return [...this.#rows.values()].map((row) => row.job).filter(hasResult); }

  // All that is shown, anew.
  async load() {
    const before = new Set(this.#rows.keys());
    const { jobs, next_cursor: next } = await this.#page(null);
    const seen = new Set(jobs.map((job) => job.job_id));
    const oldest = jobs.at(-1)?.job_id;
    // More have come than a page: what is between is not known, and so is shown when it is asked for.
    const gap = next && before.size > 0 && !jobs.some((job) => before.has(job.job_id));
    if (gap) { this.#cursor = next; this.more.hidden = false; }
    for (const [id, row] of [...this.#rows]) {
      if (seen.has(id) || !before.has(id)) continue; // or it has come since
      if (!next || id > oldest || gap) this.drop(id);
      else if (!ended(row.job)) this.refresh(id);
    }
  }

  // The job before which older ones begin is the cursor of the listing.
  async #page(cursor) {
    const page = await get(`jobs?limit=${PAGE}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`);
    for (const job of page.jobs) this.put(job);
    const oldest = this.ul.lastElementChild?.dataset.id;
    if (cursor || !page.next_cursor || page.next_cursor <= oldest) this.#cursor = page.next_cursor;
    this.more.hidden = !this.#cursor;
    this.changed();
    return page;
  }

  put(job) {
    if (this.#gone.has(job.job_id)) return;
    const row = this.#rows.get(job.job_id);
    if (row) { row.update(job); this.changed(); return; }
    const made = new Row(this, job);
    this.#rows.set(job.job_id, made);
    // Newest first; ids are sorted by time.
    const after = [...this.ul.children].find((li) => li.dataset.id < job.job_id);
    this.ul.insertBefore(made.li, after ?? null);
    // Of ten thousand the oldest are shown when they are asked for.
    while (this.#rows.size > this.#kept) {
      const last = this.ul.lastElementChild;
      this.#rows.delete(last.dataset.id);
      last.remove();
      this.#cursor = this.ul.lastElementChild.dataset.id;
      this.more.hidden = false;
    }
    this.changed();
  }

  // It has been removed, and does not come back.
  #lose(id, say) {
    this.#gone.add(id);
    if (this.#gone.size > MOST_GONE) this.#gone.delete(this.#gone.values().next().value);
    this.drop(id, say);
  }

  drop(id, say) {
    const row = this.#rows.get(id);
    if (!row) return;
    const focused = row.li.contains(document.activeElement);
    const next = row.li.nextElementSibling ?? row.li.previousElementSibling;
    this.#rows.delete(id);
    row.li.remove();
    if (say) this.tell('news.removed', row.name.textContent);
    if (focused) (next?.querySelector('button') ?? document.querySelector('#jobs-title')).focus();
    this.changed();
  }

  // An event of the stream: what the job is now, is asked for once, however many there are.
  heard(event, data) {
    if (event === 'state' || event === 'reset') { this.load().catch(() => {}); return; }
    if (!data.job_id) return;
    if (event === 'job_removed' || event === 'job_cancelled') this.#lose(data.job_id, true);
    else this.refresh(data.job_id);
  }

  refresh(id) {
    if (this.#hides(id)) return;
    this.#due.add(id);
    this.#ask();
  }

  // Whether it is older than what is shown.
  #hides(id) {
    const oldest = this.ul.lastElementChild?.dataset.id;
    return !this.#rows.has(id) && this.#cursor && oldest && id < oldest;
  }

  #ask() {
    if (this.#due.size >= MANY && !this.#reading) this.#read();
    for (const id of this.#due) {
      if (this.#asking.size >= ASKED || this.#reading) break;
      if (!this.#asking.has(id)) this.#one(id);
    }
  }

  async #one(id) {
    this.#due.delete(id);
    if (this.#hides(id)) return;
    this.#asking.add(id);
    try {
      this.put(await get(`jobs/${id}`));
    } catch (e) {
      if (e.status === 404) this.#lose(id, true);
      else if (e.passes && e.code !== 'offline') {
        await pause(1000 * Math.max(1, e.retryAfter));
        this.#due.add(id);
      }
    }
    await pause(this.#rows.get(id)?.job.counts ? 700 : 50);
    this.#asking.delete(id);
    this.#ask();
  }

  // So many have changed that a few pages of the list cost less.
  async #read() {
    const wanted = new Set(this.#due);
    this.#due.clear();
    this.#reading = true;
    let cursor = null;
    try {
      do {
        const page = await get(`jobs?limit=${PAGE}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`);
        cursor = page.next_cursor;
        for (const job of page.jobs) if (wanted.delete(job.job_id) || !this.#rows.has(job.job_id)) this.put(job);
        for (const id of wanted) if ((!cursor || id > cursor) && this.#rows.has(id)) { wanted.delete(id); this.#due.add(id); }
      } while (cursor && [...wanted].some((id) => id < cursor && !this.#hides(id)));
    } catch (e) {
      if (e.passes && e.code !== 'offline') for (const id of wanted) this.#due.add(id);
      await pause(1000 * (e.retryAfter || 0));
    }
    await pause(500);
    this.#reading = false;
    this.#ask();
  }

  // What is left of a place in the queue changes without an event, and so do a batch's numbers while
  // what is no document is left out, or its results are packed.
  tick() {
    for (const { job } of this.#rows.values()) if (job.counts && !ended(job)) this.refresh(job.job_id);
    for (const { job } of this.#rows.values()) {
      if (job.status === 'PENDING' && job.queue_position > 1) { this.refresh(job.job_id); break; }
    }
    for (const row of this.#rows.values()) if (!ended(row.job)) row.describe();
  }

  async act(row, what) {
    try {
      await what();
      row.explain();
    } catch (e) {
      const problem = e instanceof Problem ? e : new Problem('internal_error', { detail: String(e?.message ?? e) });
      if (problem.status === 404 && problem.code === 'job_not_found') this.#lose(row.job.job_id, true);
      else row.explain(problem);
    }
  }

  async remove(job) {
    try {
      await call(`jobs/${job.job_id}`, { method: 'DELETE' });
    } catch (e) {
      if (e.status !== 404) throw e;
    }
    this.#lose(job.job_id);
  }

  words() {
    for (const row of this.#rows.values()) {
      row.update(row.job);
      row.offer(row.name.textContent);
      if (row.files) row.files.firstChild.textContent = t('files');
      if (row.page) row.draw();
    }
  }
}
