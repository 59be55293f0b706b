// Which requests meet a fault: every second of these, the next three of those, five in a hundred of all. In Node and in
// workerd alike, without chance: the same requests in the same order meet the same.

/** Rules in the order in which they were set; the first that applies is it. */
export class Rules {
  #rules = [];

  /**
   * Adds a rule: `fault` is its name, and what it needs stands beside it. It applies where `isMeant` says so, `times` times
   * and `percent` of those times, drawn from `seed`.
   */
  set({ fault, isMeant = () => true, times = Infinity, percent = 100, seed = 1, ...more }) {
    const rule = { fault, isMeant, left: times, percent, draw: generator(seed), applied: 0, ...more };
    this.#rules.push(rule);
    return rule;
  }

  clear() {
    this.#rules.length = 0;
  }

  /** The rule that this request meets, which is counted, or nothing. */
  take(request) {
    const meets = (rule) => rule.left > 0 && rule.isMeant(request) && rule.draw() * 100 < rule.percent;
    const rule = this.#rules.find(meets);
    if (rule) {
      rule.left -= 1;
      rule.applied += 1;
    }
    return rule;
  }
}

/** Numbers from 0 to below 1 that look drawn: Marsaglia's xorshift of 32 bits. */
export function generator(seed) {
  // Nothing follows from zero but zero, and small seeds begin with small numbers.
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
