import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { TestClient } from '../../rig/client.ts';
import type { Workload } from '../workload.ts';

const MIB = 1024 * 1024;
/** Prime, so that it does not repeat at the boundary of anything. */
const PATTERN_BYTES = 1_000_003;
const PIECE_BYTES = 64 * 1024;
const READ_TIMEOUT_MS = 180_000;

/**
 * One connection to an echo that carries `bytes` in both directions at up to `rate` bytes a second. Both sums are compared
 * at the end, and FIN must follow the last byte.
 */
export async function steadyTransfer(port: number, bytes: number, rate: number): Promise<Workload> {
  const client = await TestClient.connect({ host: '127.0.0.1', port });
  const { socket } = client;
  const pattern = randomBytes(PATTERN_BYTES);
  const sums = { sent: createHash('sha256'), received: createHash('sha256') };
  const errors: string[] = [];
  let received = 0;
  const send = async () => {
    const start = performance.now();
    for (let sent = 0; sent < bytes; ) {
      const at = sent % PATTERN_BYTES;
      const piece = pattern.subarray(at, at + Math.min(PIECE_BYTES, bytes - sent));
      sums.sent.update(piece);
      sent += piece.length;
      if (!socket.write(piece)) await once(socket, 'drain');
      const early = (1000 * sent) / rate - (performance.now() - start);
      if (early > 20) await pause(early);
    }
    client.finish();
  };
  const receive = async () => {
    while (received < bytes) {
      const piece = await client.read(Math.min(PIECE_BYTES, bytes - received), READ_TIMEOUT_MS);
      sums.received.update(piece);
      received += piece.length;
    }
    const { bytes: more, ended } = await client.receive(READ_TIMEOUT_MS);
    if (more !== 0 || ended !== 'fin') errors.push(`${more} more bytes, then ${ended}.`);
  };
  const running = Promise.all([send(), receive()]).catch((error: unknown) => {
    errors.push(`After ${received} bytes: ${String(error)}`);
  });
  const name = `one connection, ${Math.round(bytes / MIB)} MiB both ways, hashed`;
  return {
    name,
    async finish() {
      await running;
      await client[Symbol.asyncDispose]();
      const isComplete = received === bytes;
      const isWrong = isComplete && sums.sent.digest('hex') !== sums.received.digest('hex');
      return { workload: name, done: Number(isComplete), errors, wrong: Number(isWrong) };
    },
  };
}
