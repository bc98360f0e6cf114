// Converts a document with a client whose types are made of conf/openapi.json; for t/house/typescript.t.
// node typescript.js URL KEY

import createClient from 'openapi-fetch';
import type { components, paths } from './api.js';

const [url, key] = process.argv.slice(2) as [string, string];
const client = createClient<paths>({ baseUrl: url, headers: { 'X-API-Key': key } });

function must<T>(what: string, answer: { data?: T; error?: components['schemas']['Problem'] }): T {
  if (answer.data === undefined) throw new Error(`${what}: ${answer.error?.code}: ${answer.error?.detail}`);
  return answer.data;
}

const document = new File(['a text\n'], 'a.txt');
const made = must('submit', await client.POST('/jobs', {
  body: { target_format: 'pdf', ttl: 600 },
  bodySerializer: (fields) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields ?? {})) form.append(name, String(value));
    form.append('file', document);
    return form;
  },
}));

const path = { id: made.job_id };
let job = made;
while (job.status === 'PENDING' || job.status === 'PROCESSING') {
  job = must('wait', await client.GET('/jobs/{id}', { params: { path, query: { wait: 10 } } }));
}
const result = must('download', await client.GET('/jobs/{id}/download', { params: { path }, parseAs: 'arrayBuffer' }));
const wrong = await client.GET('/jobs/{id}', { params: { path: { id: '01900000-0000-7000-8000-000000000000' } } });

console.log(job.status, job.output_file, (result as unknown as ArrayBuffer).byteLength, wrong.error?.code);
