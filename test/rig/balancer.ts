import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export type Balancer = AsyncDisposable & {
  readonly port: number;
  /** Connections so far. */
  readonly connections: number;
};

/** A load balancer for TCP, at byte level: `choose` returns the port on 127.0.0.1 for each connection, by its number from 0. */
export async function startBalancer(choose: (connection: number) => number): Promise<Balancer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ allowHalfOpen: true }, (front) => {
    const back = connect({ host: '127.0.0.1', port: choose(connections), allowHalfOpen: true });
    connections += 1;
    for (const [one, other] of [
      [front, back],
      [back, front],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    front.pipe(back).pipe(front);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The balancer has no port.');
  return {
    port: address.port,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
