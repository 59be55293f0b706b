// A bucket's objects in memory, with what R2 knows of each: conditions, ranges, metadata, pages of a list.

const MOST_LISTED = 1000;

/** Why there is no answer: `message` is a word for it, and `facts` are of the object that did not meet a condition. */
export class Refusal extends Error {
  constructor(reason, facts) {
    super(reason);
    this.facts = facts;
  }
}

export class Objects {
  #kept = new Map();

  /** `{ facts, bytes }` of a key. */
  find(key) {
    const found = this.#kept.get(key);
    if (!found) throw new Refusal('missing');
    return found;
  }

  /** The facts alone, which say that all of it was meant. */
  look(key) {
    const { facts } = this.find(key);
    return { ...facts, range: { offset: 0, length: facts.size } };
  }

  /** Facts and bytes as far as a get wants them. */
  read({ key, onlyIf, range, rangeHeader }) {
    const { facts, bytes } = this.find(key);
    if (!holds(onlyIf, facts)) throw new Refusal('precondition', this.look(key));
    const [offset, length] = part(range ?? parsed(rangeHeader), bytes.length);
    return { facts: { ...facts, range: { offset, length } }, bytes: bytes.subarray(offset, offset + length) };
  }

  /** Puts bytes; answers their facts. */
  async put({ key, bytes, onlyIf, httpFields = {}, customFields = [], md5 }) {
    const digest = new Uint8Array(await crypto.subtle.digest('MD5', bytes));
    if (md5 && md5 !== btoa(String.fromCharCode(...digest))) throw new Refusal('digest');
    // Looked at when the digest is there already: nobody comes in between.
    if (!holds(onlyIf, this.#kept.get(key)?.facts)) throw new Refusal('precondition');
    const etag = hex(digest);
    const facts = {
      ...{ name: key, version: hex(crypto.getRandomValues(new Uint8Array(16))), size: bytes.length, etag, uploaded: Date.now() },
      ...{ httpFields, customFields, storageClass: 'Standard', checksums: { 0: etag } },
    };
    this.#kept.set(key, { facts, bytes });
    return facts;
  }

  delete(key) {
    this.#kept.delete(key);
  }

  /** One page: names in order, or what they begin with as far as the delimiter. */
  list({ prefix = '', delimiter, startAfter = '', cursor, limit = MOST_LISTED, include = [] }) {
    const after = cursor ? decodeURIComponent(atob(cursor)) : startAfter;
    const page = { objects: [], delimitedPrefixes: [], truncated: false };
    let last;
    for (const name of [...this.#kept.keys()].sort()) {
      if (!name.startsWith(prefix) || name <= after) continue;
      const end = delimiter ? name.indexOf(delimiter, prefix.length) : -1;
      const group = end < 0 ? undefined : name.slice(0, end + delimiter.length);
      const isNew = group === undefined || group !== page.delimitedPrefixes.at(-1);
      if (isNew && page.objects.length + page.delimitedPrefixes.length === limit) {
        return { ...page, truncated: true, cursor: btoa(encodeURIComponent(last)) };
      }
      last = name;
      if (group === undefined) page.objects.push(listed(this.#kept.get(name).facts, include));
      else if (isNew) page.delimitedPrefixes.push(group);
    }
    return page;
  }
}

/** Facts as far as a list includes them: the runtime says 0 for the fields of HTTP and 1 for one's own. */
function listed(facts, include) {
  return { ...facts, httpFields: include.includes(0) ? facts.httpFields : {}, customFields: include.includes(1) ? facts.customFields : [] };
}

/** Whether a condition holds, of an object that may not be there. Tags go before dates, as in RFC 9110. */
function holds(onlyIf, facts) {
  if (!onlyIf) return true;
  const { etagMatches, etagDoesNotMatch, uploadedAfter, uploadedBefore, secondsGranularity } = onlyIf;
  if (!facts) return !etagMatches && uploadedAfter === undefined;
  const isAmong = (tags) => tags.some(({ type, value }) => type === 'wildcard' || value === facts.etag);
  const time = (ms) => (secondsGranularity ? Math.floor(ms / 1000) * 1000 : Number(ms));
  if (etagMatches && !isAmong(etagMatches)) return false;
  if (etagDoesNotMatch && isAmong(etagDoesNotMatch)) return false;
  const isLater = etagDoesNotMatch || uploadedAfter === undefined || time(facts.uploaded) > time(uploadedAfter);
  const isEarlier = etagMatches || uploadedBefore === undefined || time(facts.uploaded) < time(uploadedBefore);
  return Boolean(isLater && isEarlier);
}

/** Where a part begins, and how long it is. */
function part(range, size) {
  if (!range) return [0, size];
  const suffix = range.suffix === undefined ? undefined : Math.min(Number(range.suffix), size);
  const offset = suffix === undefined ? Number(range.offset ?? 0) : size - suffix;
  const length = Math.min(suffix ?? Number(range.length ?? size - offset), size - offset);
  if (!(offset >= 0 && length > 0)) throw new Refusal('range');
  return [offset, length];
}

/** A header of one range; others are as none. */
function parsed(header) {
  const [, from, to] = header?.match(/^bytes=(\d*)-(\d*)$/) ?? [];
  if (from) return { offset: from, length: to ? Number(to) - Number(from) + 1 : undefined };
  return to ? { suffix: to } : undefined;
}

const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
