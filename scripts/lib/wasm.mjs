// WebAssembly modules as bytes.

const HEADER_BYTES = 8;

/** A module without its custom sections of these names. */
export function withoutCustomSections(module, names) {
  const kept = [module.subarray(0, HEADER_BYTES)];
  for (let start = HEADER_BYTES; start < module.length; ) {
    const [length, body] = number(module, start + 1);
    const end = body + length;
    if (!(module[start] === 0 && names.includes(customName(module, body)))) kept.push(module.subarray(start, end));
    start = end;
  }
  return Buffer.concat(kept);
}

function customName(module, at) {
  const [length, from] = number(module, at);
  return module.toString('utf8', from, from + length);
}

/** A number as modules have them (LEB128), and where what comes after it begins. */
function number(module, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = module[at++];
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [value >>> 0, at];
  }
}
