// Uploads: a few at a time, small ones as forms, large ones by tus, which goes on where a line broke or
// a page was left: what is needed for that is in the browser's database until the upload is complete.

import { address, keyNow, line, offline, pause, problemOf, withKey, Problem, call } from './api.js';

const LARGE = 2 << 20; // bytes from which tus is worth its requests
const PIECE = 4 << 20;
const AT_ONCE = 3;

function database(mode, use) {
  return new Promise((done, failed) => {
    const open = indexedDB.open('platen', 1);
    open.onupgradeneeded = () => open.result.createObjectStore('uploads', { keyPath: 'url' });
    open.onerror = () => failed(open.error);
    open.onsuccess = () => {
      const act = open.result.transaction('uploads', mode);
      const request = use(act.objectStore('uploads'));
      act.oncomplete = () => { open.result.close(); done(request?.result); };
      act.onerror = act.onabort = () => { open.result.close(); failed(act.error); };
    };
  });
}

// Without a database an upload goes on after a broken line, but not after a reload.
const keep = (entry) => database('readwrite', (s) => s.put(entry)).catch(() => {});
const forget = (url) => database('readwrite', (s) => s.delete(url)).catch(() => {});

// XMLHttpRequest alone tells how far an upload is.
function send(item, method, url, headers, body, sent) {
  return new Promise((done, failed) => {
    const x = new XMLHttpRequest();
    const sentKey = keyNow();
    item.request = x;
    x.open(method, url);
    for (const [name, value] of Object.entries({ Accept: 'application/json', ...withKey(), ...headers })) x.setRequestHeader(name, value);
    x.upload.onprogress = (e) => sent(e.loaded);
    x.onabort = () => failed(new DOMException('', 'AbortError'));
    x.onerror = x.ontimeout = () => { line(false); failed(offline()); };
    x.onload = () => {
      if (x.status >= 200 && x.status < 300) { line(true); done(x); return; }
      failed(problemOf(x.status, x.responseText, x.getResponseHeader('Retry-After'), sentKey));
    };
    x.send(body);
  });
}

const text = (value) => btoa(String.fromCharCode(...new TextEncoder().encode(value)));

export class Uploads {
  all = new Set(); // that are neither taken nor removed
  #waiting = [];
  #going = new Set();
  #begun = false;

  // told(item): it has changed; taken(item, job): it is a job now
  constructor(told, taken) { Object.assign(this, { told, taken }); }

  add(files, to, options, name) {
    const item = { files, to, options, name, sent: 0, state: 'queued', problem: null,
      total: files.reduce((n, f) => n + f.size, 0), idem: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}` };
    this.all.add(item);
    this.#waiting.push(item);
    this.told(item);
    this.#next();
    return item;
  }

  // What an earlier page has left.  Until this is called nothing is sent: on a first visit the answer to an
  // earlier request tells who this is, and what was sent without would be somebody else's.
  async resume() {
    this.#begun = true;
    for (const { url, file, name, to } of await database('readonly', (s) => s.getAll()).catch(() => [])) {
      if (!url.startsWith(address('').href)) continue;
      this.#waiting.push({ files: [file], url, name, to, options: {}, sent: 0, total: file.size, state: 'queued', problem: null });
      this.all.add(this.#waiting.at(-1));
      this.told(this.#waiting.at(-1));
    }
    this.#next();
  }

  retry(item) {
    Object.assign(item, { state: 'queued', problem: null });
    this.#waiting.push(item);
    this.told(item);
    this.#next();
  }

  async remove(item) {
    item.state = 'removed';
    this.all.delete(item);
    this.#waiting = this.#waiting.filter((other) => other !== item);
    item.request?.abort();
    this.#leave(item); // it may be in a pause
    this.told(item);
    if (item.url) {
      await forget(item.url);
      await call(new URL(item.url).pathname.slice(address('').pathname.length), { method: 'DELETE', headers: { 'Tus-Resumable': '1.0.0' } }).catch(() => {});
    }
  }

  // All of them at once.
  clear() {
    this.#waiting = [];
    for (const item of [...this.all]) this.remove(item);
  }

  #next() {
    while (this.#begun && this.#going.size < AT_ONCE && this.#waiting.length) this.#run(this.#waiting.shift());
  }

  async #run(item) {
    this.#going.add(item);
    for (let tries = 0; item.state !== 'removed'; tries++) {
      Object.assign(item, { state: 'upload', problem: null });
      this.told(item);
      try {
        const large = item.url || (item.files.length === 1 && item.total >= LARGE);
        const job = await (large ? this.#pieces(item, () => { tries = 0; }) : this.#form(item));
        item.state = 'taken';
        this.all.delete(item);
        this.taken(item, job);
        break;
      } catch (e) {
        if (item.state === 'removed') break;
        const problem = e instanceof Problem ? e : new Problem('internal_error', { detail: String(e) });
        Object.assign(item, { state: 'paused', problem });
        if (!problem.passes) { this.told(item); break; }
        item.again = Math.max(problem.retryAfter, Math.min(30, 2 ** tries));
        this.told(item);
        await pause(item.again * 1000);
      }
    }
    this.#leave(item);
  }

  #leave(item) {
    this.#going.delete(item);
    this.#next();
  }

  #progress(item, sent) {
    item.sent = Math.min(sent, item.total);
    this.told(item);
  }

  // The same again, should the answer be lost, is the same job.
  async #form(item) {
    const form = new FormData();
    for (const file of item.files) form.append('file', file, file.webkitRelativePath || file.name);
    form.append('target_format', item.to);
    for (const [name, value] of Object.entries(item.options)) form.append(name, value);
    const answer = await send(item, 'POST', address('jobs'), { 'Idempotency-Key': item.idem }, form, (n) => this.#progress(item, n));
    return JSON.parse(answer.responseText).job_id;
  }

  async #pieces(item, moved) {
    const tus = { 'Tus-Resumable': '1.0.0' };
    const [file] = item.files;
    let at = 0;
    let job = null;

    if (item.url) {
      try {
        const found = await send(item, 'HEAD', item.url, tus, null, () => {});
        at = Number(found.getResponseHeader('Upload-Offset'));
        job = found.getResponseHeader('Platen-Job');
      } catch (e) {
        if (e.status !== 404 && e.status !== 410) throw e;
        await forget(item.url);
        item.url = null; // it has expired
        // What the options were, an earlier page knew; without them it would be another conversion.
        if (!item.idem) throw new Problem('job_not_found');
      }
    }
    if (!item.url) {
      const said = { filename: item.name, target_format: item.to, ...item.options };
      const made = await send(item, 'POST', address('uploads/'), { ...tus, 'Upload-Length': file.size,
        'Upload-Metadata': Object.entries(said).map(([name, value]) => `${name} ${text(String(value))}`).join(',') }, null, () => {});
      item.url = new URL(made.getResponseHeader('Location'), location.href).href;
      await keep({ url: item.url, file, name: item.name, to: item.to });
    }
    while (!job) {
      this.#progress(item, at);
      const from = at;
      const answer = await send(item, 'PATCH', item.url, { ...tus, 'Upload-Offset': at, 'Content-Type': 'application/offset+octet-stream' },
        file.slice(at, at + PIECE), (n) => this.#progress(item, from + n))
        .catch(async (e) => {
          // A document that is refused takes its upload with it.
          if (e instanceof Problem && !e.passes && e.status !== 401 && e.status !== 409) { await forget(item.url); item.url = null; }
          throw e.status === 409 ? offline() : e;
        });
      at = Number(answer.getResponseHeader('Upload-Offset'));
      job = answer.getResponseHeader('Platen-Job');
      moved();
    }
    await forget(item.url);
    return job;
  }
}
