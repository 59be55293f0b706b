// What the runtime asks when a Worker uses an R2 bucket, in its own words: head, get, put, delete and list. Uploads of
// several parts are absent.

import { service } from './control.js';
import { Objects, Refusal } from './objects.js';

const objects = new Objects();
/** Status, R2's own code, and its words. */
const ERRORS = {
  missing: [404, 10007, 'The specified key does not exist.'],
  precondition: [412, 10031, 'At least one of the pre-conditions you specified did not hold.'],
  range: [416, 10039, 'The requested range is not satisfiable'],
  digest: [400, 10037, 'The MD5 checksum you specified did not match what we received.'],
  unknown: [501, 10029, 'This bucket does not know that.'],
  broken: [500, 10001, 'We encountered an internal error. Please try again.'],
};

export default service({
  /** Reads carry what is asked in a header, all else before the body. */
  async read(request) {
    const header = request.headers.get('cf-r2-request');
    if (header) return named(JSON.parse(header));
    const size = Number(request.headers.get('cf-r2-metadata-size'));
    const bytes = new Uint8Array(await request.arrayBuffer());
    return { ...named(JSON.parse(new TextDecoder().decode(bytes.subarray(0, size)))), bytes: bytes.slice(size) };
  },

  async answer(operation, fault) {
    try {
      return await answers[operation.kind](operation, fault);
    } catch (error) {
      if (error instanceof Refusal) return refusal(error.message, error.facts);
      throw error;
    }
  },

  failure: () => refusal('broken'),
});

const named = ({ method, object, ...more }) => ({ ...more, kind: method in answers ? method : 'other', key: object ?? more.objects?.[0] ?? more.prefix ?? '' });

const answers = {
  head: ({ key }) => said(objects.look(key)),
  get(operation, fault) {
    const { facts, bytes } = objects.read(operation);
    return said(facts, bytes, fault === 'cut');
  },
  put: async (operation) => said(await objects.put(operation)),
  delete({ key, objects: keys = [key] }) {
    for (const name of keys) objects.delete(name);
    return new Response();
  },
  list: (operation) => said(objects.list(operation)),
  other: () => refusal('unknown'),
};

/** Facts and, behind them, bytes: half of those where they are to be cut. */
function said(facts, bytes = new Uint8Array(0), isCut = false) {
  const text = new TextEncoder().encode(JSON.stringify(facts));
  const headers = { 'cf-r2-metadata-size': `${text.length}` };
  if (!isCut) return new Response(new Blob([text, bytes]), { headers });
  const { readable, writable } = new FixedLengthStream(text.length + bytes.length);
  const writer = writable.getWriter();
  const written = [text, bytes.subarray(0, bytes.length >> 1)].map((part) => writer.write(part));
  Promise.all(written).then(() => writer.abort(new Error('cut'))).catch(() => {});
  return new Response(readable, { headers });
}

function refusal(reason, facts) {
  const [status, v4code, message] = ERRORS[reason];
  const headers = { 'cf-r2-error': JSON.stringify({ version: 1, v4code, message }) };
  if (!facts) return new Response(null, { status, headers });
  const { body, headers: sizes } = said(facts);
  return new Response(body, { status, headers: { ...headers, ...Object.fromEntries(sizes) } });
}
