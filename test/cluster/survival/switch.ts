import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { resetSocket } from '@penstock/transport';

/** A TCP switch in front of a database, as a virtual address of two servers is: connections go to one of them. */
export type Switch = AsyncDisposable & {
  readonly port: number;
  /** Sends new connections to this port of 127.0.0.1 from now on, and resets those that are open. */
  to(port: number): void;
};

export async function startSwitch(host: string, first: number): Promise<Switch> {
  let target = first;
  const sockets = new Set<Socket>();
  const adopt = (socket: Socket, other: Socket) => {
    sockets.add(socket);
    socket.on('error', () => resetSocket(other));
    socket.once('close', () => {
      sockets.delete(socket);
      other.destroy();
    });
  };
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const database = connect({ host: '127.0.0.1', port: target, allowHalfOpen: true, noDelay: true });
    adopt(client, database);
    adopt(database, client);
    client.pipe(database).pipe(client);
  });
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The switch has no port.');
  return {
    port: address.port,
    to(port) {
      target = port;
      for (const socket of [...sockets]) resetSocket(socket);
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
