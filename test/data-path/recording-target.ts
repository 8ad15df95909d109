import { LoopbackServer } from '../rig/loopback-server.ts';

/** A target that records what each connection sends, and echoes each chunk with `answer` before it. */
export async function startRecording(answer = '') {
  const received: string[] = [];
  const server = await LoopbackServer.start((socket) => {
    const index = received.push('') - 1;
    socket.on('data', (chunk: Buffer) => {
      received[index] += String(chunk);
      socket.write(`${answer}${chunk}`);
    });
    socket.on('end', () => socket.end());
  });
  return {
    address: server.address,
    /** What each connection has sent, as one string, in the order of their accepts. */
    received,
    get open() {
      return server.open;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
