import { TestClient } from '../rig/client.ts';

export type Socks5Options = {
  readonly port: number;
  /** Name or address; what looks like IPv4 or `[IPv6]` goes as such. */
  readonly host: string;
  readonly targetPort?: number;
  readonly user?: string;
  readonly password?: string;
  /** Offer this besides, or instead of, what the credentials say. */
  readonly methods?: readonly number[];
  readonly localAddress?: string;
};

/** What the proxy answered, and the client behind it, which the caller ends. */
export type Socks5Answer = { readonly reply: number; readonly client: TestClient };

/** Speaks SOCKS5 byte by byte. Throws when the proxy ends the connection before it has replied. */
export async function askSocks5(options: Socks5Options): Promise<Socks5Answer> {
  const { port, host, targetPort = 5432, user, password, localAddress } = options;
  const client = await TestClient.connect({
    host: '127.0.0.1',
    port,
    ...(localAddress !== undefined && { localAddress }),
  });
  try {
    const methods = options.methods ?? (user === undefined ? [0] : [0, 2]);
    client.send(Buffer.from([5, methods.length, ...methods]));
    const method = (await client.read(2))[1];
    if (method === 2) {
      client.send(Buffer.concat([Buffer.from([1]), counted(user ?? ''), counted(password ?? '')]));
      await client.read(2);
    }
    const portBytes = Buffer.from([targetPort >> 8, targetPort & 0xff]);
    client.send(Buffer.concat([Buffer.from([5, 1, 0]), addressBytes(host), portBytes]));
    const answer = await client.read(10, 15_000);
    return { reply: answer[1] ?? -1, client };
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw error;
  }
}

const counted = (text: string) => Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]);

function addressBytes(host: string): Buffer {
  if (/^[0-9.]+$/.test(host)) return Buffer.from([1, ...host.split('.').map(Number)]);
  if (host.startsWith('[::1]')) return Buffer.from([4, ...Array.from({ length: 15 }, () => 0), 1]);
  return Buffer.concat([Buffer.from([3]), counted(host)]);
}
