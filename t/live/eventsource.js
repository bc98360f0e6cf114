// A real EventSource: prints what it hears, one JSON line each, until the job's end,
// and then for another moment, in which it must not come back.
//
//     node eventsource.js MODULE URL KEY

const EventSource = require(process.argv[2]);
const source = new EventSource(process.argv[3], { headers: { 'X-API-Key': process.argv[4] } });
const say = (line) => console.log(JSON.stringify(line));

for (const name of ['state', 'reset', 'job_pending', 'job_processing', 'job_done', 'job_failed']) {
  source.addEventListener(name, (event) => {
    say({ event: name, id: event.lastEventId, status: JSON.parse(event.data).status });
  });
}
source.onopen = () => say({ event: 'open' });
// Whether it has closed itself is known when the handler has returned.
source.onerror = (error) => setImmediate(() => {
  const closed = source.readyState === EventSource.CLOSED;
  say({ event: 'error', status: error.status ?? null, closed });
  if (closed) {
    setTimeout(() => process.exit(0), 500);
  }
});
setTimeout(() => process.exit(1), 60000);
