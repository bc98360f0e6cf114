// A look at a result: the first page as a picture, a PDF in the browser's own viewer, a text as a text.
// Nothing of a result is ever part of this page: it is in an image or a frame, or is a text.

import { call } from './api.js';
import { el, t } from './text.js';

const dialog = document.querySelector('#preview');
const body = document.querySelector('#preview-body');
const TEXT = 200000; // characters that are shown
const texts = ['txt', 'md', 'csv', 'tsv', 'json', 'jsonl', 'rst', 'html', 'svg'];
const pictures = ['png', 'jpeg'];
let made = [];
let leave = null;

function clear() {
  leave?.abort();
  for (const url of made) URL.revokeObjectURL(url);
  made = [];
  body.replaceChildren();
}

document.querySelector('#preview-close').addEventListener('click', () => dialog.close());
dialog.addEventListener('close', clear);

const blob = async (path, signal) => {
  const url = URL.createObjectURL(await (await call(path, { signal, headers: { Accept: '*/*' } })).blob());
  made.push(url);
  return url;
};

export async function look(job, format) {
  const name = job.output_file ?? job.input_filename;
  const entire = format === 'pdf' && navigator.pdfViewerEnabled; // a phone's browser may have no viewer
  clear();
  leave = new AbortController();
  const { signal } = leave;
  document.querySelector('#preview-title').replaceChildren(el('bdi', {}, name));
  body.append(el('p', { role: 'status' }, t('preview.wait')));
  if (!dialog.open) dialog.showModal();
  try {
    if (texts.includes(format)) {
      const text = await (await call(job.download_url, { signal, headers: { Accept: '*/*' } })).text();
      body.replaceChildren(el('pre', { dir: 'auto' }, text.slice(0, TEXT) + (text.length > TEXT ? '\n…' : '')));
    } else if (pictures.includes(format)) {
      body.replaceChildren(el('img', { src: await blob(job.download_url, signal), alt: name }));
    } else {
      const picture = await blob(`jobs/${job.job_id}/thumbnail?width=800`, signal);
      body.replaceChildren(...(entire ? [whole(job, name, signal)] : []),
        el('img', { src: picture, alt: t('preview.page', { name }) }));
    }
  } catch (e) {
    if (signal.aborted) return;
    body.replaceChildren(el('p', { class: 'wrong', role: 'alert' }, e.sentence ?? String(e)));
    if (entire) body.append(whole(job, name, signal));
  }
}

function whole(job, name, signal) {
  return el('p', {}, el('button', { type: 'button', onclick: async (e) => {
    e.target.disabled = true;
    try {
      const url = await blob(job.download_url, signal);
      body.replaceChildren(el('iframe', { src: url, title: name }));
    } catch (problem) {
      if (!signal.aborted) body.replaceChildren(el('p', { class: 'wrong', role: 'alert' }, problem.sentence ?? String(problem)));
    }
  } }, t('preview.whole')));
}

// Asks for a password; null: none was given.
export function ask(question) {
  return new Promise((done) => {
    const input = el('input', { type: 'password', autocomplete: 'off', id: 'asked' });
    const box = el('dialog', { 'aria-labelledby': 'asked-label' }, el('form', { method: 'dialog' },
      el('p', {}, el('label', { for: 'asked', id: 'asked-label' }, question), input),
      el('p', { class: 'buttons' }, el('button', { class: 'main', value: 'ok' }, t('retry')),
        el('button', { type: 'button', class: 'quiet', onclick: () => box.close('') }, t('close')))));
    box.addEventListener('close', () => { done(box.returnValue === 'ok' && input.value ? input.value : null); box.remove(); });
    document.body.append(box);
    box.showModal();
  });
}
