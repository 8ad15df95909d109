import { once } from 'node:events';
import { pause } from '../process/deadline.ts';
import { type Address, dial } from './dial.ts';
import { request } from './target-protocol.ts';

const QUERY = Buffer.alloc(64, 0x71);
/** Milliseconds after which a query without an answer is lost. */
const QUERY_TIMEOUT = 5_000;
/** Milliseconds between two tries of a client that cannot connect. */
const RETRY_DELAY = 100;

/** A query is lost when its connection ends before the answer, when none can be opened, or when nothing comes back. */
export type Queries = { readonly answered: number; readonly lost: number };

/** Sends queries from several clients for `window` milliseconds. Each has one connection, and opens another when it is lost. */
export async function countQueries(address: Address, clients: number, window: number): Promise<Queries> {
  const counts = { answered: 0, lost: 0 };
  const until = performance.now() + window;
  const work = async () => {
    while (performance.now() < until) {
      const client = await connected(address).catch(() => undefined);
      if (client === undefined) {
        counts.lost += 1;
        await pause(RETRY_DELAY);
        continue;
      }
      while (performance.now() < until) {
        if (await client.query()) counts.answered += 1;
        else {
          counts.lost += 1;
          break;
        }
      }
      client.close();
    }
  };
  await Promise.all(Array.from({ length: clients }, work));
  return counts;
}

async function connected(address: Address) {
  let missing = 0;
  let answer: PromiseWithResolvers<boolean> = Promise.withResolvers();
  const socket = await dial(address, (bytes) => {
    missing -= bytes.length;
    if (missing === 0) answer.resolve(true);
  });
  const ended = () => answer.resolve(false);
  socket.once('end', ended).once('close', ended);
  socket.write(Buffer.of(request.echo));
  return {
    async query(): Promise<boolean> {
      answer = Promise.withResolvers();
      if (socket.destroyed || socket.readableEnded) return false;
      missing = QUERY.length;
      const timer = setTimeout(ended, QUERY_TIMEOUT);
      socket.write(QUERY);
      const isAnswered = await answer.promise;
      clearTimeout(timer);
      return isAnswered;
    },
    close() {
      socket.end();
      const timer = setTimeout(() => socket.destroy(), QUERY_TIMEOUT);
      if (socket.destroyed) clearTimeout(timer);
      else
        void once(socket, 'close')
          .finally(() => clearTimeout(timer))
          .catch(() => {});
    },
  };
}
