import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type ConnectionOptions, connect } from 'node:tls';

/** The first flight of a real TLS client. */
export async function realClientHello(options: ConnectionOptions): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const arrived = once(server, 'connection');
  const client = connect({ ...options, host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  client.on('error', () => {});
  const [socket] = (await arrived) as [Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  await once(server, 'close');
  return bytes;
}

const vector = (lengthBytes: 1 | 2, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(content.length, 0, lengthBytes);
  return Buffer.concat([length, content]);
};

const uint16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);

/** Encodes an extension of a ClientHello. */
export const extension = (type: number, content: Buffer): Buffer =>
  Buffer.concat([uint16(type), vector(2, content)]);

export const serverName = (...names: readonly string[]): Buffer =>
  extension(
    0,
    vector(2, ...names.map((name) => Buffer.concat([Buffer.of(0), vector(2, Buffer.from(name, 'latin1'))]))),
  );

/** Encodes a ClientHello message, without records. */
export function encodedHello(...extensions: readonly Buffer[]): Buffer {
  const body = Buffer.concat([
    uint16(0x0303),
    Buffer.alloc(32, 7),
    vector(1),
    vector(2, uint16(0x1301)),
    vector(1, Buffer.of(0)),
    vector(2, ...extensions),
  ]);
  const header = Buffer.alloc(4);
  header.writeUInt8(1, 0);
  header.writeUIntBE(body.length, 1, 3);
  return Buffer.concat([header, body]);
}

/** Fragments a handshake message into records of at most `size` bytes. */
export function inRecords(message: Buffer, size: number): Buffer {
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const content = message.subarray(at, at + size);
    records.push(Buffer.of(22, 3, 1), uint16(content.length), content);
  }
  return Buffer.concat(records);
}
