import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { resetSocket } from '@penstock/transport';

export type CutLink = {
  readonly address: { readonly host: string; readonly port: number };
  /** Resets every connection on the link. New ones are accepted immediately. */
  cut(): void;
  close(): Promise<void>;
};

/** Puts a link in front of an address of this host, which can be cut. */
export async function cutLink(to: { readonly host: string; readonly port: number }): Promise<CutLink> {
  const open = new Set<Socket>();
  const keep = (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => {}).once('close', () => open.delete(socket));
  };
  const options = { noDelay: true, allowHalfOpen: true };
  const server = createServer(options, (near) => {
    const far = connect({ ...to, ...options });
    for (const [from, into] of [[near, far] as const, [far, near] as const]) {
      keep(from);
      from.once('close', () => resetSocket(into));
      from.pipe(into);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of [...open]) resetSocket(socket);
  };
  return {
    address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    cut,
    async close() {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}
