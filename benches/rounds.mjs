// The measuring itself: all subjects of a task in turn, A B C A B C …, one transform at a time.
//
// So whatever else the machine is doing, it does to all of them alike.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npmBin } from '../scripts/lib/paths.mjs';
import { end, start } from '../scripts/lib/run.mjs';

const CHILD = fileURLToPath(new URL('child.mjs', import.meta.url));
const PATIENCE_SECONDS = 120;

/** Measures a task; answers, for each subject in order, `{ error }` or `{ ms, cpuMs, firstMs, bytes, linearBytes, answer }`. */
export async function measure(task, subjects, { picture, answers, extension, warmUps, rounds, env }) {
  const runners = [];
  try {
    for (const subject of subjects) {
      const answer = join(answers, `${task.name}-${subject.name}.${extension}`);
      runners.push(await Runner.start({ task, subject, picture, answer }, env));
    }
    for (let round = -warmUps; round < rounds; round++) {
      for (const runner of runners) await runner.go({ counts: round >= 0 });
    }
    return runners.map((runner) => runner.result);
  } finally {
    await Promise.all(runners.map((runner) => runner.end()));
  }
}

class Runner {
  static async start(job, env) {
    const runner = new Runner();
    const stdio = ['ignore', 'ignore', 'inherit', 'ipc'];
    runner.child = start(npmBin('node'), [CHILD, JSON.stringify(job)], { env, stdio });
    runner.result = { ms: [], cpuMs: [], answer: job.answer };
    await runner.hear();
    return runner;
  }

  /** One transform, unless one failed before. */
  async go({ counts }) {
    if (this.result.error) return;
    // Whoever cannot be told any more is heard to have ended.
    this.child.send('go', () => {});
    const { ms, cpuMs, ...rest } = await this.hear();
    Object.assign(this.result, rest);
    if (this.result.error) return;
    this.result.firstMs ??= ms;
    if (!counts) return;
    this.result.ms.push(ms);
    this.result.cpuMs.push(cpuMs);
  }

  /** What the child says next; an end or too long a silence is an error of it. */
  async hear() {
    const { child } = this;
    const word = await new Promise((resolve) => {
      const late = setTimeout(() => resolve({ error: `no answer in ${PATIENCE_SECONDS} s` }), PATIENCE_SECONDS * 1000);
      const heard = (word) => {
        clearTimeout(late);
        child.off('message', heard);
        resolve(word);
      };
      child.on('message', heard);
      child.closed.then(({ code, signal, error }) => {
        heard({ error: error?.message ?? `ended with ${signal ?? `code ${code}`}` });
      });
    });
    if (word.error) this.result = { error: word.error };
    return word;
  }

  end() {
    return end(this.child);
  }
}
