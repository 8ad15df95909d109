import { once } from 'node:events';
import type { Socket } from 'node:net';

/** A proxy from which `host` is requested, without credentials. */
export type AskedProxy = { readonly kind: 'socks5' | 'httpConnect'; readonly host: string };

const NO_CREDENTIALS = Buffer.of(5, 1, 0);
const METHOD_BYTES = 2;
/** Length of a reply with an IPv4 address. */
const REPLY_BYTES = 10;
const END_OF_HEAD = '\r\n\r\n';

/** Requests a connection to the host from a proxy. Later data stays in the socket. Rejects if the proxy refuses. */
export async function introduce(socket: Socket, { kind, host }: AskedProxy): Promise<void> {
  if (kind === 'httpConnect') {
    socket.write(`CONNECT ${host}:1 HTTP/1.1\r\nHost: ${host}:1${END_OF_HEAD}`);
    const head = await readUntil(socket, (bytes) => bytes.includes(END_OF_HEAD));
    if (!head.toString('latin1').startsWith('HTTP/1.1 200'))
      throw new Error(`The proxy responded: ${head.toString('latin1')}`);
    return;
  }
  socket.write(NO_CREDENTIALS);
  await readUntil(socket, ({ length }) => length >= METHOD_BYTES);
  const name = Buffer.from(host);
  socket.write(Buffer.concat([Buffer.of(5, 1, 0, 3, name.length), name, Buffer.of(0, 1)]));
  const reply = await readUntil(socket, ({ length }) => length >= REPLY_BYTES);
  if (reply[1] !== 0) throw new Error(`The proxy refused with code ${reply[1]}.`);
}

/** The target never sends first, so the data read here contains only the proxy's reply. */
async function readUntil(socket: Socket, isWhole: (bytes: Buffer) => boolean): Promise<Buffer> {
  let bytes: Buffer = Buffer.alloc(0);
  while (!isWhole(bytes)) {
    const piece: unknown = socket.read();
    if (Buffer.isBuffer(piece)) bytes = Buffer.concat([bytes, piece]);
    else if (socket.readableEnded) throw new Error('The proxy disconnected.');
    else await Promise.race([once(socket, 'readable'), once(socket, 'end')]);
  }
  return bytes;
}
