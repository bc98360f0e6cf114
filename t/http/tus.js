// An upload by tus-js-client: node tus.js MODULE ENDPOINT KEY FILE HOW MASTER
//
// HOW is "straight", "abort" (and go on half a second later), "kill" (kill -9 of all workers of
// nginx, twice), or "deferred".  Writes a line of JSON for each answer, and for the end.

'use strict';

const fs = require('fs');
const { PassThrough } = require('stream');
const [module_, endpoint, key, file, how, master] = process.argv.slice(2);
const tus = require(module_);

const say = (what) => process.stdout.write(JSON.stringify(what) + '\n');
const size = fs.statSync(file).size;
const marks = how === 'abort' ? [0.4] : how === 'kill' ? [0.3, 0.6] : [];

function killWorkers() {
    const children = fs.readFileSync(`/proc/${master}/task/${master}/children`, 'utf8');
    children.trim().split(/\s+/).forEach((pid) => process.kill(+pid, 'SIGKILL'));
    say({ killed: children.trim() });
}

// Of a file it knows the length, of any other stream it does not.
const input = fs.createReadStream(file);
const upload = new tus.Upload(how === 'deferred' ? input.pipe(new PassThrough()) : input, {
    endpoint,
    headers: { 'X-API-Key': key },
    metadata: { filename: 'a.txt', filetype: 'text/plain', target_format: 'pdf' },
    retryDelays: [50, 200, 500, 1000, 1000, 2000, 3000],
    ...(how === 'deferred' ? { uploadLengthDeferred: true, chunkSize: 1 << 20 } : {}),
    onAfterResponse: (request, response) => say({ method: request.getMethod(),
        status: response.getStatus(), offset: response.getHeader('Upload-Offset'),
        job: response.getHeader('Platen-Job') }),
    onProgress: (sent) => {
        if (marks.length === 0 || sent < marks[0] * size) {
            return;
        }
        marks.shift();
        if (how === 'kill') {
            killWorkers();
        } else {
            upload.abort().then(() => setTimeout(() => upload.start(), 500));
        }
    },
    onSuccess: () => say({ url: upload.url }),
    onError: (error) => say({ error: String(error.message || error) }),
});

upload.start();
