// A page that does what a test orders, with the browser's own EventSource, WebSocket, fetch and
// FormData, and notes what they say.  It reports to the test's port, which is behind the # of its
// address; t/lib/Browser.pm is the other end.
//
// A report has the notes since the last one that was answered, and the answer the orders since the
// last that was followed: either may be sent twice, and counts once.

const control = `http://127.0.0.1:${location.hash.slice(1)}/`;
const notes = [];
const note = (as, what, more) => notes.push({ as, what, ...more });

const heard = (as, event, seq, data) => {
  const of = data.state ?? data;
  note(as, event, { seq, job_id: of.job_id ?? null, status: of.status ?? null, total: of.total ?? null });
};

const ways = {
  // Comes back by itself, as EventSource does.
  events({ as, url, credentials }) {
    const source = new EventSource(url, { withCredentials: Boolean(credentials) });
    for (const event of ['state', 'reset', 'job_pending', 'job_processing', 'job_done', 'job_failed',
      'job_cancelled', 'job_removed']) {
      source.addEventListener(event, (e) => heard(as, event, Number(e.lastEventId), JSON.parse(e.data)));
    }
    source.onopen = () => note(as, 'open');
    // Whether it has closed itself is known when the handler has returned.
    source.onerror = () => setTimeout(() => {
      note(as, source.readyState === EventSource.CLOSED ? 'end' : 'lost');
    });
  },

  // Comes back behind what it has heard, unless it was never let in or has come to the end.
  ws({ as, url }) {
    let seq = null;
    let opened = false;
    const open = () => {
      const here = new URL(url, location.href);
      here.protocol = 'ws:';
      if (seq !== null) here.searchParams.set('since', seq);
      const socket = new WebSocket(here);
      socket.onopen = () => { opened = true; note(as, 'open'); };
      socket.onmessage = (message) => {
        const data = JSON.parse(message.data);
        seq = data.seq;
        heard(as, data.event, data.seq, data);
      };
      socket.onclose = ({ code }) => {
        const ended = !opened || code === 1000;
        note(as, ended ? 'end' : 'lost', { code });
        if (!ended) setTimeout(open, 100);
      };
    };
    open();
  },

  async get({ as, url }) {
    const answer = await fetch(url);
    const type = answer.headers.get('Content-Type');
    const body = /json/.test(type) ? await answer.json() : null;
    const bytes = body ? null : (await answer.arrayBuffer()).byteLength;
    note(as, 'answer', { status: answer.status, type, body, bytes });
  },

  async upload({ as, url, name, text }) {
    const form = new FormData();
    form.append('file', new File([text], name));
    form.append('target_format', 'pdf');
    const answer = await fetch(url, { method: 'POST', body: form });
    note(as, 'answer', { status: answer.status, body: await answer.json() });
  },

  cookies({ as }) {
    note(as, 'cookies', { text: document.cookie });
  },

  visit({ url }) {
    location.href = url;
    return 'gone';
  },
};

const report = async () => {
  let told = 0;
  let followed = 0;
  for (;;) {
    try {
      const until = notes.length;
      const answer = await fetch(control, {
        method: 'POST',
        body: JSON.stringify({ from: told, notes: notes.slice(told), followed }),
      });
      const orders = await answer.json();
      told = until;
      for (const order of orders) {
        followed++;
        const went = ways[order.way](order);
        if (went === 'gone') return;
        went?.catch((error) => note(order.as, 'failed', { error: String(error) }));
      }
    } catch {
      // The same again.
    }
    await new Promise((resume) => setTimeout(resume, 50));
  }
};
report();
