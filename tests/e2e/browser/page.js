// What test_browser.py sees through a real browser. The bootstrap page has set `base` (sidespan), `harness` (the server of
// the test) and `only` (names of scenarios; empty: all). Each scenario's result goes to the harness, and what the page asks
// of the service comes from there.
"use strict";

const since = performance.now();
const key = () => crypto.randomUUID ? crypto.randomUUID() : Array.from({ length: 32 }, () => (Math.random() * 16 | 0).toString(16)).join("");
const sleep = ms => new Promise(done => setTimeout(done, ms));

// What the service has counted under the key so far: started, sent, cancelled.
const stats = async key => (await fetch(`${harness}/stats/${key}`)).json();

async function until(condition) {
  for (const end = performance.now() + 15000; performance.now() < end; await sleep(20)) {
    const value = await condition();
    if (value) return value;
  }
  throw new Error(`did not become true: ${condition}`);
}

// Events in the order of their arrival, each with when, and how many messages the service had sent by then.
function recorder(key) {
  const seen = [];
  const pending = [];
  return {
    take(event) {
      const record = { at: performance.now() - since, ...event };
      seen.push(record);
      pending.push(stats(key).then(counts => { record.sent = counts.sent; }));
    },
    async all() {
      await Promise.all(pending);
      return seen;
    },
  };
}

// ---- EventSource ----

function listen(path, key, types, last) {
  const record = recorder(key);
  const source = new EventSource(base + path);
  return new Promise((done, fail) => {
    setTimeout(() => fail(new Error("no end of events")), 20000);
    for (const type of types)
      source.addEventListener(type, event => {
        record.take({ type, data: event.data, id: event.lastEventId });
        if (last(event)) {
          source.close();
          done(record.all());
        }
      });
  });
}

async function readLines(response, key) {
  const record = recorder(key);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ;) {
    const { value, done } = await reader.read();
    if (done) return record.all();
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) record.take(JSON.parse(line));
  }
}

// ---- WebSocket ----

function open(path, protocols) {
  const socket = new WebSocket(base.replace(/^http/, "ws") + path, protocols);
  socket.binaryType = "arraybuffer";
  const queue = [];
  const waiting = [];
  const give = event => (waiting.length ? waiting.shift()(event) : queue.push(event));
  socket.onmessage = event => give({ data: event.data });
  socket.onclose = event => give({ code: event.code, reason: event.reason, clean: event.wasClean });
  socket.next = () => (queue.length ? Promise.resolve(queue.shift()) : new Promise(done => waiting.push(done)));
  return new Promise(done => {
    socket.onopen = () => done(socket);
    socket.onerror = () => done(socket);
  });
}

const scenarios = {
  async events() {
    const k = key();
    return listen(`/count/5?delay_ms=200&key=${k}&text=tick`, k, ["message", "tick"], e => e.data === "[DONE]");
  },

  async failing_events() {
    const k = key();
    return listen(`/count/5?fail_after=2&code=9&key=${k}`, k, ["message", "error"], e => e.type === "error" && e.data);
  },

  // Without an end that says so the browser connects again, and says what it saw last.
  async events_again() {
    let seen = 0;
    return listen("/again/3?text=once%20more", key(), ["message"], () => ++seen === 4);
  },

  async lines() {
    const k = key();
    const response = await fetch(`${base}/count/5?delay_ms=200&key=${k}&$alt=ndjson`);
    const seen = await readLines(response, k);
    const timing = performance.getEntriesByName(response.url)[0];
    return { seen, type: response.headers.get("content-type"), protocol: timing && timing.nextHopProtocol };
  },

  async posted_lines() {
    const k = key();
    const body = JSON.stringify({ count: 3, key: k });
    const headers = { "content-type": "application/json", accept: "application/x-ndjson" };
    return readLines(await fetch(`${base}/count`, { method: "POST", headers, body }), k);
  },

  async aborted() {
    const k = key();
    const abort = new AbortController();
    const response = await fetch(`${base}/count/1000?delay_ms=50&key=${k}`, { signal: abort.signal });
    await response.body.getReader().read();
    abort.abort();
    return until(async () => (await stats(k)).cancelled);
  },

  // A page that does not read holds the service back.
  async unread() {
    const k = key();
    const response = await fetch(`${base}/count/20000?size=20000&key=${k}`);
    let before = -1;
    const sent = await until(async () => {
      await sleep(500);
      const now = (await stats(k)).sent;
      const stopped = now === before && now;
      before = now;
      return stopped;
    });
    await response.body.cancel();
    return { sent, cancelled: await until(async () => (await stats(k)).cancelled) };
  },

  // One message after another, each behind the service's receipt of the one before; HTTP/2 only.
  async upload() {
    const k = key();
    const encoder = new TextEncoder();
    let sent = 0;
    const body = new ReadableStream({
      async pull(controller) {
        await until(async () => (await stats(k)).started === sent);
        if (sent === 3) return controller.close();
        controller.enqueue(encoder.encode(JSON.stringify({ text: `part ${sent++};`, key: k }) + "\n"));
      },
    });
    const headers = { "content-type": "application/x-ndjson" };
    const response = await fetch(`${base}/upload`, { method: "POST", duplex: "half", headers, body });
    return response.json();
  },

  async chat() {
    const socket = await open("/chat");
    const seen = [];
    for (let n = 0; n < 5; n++) {
      socket.send(JSON.stringify({ text: `hello ${n} ü` }));
      seen.push(JSON.parse((await socket.next()).data).text);
    }
    socket.send("");
    return { seen, end: await socket.next() };
  },

  async socket_stream() {
    const k = key();
    const record = recorder(k);
    const socket = await open(`/count/5?delay_ms=200&key=${k}`);
    for (let event; !(event = await socket.next()).code;) record.take(JSON.parse(event.data));
    return record.all();
  },

  async failing_socket() {
    const socket = await open("/count/5?fail_after=1&code=5");
    const first = await socket.next();
    return { first: JSON.parse(first.data).number, end: await socket.next() };
  },

  async bad_message() {
    const socket = await open("/chat");
    socket.send('{"nope": 1}');
    return socket.next();
  },

  async any_socket() {
    return (await open("/count/1")).next();
  },

  async refused_socket() {
    return (await open("/nowhere")).next();
  },

  async binary() {
    const up = await open("/bytes");
    up.send(new Uint8Array([1, 2, 3]));
    up.send(new Uint8Array(1000));
    // Over HTTP/2, Chromium sometimes keeps an empty message for good that stands behind one not sent yet.
    await until(() => up.bufferedAmount === 0);
    await sleep(100);
    up.send("");
    const summary = JSON.parse((await up.next()).data);
    const down = await open("/download?chunks=AAEC&chunks=gP8%3D");
    const chunks = [];
    for (let event; !(event = await down.next()).code;) chunks.push([...new Uint8Array(event.data)]);
    return { summary, chunks };
  },

  async bearer() {
    const socket = await open("/count/1", ["bearer", "a-token"]);
    const first = JSON.parse((await socket.next()).data).number;
    return { protocol: socket.protocol, first };
  },

  async closed_by_the_page() {
    const k = key();
    const socket = await open(`/count/1000?delay_ms=50&key=${k}`);
    await socket.next();
    socket.close(1000, "enough");
    await until(async () => (await stats(k)).cancelled);
    for (let event; ;) if ((event = await socket.next()).code) return event;
  },

  async unread_socket() {
    const k = key();
    const socket = await open(`/count/30?size=1000&delay_ms=20&key=${k}`);
    for (let n = 0; ; n++) {
      const event = await socket.next();
      if (event.code) return { n, end: event };
    }
  },
};

// What stays open until the browser ends.
async function stay() {
  const keys = [key(), key(), key()];
  new EventSource(`${base}/count/1000?delay_ms=100&key=${keys[0]}`);
  await open(`/count/1000?delay_ms=100&key=${keys[1]}`);
  fetch(`${base}/count/1000?delay_ms=100&key=${keys[2]}`);
  for (const k of keys) await until(async () => (await stats(k)).sent);
  return keys;
}

async function run() {
  const results = {};
  const attempt = async (name, scenario) => {
    try {
      const late = sleep(20000).then(() => { throw new Error("no end within 20 s"); });
      results[name] = { value: await Promise.race([scenario(), late]) };
    } catch (error) {
      results[name] = { error: String(error) };
    }
  };
  for (const [name, scenario] of Object.entries({ ...scenarios, stay }))
    if (!only.length || only.includes(name)) await attempt(name, scenario);
  await fetch(`${harness}/result`, { method: "POST", body: JSON.stringify(results) });
}

run();
