// What the rules of access make of a request, worked out a second time: who is let in, which picture that is, and how
// it may be kept. Of the project's code nothing is used here. Only what `leaks.test.mjs` asks for is known.

/** The deployment: what holds for a source by the beginning of its key, the longest first. */
export const POLICIES = [
  { path: 'signed/one', access: 'signed', keys: ['a'], formats: ['auto', 'webp'] },
  { path: 'stamped', access: 'public', preset: 'stamp', widths: [16, 32, 48] },
  { path: 'signed', access: 'signed', originals: 'signed' },
  { path: 'shared', access: 'signed,token' },
  { path: 'marked', access: 'token', preset: 'stamp' },
  { path: 'acme', access: 'token', originals: 'token', tenant: 'acme' },
  { path: 'zeta', access: 'token', tenant: 'zeta' },
  { path: 'open', access: 'public', originals: 'public' },
];
const OTHERWISE = { path: '', access: 'signed' };
const FRESH_SECONDS = 3600;

export const PRESETS = {
  thumb: 'width=24,height=24,fit=cover,format=webp',
  card: 'width=36,format=auto',
  stamp: 'mark=open%2Fmark.png,mark.width=9,mark.gravity=top-left',
  acme: 'mark=acme%2Fmark.png,mark.width=11,mark.gravity=bottom',
  zeta: 'mark=zeta%2Fmark.png,mark.width=11,mark.gravity=bottom',
};

const KNOWN = ['width', 'height', 'fit', 'format', 'preset', 'mark', 'mark.width'];
const read = (text) => Object.fromEntries(text.split(',').map((pair) => pair.split('=')));
const isBelow = (name, path) => path === '' || name === path || name.startsWith(`${path}/`);
export const policyOf = (key) => POLICIES.find(({ path }) => isBelow(key, path)) ?? OTHERWISE;

class Refused extends Error {
  constructor(status) {
    super();
    this.status = status;
  }
}
const unless = (holds, status) => {
  if (!holds) throw new Refused(status);
};

/**
 * What must come of a request `{ key, isThere, original, options, grant, takes }`: `{ status }` where it is refused, or what
 * the answer is: `{ status: 200, variant, reference, ... }`.
 */
export function expect(request) {
  try {
    return answer(request);
  } catch (error) {
    if (error instanceof Refused) return { status: error.status };
    throw error;
  }
}

function answer({ key, isThere, original, options, grant, takes }) {
  // Whoever brings half a signature is refused before anything else.
  unless(!grant.isBroken, 403);
  const policy = policyOf(key);
  const access = original ? (policy.originals ?? 'private') : policy.access;
  unless(access !== 'private', original ? 404 : 403);
  const held = admit(grant, access, policy);
  const claims = held?.claims?.lenslet;
  if (held?.claims) {
    unless(!policy.tenant || policy.tenant === claims?.tenant, 403);
    unless(covers(claims, key), 403);
  }
  const kept = {
    isForAll: !held,
    seconds: FRESH_SECONDS,
    expires: held?.expires,
    vary: [],
  };
  const header = held?.claims && { header: 'Authorization', cookie: 'Cookie' }[grant.way];
  if (original) {
    unless(!['presets', 'formats', 'max_width', 'mark'].some((limit) => claims?.[limit]), 403);
    unless(isThere, 404);
    return { status: 200, ...kept, vary: header ? [header] : [], original: true, variant: `original ${key}`, reference: key };
  }
  const recipe = recipeOf(options, policy, claims);
  unless(isThere, 404);
  const tenant = claims?.tenant ?? policy.tenant ?? '';
  const { format, ...rest } = recipe;
  const isAuto = format === 'auto';
  const target = isAuto ? [...takes, 'still'].join(' or ') : (format ?? 'own');
  const made = isAuto ? (takes[0] ?? stillOf(key)) : (format ?? ownOf(key));
  const written = Object.entries(rest).map(([name, value]) => `${name}=${value}`).join(',');
  return {
    status: 200,
    ...kept,
    vary: [...(isAuto ? ['Accept'] : []), ...(header ? [header] : [])],
    made,
    // What is drawn over a picture is not told of.
    variant: [tenant, key, target === 'json' ? written.replace(/,(mark|text).*/, '') : written, target].join(' '),
    reference: `/image/${[written, `format=${made}`].filter(Boolean).join(',')}/${key}`,
  };
}

/** The grant that counts, or nothing where nobody needs one. */
function admit(grant, access, policy) {
  const [takesSignatures, takesTokens] = ['signed', 'token'].map((word) => access.split(',').includes(word));
  if (grant.kind === 'signature' && (takesSignatures || access === 'public')) {
    unless(grant.isGood && (!policy.keys || policy.keys.includes(grant.kid)), 403);
    return grant;
  }
  if (access === 'public') return null;
  unless(grant.kind === 'token' && takesTokens && grant.isGood, 401);
  return grant;
}

const covers = (claims, key) => !claims?.paths || claims.paths.some((path) => isBelow(key, path.replace(/\/$/, '')));

/** The options that are carried out for those that were written, in an order of their own. */
function recipeOf(options, policy, claims) {
  const typed = read(options);
  unless(Object.keys(typed).every((name) => KNOWN.includes(name)) && typed.width !== '0', 400);
  if (claims?.presets) {
    const allowed = ['preset', claims.formats && 'format', claims.max_width && 'width'];
    unless(claims.presets.includes(typed.preset) && Object.keys(typed).every((name) => allowed.includes(name)), 403);
  }
  if (typed.mark) unless(mayMark(decodeURIComponent(typed.mark), policy, claims), 403);
  const { preset, ...own } = typed;
  unless(!preset || PRESETS[preset], 400);
  const recipe = { ...(preset && read(PRESETS[preset])), ...own };
  for (const { formats } of [policy, claims ?? {}]) unless(!formats || formats.includes(recipe.format ?? 'own'), 403);
  bind(recipe, policy, claims);
  return drawAbove(recipe, [claims?.mark, policy.preset].filter(Boolean));
}

function mayMark(mark, policy, claims) {
  const its = policyOf(mark);
  return its.access === 'public' || (its === policy && covers(claims, mark));
}

/** Widths on their steps, and nothing wider than the widest. */
function bind(recipe, { widths }, claims) {
  const widest = claims?.max_width;
  unless(!widest || !recipe.width || Number(recipe.width) <= widest, 403);
  if (widths && recipe.width) {
    const width = widths.find((step) => step >= Number(recipe.width)) ?? widths.at(-1);
    if (recipe.height) recipe.height = String(Math.floor((recipe.height * width) / recipe.width + 0.5));
    recipe.width = String(width);
  }
  if (widest && !(recipe.width && recipe.height)) {
    recipe.width ??= String(widest);
    recipe.height = '12000';
  }
}

/** Forced marks are drawn after those of the URL. */
function drawAbove(recipe, presets) {
  const { mark, 'mark.width': width, ...rest } = recipe;
  const marks = [mark && { '': mark, ...(width && { '.width': width }) }, ...presets.map((name) => layer(PRESETS[name]))].filter(Boolean);
  marks.forEach((one, index) => {
    for (const [part, value] of Object.entries(one)) rest[`mark${index ? index + 1 : ''}${part}`] = value;
  });
  const order = ['width', 'height', 'fit'];
  const rank = (name) => (order.includes(name) ? order.indexOf(name) : order.length);
  return Object.fromEntries(Object.entries(rest).sort(([a], [b]) => rank(a) - rank(b)));
}

const layer = (preset) => Object.fromEntries(Object.entries(read(preset)).map(([name, value]) => [name.slice('mark'.length), value]));
const ownOf = (key) => (key.endsWith('.jpg') ? 'jpeg' : 'png');
/** Sources named c have alpha. */
const stillOf = (key) => (key.endsWith('/c.png') ? 'png' : 'jpeg');
