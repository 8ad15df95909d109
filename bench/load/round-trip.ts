import { once } from 'node:events';
import { pause } from '../process/deadline.ts';
import { quantile } from '../report/statistics.ts';
import { type Address, dial } from './dial.ts';
import { request } from './target-protocol.ts';

const MESSAGE = Buffer.alloc(64, 0x72);

/** Microseconds. */
export type RoundTrips = {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly count: number;
};

/** Repeatedly sends 64 bytes on each connection and waits for them to return. */
export async function measureRoundTrips(
  address: Address,
  connections: number,
  warmUp: number,
  window: number,
): Promise<RoundTrips> {
  const times: number[] = [];
  const stage = { measuring: false, stopped: false };
  const loops = await Promise.all(Array.from({ length: connections }, () => bounce(address, stage, times)));
  await pause(warmUp);
  stage.measuring = true;
  await pause(window);
  stage.stopped = true;
  await Promise.all(loops.map(({ ended }) => ended));
  return {
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    p999: quantile(times, 0.999),
    count: times.length,
  };
}

type Stage = { measuring: boolean; stopped: boolean };

async function bounce(address: Address, stage: Stage, times: number[]): Promise<{ ended: Promise<unknown> }> {
  let missing = 0;
  let sentAt = 0;
  const send = () => {
    missing = MESSAGE.length;
    sentAt = performance.now();
    socket.write(MESSAGE);
  };
  const socket = await dial(address, (bytes) => {
    missing -= bytes.length;
    if (missing > 0) return;
    if (stage.measuring && !stage.stopped) times.push((performance.now() - sentAt) * 1000);
    if (stage.stopped) socket.end();
    else send();
  });
  const ended = once(socket, 'end');
  ended.catch(() => {});
  socket.write(Buffer.of(request.echo));
  send();
  return { ended };
}
