import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { HostPort } from '@penstock/config-schema';
import { listenOnLoopback, ServerSockets } from './server-sockets.ts';

export type ProxyRequest = {
  /** As in `CONNECT authority`. */
  readonly authority: string;
  readonly headers: IncomingHttpHeaders;
  /** The status of the proxy's response. */
  readonly status: number;
};

export type FakeHttpProxyOptions = {
  /** Required as Basic credentials (RFC 7617); undefined: not required. */
  readonly credentials?: { readonly username: string; readonly password: string };
  /** Values of Proxy-Authenticate in an answer 407; Basic when omitted. */
  readonly challenges?: readonly string[];
  /** Addresses of authorities that only the proxy can resolve. */
  readonly route?: (authority: string) => HostPort;
};

/** A fake HTTP/1.1 proxy that supports only CONNECT (RFC 9110 section 9.3.6) and validates little. */
export class FakeHttpProxy implements AsyncDisposable {
  readonly requests: ProxyRequest[] = [];
  readonly #server = createServer((_request, response) => response.writeHead(405).end());
  readonly #sockets = new ServerSockets();
  #address: HostPort = { host: '127.0.0.1', port: 0 };
  readonly #options: FakeHttpProxyOptions;
  #refusal: number | undefined;
  #dieAfter = Number.POSITIVE_INFINITY;
  #carried = 0;

  private constructor(options: FakeHttpProxyOptions) {
    this.#options = options;
  }

  static async start(options: FakeHttpProxyOptions = {}): Promise<FakeHttpProxy> {
    const proxy = new FakeHttpProxy(options);
    proxy.#server.on('connection', (socket) => proxy.#sockets.adopt(socket));
    proxy.#server.on('connect', (request, socket, head) => proxy.#onConnect(request, socket, head));
    proxy.#address = await listenOnLoopback(proxy.#server);
    return proxy;
  }

  get address(): HostPort {
    return this.#address;
  }

  /** The proxy's URL, with the required credentials. */
  get url(): string {
    const { credentials } = this.#options;
    const url = new URL(`http://${this.address.host}:${this.address.port}`);
    if (credentials !== undefined) {
      url.username = encodeURIComponent(credentials.username);
      url.password = encodeURIComponent(credentials.password);
    }
    return url.href;
  }

  /** Number of open sockets, on both sides of the proxy. */
  get open(): number {
    return this.#sockets.open;
  }

  /** Responds to every CONNECT with this status: 403, 407, 502. */
  refuse(status: number): void {
    this.#refusal = status;
  }

  /** Reverts `refuse`. */
  allow(): void {
    this.#refusal = undefined;
  }

  /** Resets all connections and continues to run. */
  die(): void {
    this.#sockets.resetAll();
  }

  /** Resets all connections once, after forwarding this many more bytes. */
  dieAfter(bytes: number): void {
    this.#dieAfter = this.#carried + bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sockets.endWith(this.#server);
  }

  #onConnect(request: IncomingMessage, client: Duplex, head: Buffer): void {
    const authority = request.url ?? '';
    const status = this.#statusFor(request);
    const answered = (code: number) =>
      this.requests.push({ authority, headers: request.headers, status: code });
    if (status !== 200) {
      answered(status);
      const { challenges = ['Basic realm="fake"'] } = this.#options;
      const lines = challenges.map((value) => `Proxy-Authenticate: ${value}\r\n`).join('');
      const challenge = status === 407 ? lines : '';
      client.end(`HTTP/1.1 ${status} Refused\r\n${challenge}Content-Length: 0\r\nConnection: close\r\n\r\n`);
      return;
    }
    const target = connect(this.#options.route?.(authority) ?? hostPortOf(authority));
    this.#sockets.adopt(target);
    const unreachable = () => {
      answered(502);
      client.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    };
    target.once('error', unreachable);
    target.once('connect', () => {
      target.off('error', unreachable);
      answered(200);
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      target.write(head);
      this.#join(client, target);
    });
  }

  #statusFor(request: IncomingMessage): number {
    if (this.#refusal !== undefined) return this.#refusal;
    const { credentials } = this.#options;
    if (credentials === undefined) return 200;
    const wanted = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
    return request.headers['proxy-authorization'] === `Basic ${wanted}` ? 200 : 407;
  }

  #join(client: Duplex, target: Socket): void {
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      from.on('data', (chunk: Buffer) => {
        this.#carried += chunk.length;
        if (this.#carried >= this.#dieAfter) {
          this.#dieAfter = Number.POSITIVE_INFINITY;
          this.die();
        } else if (!to.write(chunk)) {
          from.pause();
        }
      });
      to.on('drain', () => from.resume());
      from.on('end', () => to.end());
      from.on('close', () => to.destroy());
    }
  }
}

function hostPortOf(authority: string): HostPort {
  const url = new URL(`tcp://${authority}`);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) };
}
