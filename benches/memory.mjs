// How much linear memory the wasm of this process has: of every memory that an instance exports or that JavaScript
// makes, from the import of this module on. Memories never shrink, so what they have is the most they ever needed.

const memories = new Set();

const { Instance, Memory, instantiate } = WebAssembly;

function watch(instance) {
  for (const exported of Object.values(instance.exports)) if (exported instanceof Memory) memories.add(exported);
}

/** The same class, of whose new objects `tell` is told; `instanceof` goes on as before. */
const watched = (type, tell) =>
  new Proxy(type, {
    construct(...call) {
      const made = Reflect.construct(...call);
      tell(made);
      return made;
    },
  });

WebAssembly.Instance = watched(Instance, watch);
WebAssembly.Memory = watched(Memory, (memory) => memories.add(memory));
WebAssembly.instantiate = async (source, imports) => {
  const result = await instantiate(source, imports);
  watch(result.instance ?? result);
  return result;
};

export const linearBytes = () => [...memories].reduce((sum, memory) => sum + memory.buffer.byteLength, 0);
