// A real socket.io-client and a real WebSocket (npm's ws): prints what they hear, one JSON line
// each, until the job is done, and goes on from there when its connection breaks.
//
//     node socketio.js MODULES URL KEY

const [modules, url, key] = process.argv.slice(2);
const { io } = require(`${modules}/socket.io-client`);
const WebSocket = require(`${modules}/ws`);
const say = (line) => console.log(JSON.stringify(line));

let since = null;
// The job is the first one that is told to be pending; others that wait end, too.
let mine = null;
let done = 0;
const heard = (name, id) => {
  if (name === 'job_pending') mine ??= id;
  if ((name === 'job_done' || name === 'job_failed') && id === mine && ++done === 2) setTimeout(() => process.exit(0), 300);
};

const socket = io(url, {
  transports: ['websocket'],
  extraHeaders: { 'X-API-Key': key },
  auth: (give) => give(since === null ? {} : { since }),
  reconnectionDelay: 100,
  reconnectionDelayMax: 200,
});
socket.on('connect', () => say({ io: 'connect' }));
socket.on('disconnect', (reason) => say({ io: 'disconnect', reason }));
socket.on('connect_error', (error) => say({ io: 'connect_error', error: error.message }));
socket.on('state', (event) => { since = event.seq; say({ io: 'state', total: event.state.total }); });
for (const name of ['job_pending', 'job_processing', 'job_done', 'job_failed']) {
  socket.on(name, (event) => {
    since = event.seq;
    say({ io: name, seq: event.seq, job_id: event.job_id });
    heard(name, event.job_id);
  });
}

// A browser's WebSocket has no headers of its own: the key goes with it here as it would
// in a cookie there.
let seq = null;
const open = () => {
  const ws = new WebSocket(`${url.replace(/^http/, 'ws')}/ws${seq === null ? '' : `?since=${seq}`}`,
    { headers: { 'X-API-Key': key, Origin: url } });
  ws.onmessage = (message) => {
    const event = JSON.parse(message.data);
    seq = event.seq;
    say({ ws: event.event, seq: event.seq, job_id: event.job_id });
    heard(event.event, event.job_id);
  };
  ws.onerror = () => {};
  ws.onclose = (event) => { say({ ws: 'close', code: event.code }); setTimeout(open, 100); };
};
open();
setTimeout(() => process.exit(1), 60000);
