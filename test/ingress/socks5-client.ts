import { TestClient } from '../rig/client.ts';

export type Socks5Options = {
  readonly port: number;
  /** A name or an address. An IPv4 address or `[IPv6]` is sent as an address. */
  readonly host: string;
  readonly targetPort?: number;
  readonly user?: string;
  readonly password?: string;
  /** The authentication methods to offer. Left out: what the credentials require. */
  readonly methods?: readonly number[];
  readonly localAddress?: string;
};

/** The proxy's reply and the client, which the caller closes. */
export type Socks5Response = { readonly reply: number; readonly client: TestClient };

/** Sends a SOCKS5 request. Throws if the proxy closes the connection before it replies. */
export async function connectSocks5(options: Socks5Options): Promise<Socks5Response> {
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
      client.send(
        Buffer.concat([Buffer.from([1]), lengthPrefixed(user ?? ''), lengthPrefixed(password ?? '')]),
      );
      await client.read(2);
    }
    const portBytes = Buffer.from([targetPort >> 8, targetPort & 0xff]);
    client.send(Buffer.concat([Buffer.from([5, 1, 0]), addressBytes(host), portBytes]));
    const response = await client.read(10, 15_000);
    return { reply: response[1] ?? -1, client };
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw error;
  }
}

const lengthPrefixed = (text: string) =>
  Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]);

function addressBytes(host: string): Buffer {
  if (/^[0-9.]+$/.test(host)) return Buffer.from([1, ...host.split('.').map(Number)]);
  if (host.startsWith('[::1]')) return Buffer.from([4, ...Array.from({ length: 15 }, () => 0), 1]);
  return Buffer.concat([Buffer.from([3]), lengthPrefixed(host)]);
}
