// What an isolate holds, as its engine counts it, asked through the inspector. The process's own memory tells less: it has what
// was held at most at any time, and of the services of the tests, too, where these are not apart.

/** Opens a connection to the isolate of that name; `held()` resolves to bytes, `close()` ends it. */
export async function inspect(port, name) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/${name}`);
  const waiting = new Map();
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error(`the inspector of ${name} cannot be reached`));
  });
  socket.onmessage = ({ data }) => {
    const { id, result } = JSON.parse(data);
    waiting.get(id)?.(result);
    waiting.delete(id);
  };
  let last = 0;
  const call = (method) =>
    new Promise((resolve) => {
      waiting.set(++last, resolve);
      socket.send(JSON.stringify({ id: last, method }));
    });
  return {
    /** Objects that are no garbage, the runtime's own beside them, and buffers: the Worker's linear memory is one of these. */
    async held() {
      await call('HeapProfiler.collectGarbage');
      const { usedSize, embedderHeapUsedSize, backingStorageSize } = await call('Runtime.getHeapUsage');
      return usedSize + embedderHeapUsedSize + backingStorageSize;
    },
    close: () => socket.close(),
  };
}
