// What the Worker may import from `cloudflare:…`, as far as serving a picture needs it.

export class WorkerEntrypoint {
  constructor(ctx, env) {
    Object.assign(this, { ctx, env });
  }
}

export class DurableObject extends WorkerEntrypoint {}

export const env = {};
export const waitUntil = () => {};
export class EmailMessage {}
export const connect = () => {
  throw new Error('there are no sockets here');
};
