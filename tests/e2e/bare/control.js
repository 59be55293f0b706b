// What tests ask of a service beside what the runtime asks of it: how often it was asked for what, and to fail.

import { Rules } from './rules.js';

const CONTROL = 'lenslet-control';
/** Nobody waits so long. */
const STALL_MS = 3_600_000;

/**
 * A service whose requests `read` turns into operations, `{ kind, key, … }`, which `answer` answers and `failure` does
 * where it is to fail. `answer` is told of other faults as its second argument.
 */
export function service({ read, answer, failure }) {
  const rules = new Rules();
  const counts = { operations: {}, faults: {} };
  const count = (what, name) => (counts[what][name] = (counts[what][name] ?? 0) + 1);

  async function control(word, request) {
    if (word === 'counts') return Response.json(counts);
    if (word === 'set') {
      const { kinds, key, ...rule } = await request.json();
      const pattern = key?.pattern === undefined ? undefined : new RegExp(key.pattern, key.flags);
      const isKey = (name) => key === undefined || (pattern ? pattern.test(name) : name === key);
      rules.set({ ...rule, isMeant: (operation) => (!kinds || kinds.includes(operation.kind)) && isKey(operation.key) });
    } else {
      rules.clear();
    }
    return new Response(null, { status: 204 });
  }

  return {
    async fetch(request, env) {
      const word = request.headers.get(CONTROL);
      // A test looks or puts by the runtime's own words, which is not counted and does not fail.
      if (word && word !== 'quiet') return control(word, request);
      const operation = await read(request);
      const isQuiet = word === 'quiet';
      if (isQuiet) return answer({ ...operation, isQuiet, env });
      count('operations', operation.kind);
      const rule = rules.take(operation);
      if (!rule) return answer({ ...operation, env });
      count('faults', rule.fault);
      if (rule.fault === 'stall') await scheduler.wait(STALL_MS);
      if (['stall', 'fail'].includes(rule.fault)) return failure(operation);
      if (rule.fault === 'slow') await scheduler.wait(rule.ms ?? 1000);
      return answer({ ...operation, env }, rule.fault);
    },
  };
}
