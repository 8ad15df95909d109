import { once } from 'node:events';
import type { Socket } from 'node:net';

/** A proxy that is asked for `host`, without credentials. */
export type AskedProxy = { readonly kind: 'socks5' | 'httpConnect'; readonly host: string };

const NO_CREDENTIALS = Buffer.of(5, 1, 0);
const METHOD_BYTES = 2;
/** With an IPv4 address in it. */
const REPLY_BYTES = 10;
const END_OF_HEAD = '\r\n\r\n';

/** Has a proxy connect to the host. What comes afterwards stays in the socket. Rejects when the proxy refuses. */
export async function introduce(socket: Socket, { kind, host }: AskedProxy): Promise<void> {
  if (kind === 'httpConnect') {
    socket.write(`CONNECT ${host}:1 HTTP/1.1\r\nHost: ${host}:1${END_OF_HEAD}`);
    const head = await readUntil(socket, (bytes) => bytes.includes(END_OF_HEAD));
    if (!head.toString('latin1').startsWith('HTTP/1.1 200'))
      throw new Error(`The proxy says: ${head.toString('latin1')}`);
    return;
  }
  socket.write(NO_CREDENTIALS);
  await readUntil(socket, ({ length }) => length >= METHOD_BYTES);
  const name = Buffer.from(host);
  socket.write(Buffer.concat([Buffer.of(5, 1, 0, 3, name.length), name, Buffer.of(0, 1)]));
  const reply = await readUntil(socket, ({ length }) => length >= REPLY_BYTES);
  if (reply[1] !== 0) throw new Error(`The proxy refuses with ${reply[1]}.`);
}

/** The target says nothing by itself, so nothing of it can be among what is read here. */
async function readUntil(socket: Socket, isWhole: (bytes: Buffer) => boolean): Promise<Buffer> {
  let bytes: Buffer = Buffer.alloc(0);
  while (!isWhole(bytes)) {
    const piece: unknown = socket.read();
    if (Buffer.isBuffer(piece)) bytes = Buffer.concat([bytes, piece]);
    else if (socket.readableEnded) throw new Error('The proxy hung up.');
    else await Promise.race([once(socket, 'readable'), once(socket, 'end')]);
  }
  return bytes;
}
