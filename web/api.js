// The server: requests, what it refuses, and its stream of events.  The key is in memory, and in
// sessionStorage only if its owner wants that.

import { has, t } from './text.js';

const base = new URL('..', import.meta.url);
export const news = new EventTarget(); // 'key': one is wanted; 'line': detail says whether there is a server

const slot = 'platen-key';
const session = (use) => { try { return use(sessionStorage); } catch { return null; } };
let key = session((s) => s.getItem(slot));

export const hasKey = () => Boolean(key);

export function setKey(value, keep) {
  key = value || null;
  session((s) => (key && keep ? s.setItem(slot, key) : s.removeItem(slot)));
}

export const keyNow = () => key;
export const withKey = () => (key ? { 'X-API-Key': key } : {});
export const address = (path) => new URL(path.replace(/^\//, ''), base);

// What says the same to a person, who can do no more about one than about the other.
const alike = {
  bad_request: ['invalid_header', 'malformed_multipart', 'malformed_json', 'invalid_handshake', 'not_found', 'method_not_allowed',
    'offset_mismatch', 'precondition_failed', 'unsupported_version', 'too_many_parts', 'body_too_large', 'uri_too_long', 'range_not_satisfiable',
    'invalid_id', 'missing_file', 'idempotency_key_reused', 'webhooks_off', 'upgrade_required', 'headers_too_large', 'checksum_mismatch',
    'not_implemented', 'http_version_not_supported'],
  signature_expired: ['signature_invalid'],
  forbidden: ['origin_refused'],
  service_not_ready: ['bad_gateway', 'gateway_timeout'],
};
const same = Object.fromEntries(Object.entries(alike).flatMap(([one, others]) => others.map((other) => [other, one])));

export class Problem extends Error {
  constructor(code, { detail = '', status = 0, retryAfter = 0, id = '', late = false } = {}) {
    super(detail || code);
    Object.assign(this, { code, detail, status, retryAfter, id, late });
  }

  // One plain sentence, with what to do.
  get sentence() {
    const named = ['invalid_parameter', 'unsupported_option'].includes(this.code)
      && this.detail.match(/[a-z_]+/g)?.map((word) => `option.${word}`).find(has);
    if (named) return t('problem.option', { option: t(named) });
    const known = `problem.${same[this.code] ?? this.code}`;
    return t(has(known) ? known : 'problem.internal_error', { id: this.id });
  }

  // Whether the same may do later what it does not now.
  get passes() {
    return this.late || this.code === 'offline' || [408, 423, 429, 502, 503, 504].includes(this.status);
  }
}

export const offline = () => new Problem('offline');

// What a body of an answer that is no success says.  That a key is refused is not said of the one that has come since.
export function problemOf(status, text, retryAfter, sentKey) {
  let body = {};
  try { body = JSON.parse(text) ?? {}; } catch { /* not of Platen, but of what is before it */ }
  const code = typeof body.code === 'string' ? body.code : status >= 502 && status <= 504 ? 'offline' : 'internal_error';
  const late = status === 401 && sentKey !== key;
  if (status === 401 && !late) news.dispatchEvent(new Event('key'));
  return new Problem(code, { detail: body.detail, status, retryAfter: Number(retryAfter) || 0, id: body.request_id ?? '', late });
}

let reached = true;

export function line(there) {
  if (there !== reached) news.dispatchEvent(new CustomEvent('line', { detail: there }));
  reached = there;
}

export async function call(path, { method = 'GET', body, headers = {}, signal } = {}) {
  const sentKey = key;
  let answer;
  try {
    answer = await fetch(address(path), { method, body, signal, headers: { Accept: 'application/json', ...withKey(), ...headers } });
  } catch (e) {
    if (signal?.aborted) throw e;
    line(false);
    throw offline();
  }
  if (!answer.ok) {
    const problem = problemOf(answer.status, await answer.text().catch(() => ''), answer.headers.get('Retry-After'), sentKey);
    if (problem.code !== 'offline') line(true);
    throw problem;
  }
  line(true);
  return answer;
}

export const get = async (path, options) => (await call(path, options)).json();

// Ends early when the browser has a line again.
export const pause = (ms) => new Promise((done) => {
  const end = () => { clearTimeout(timer); removeEventListener('online', end); done(); };
  const timer = setTimeout(end, ms);
  addEventListener('online', end);
});

// A stream that is silent for so long is none: the server sends a comment every 15 seconds, unless it is told
// otherwise, and of a line that is cut somewhere between nobody tells.
const SILENCE = 60000;

// Server-Sent Events by fetch, which can send a key; comes back behind what it has heard.
export async function follow(path, heard, signal) {
  let last = null;
  for (let tries = 0; !signal.aborted; tries++) {
    try {
      const answer = await call(path, { signal, headers: { Accept: 'text/event-stream', ...(last ? { 'Last-Event-ID': last } : {}) } });
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = '';
      for (;;) {
        const silent = setTimeout(() => reader.cancel().catch(() => {}), SILENCE);
        const { done, value } = await reader.read();
        clearTimeout(silent);
        if (done) break;
        tries = 0;
        text += value;
        const blocks = text.split('\n\n');
        text = blocks.pop();
        for (const block of blocks) {
          const event = { event: 'message', data: '' };
          for (const row of block.split('\n')) {
            const [, field, content] = row.match(/^(\w+): ?(.*)$/) ?? [];
            if (field === 'id') last = content;
            else if (field === 'data') event.data += content;
            else if (field === 'event') event.event = content;
          }
          if (event.data) heard(event.event, JSON.parse(event.data));
        }
      }
    } catch (e) {
      if (signal.aborted) return;
      if (e.status === 401) return;
      if (!(e instanceof Problem)) line(false);
    }
    await pause(Math.min(15000, 500 * 2 ** Math.min(tries, 5)) * (0.75 + Math.random() / 2));
  }
}
