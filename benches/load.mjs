// Requests at a Worker: as many as it bears, to know how many those are, or as many as are due, whether it keeps up or not.

import { setTimeout as wait } from 'node:timers/promises';

const TICK_MS = 4;
const MOST_CONNECTIONS = 256;

/** How many requests of `draw` a second so many connections get answered, one after the other each. */
export async function capacity(worker, draw, { connections, seconds }) {
  const began = performance.now();
  let answered = 0;
  const client = async () => {
    const connection = worker.connect();
    while (performance.now() - began < seconds * 1000) {
      const { path, headers } = draw();
      await connection.ask(path, 'GET', headers);
      answered += 1;
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: connections }, client));
  return (answered * 1000) / (performance.now() - began);
}

/**
 * So many requests of `draw` a second for so long. Tells `seen` of each, with its answer or error, and the milliseconds since
 * it was due: who waits for a connection waits, too. Answers how many were waiting for one at the end.
 */
export async function load(worker, draw, { perSecond, seconds, seen }) {
  const idle = [];
  const waiting = [];
  let connections = 0;
  const one = async (due) => {
    const request = draw();
    const connection = await taken();
    const answer = await connection.ask(request.path, 'GET', request.headers).catch((error) => ({ error }));
    seen(request, answer, performance.now() - due);
    if (answer.error) connection.close();
    release(connection);
  };
  const fresh = () => {
    connections += 1;
    return worker.connect();
  };
  // In turn, so that none is so seldom used that the other side closes it.
  const taken = () => {
    for (let found = idle.shift(); found; found = idle.shift()) {
      if (found.isOpen) return found;
      connections -= 1;
    }
    return connections < MOST_CONNECTIONS ? fresh() : new Promise((resolve) => waiting.push(resolve));
  };
  const release = (connection) => {
    const next = waiting.shift();
    if (connection.isOpen) return next ? next(connection) : idle.push(connection);
    connections -= 1;
    next?.(fresh());
  };
  const began = performance.now();
  const all = new Set();
  for (let sent = 0; performance.now() - began < seconds * 1000; await wait(TICK_MS)) {
    for (; (sent * 1000) / perSecond <= performance.now() - began; sent++) {
      const asked = one(began + (sent * 1000) / perSecond).finally(() => all.delete(asked));
      all.add(asked);
    }
  }
  const late = waiting.length;
  await Promise.all(all);
  for (const connection of idle) connection.close();
  return late;
}
