import { LoopbackServer } from '../rig/loopback-server.ts';

/** A target that keeps what each connection said, and answers each line with `answer` and that line. */
export async function startRecording(answer = '') {
  const heard: string[] = [];
  const server = await LoopbackServer.start((socket) => {
    const index = heard.push('') - 1;
    socket.on('data', (chunk: Buffer) => {
      heard[index] += String(chunk);
      socket.write(`${answer}${chunk}`);
    });
    socket.on('end', () => socket.end());
  });
  return {
    address: server.address,
    /** What the connections said, each as one string, in the order of accepting. */
    heard,
    get open() {
      return server.open;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
