import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type ConnectionOptions, connect, createServer, type Server, type TLSSocket } from 'node:tls';
import type { HostPort } from '@penstock/config-schema';
import { TestAuthority, type TestCertificate } from './certificates.ts';

export type TlsInspectorOptions = {
  /** Where the bytes go, over a TLS connection of the inspector's own. */
  readonly to: HostPort;
  /** Subject and issuer of what clients are shown. */
  readonly issuer?: string;
  /** DNS names and IP addresses the shown certificate is for; loopback when left out. */
  readonly names?: readonly string[];
};

/** A middlebox that ends TLS with a certificate of its own authority, reads everything and passes it on. */
export class TlsInspector implements AsyncDisposable {
  readonly authority: TestAuthority;
  /** What clients are shown instead of the real certificate. */
  readonly certificate: TestCertificate;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** TLS handshakes clients went through with; a client that checks the certificate pin makes none useful. */
  inspected = 0;
  /** Plain bytes clients sent through it. */
  bytesSeen = 0;

  private constructor(authority: TestAuthority, certificate: TestCertificate, to: HostPort) {
    this.authority = authority;
    this.certificate = certificate;
    this.#server = createServer(
      {
        cert: certificate.chain,
        key: certificate.key,
        minVersion: 'TLSv1.3',
        allowHalfOpen: true,
        ALPNProtocols: ['h2', 'http/1.1'],
      },
      (client) => this.#pass(client, to),
    );
    this.#server.on('connection', (socket) => this.#adopt(socket));
    // A client that walks away from our certificate is what the test is about.
    this.#server.on('tlsClientError', () => {});
  }

  static async start(options: TlsInspectorOptions): Promise<TlsInspector> {
    const authority = await TestAuthority.create(options.issuer ?? 'Test TLS Inspection CA');
    const certificate = await authority.issue({
      commonName: 'inspected',
      ...(options.names === undefined ? {} : { names: options.names }),
    });
    const inspector = new TlsInspector(authority, certificate, options.to);
    inspector.#server.listen(0, '127.0.0.1');
    await once(inspector.#server, 'listening');
    return inspector;
  }

  get address(): HostPort {
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') throw new Error('The inspector does not listen.');
    return { host: '127.0.0.1', port: bound.port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #adopt(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #pass(client: TLSSocket, to: HostPort): void {
    this.inspected += 1;
    this.#adopt(client);
    const options: ConnectionOptions & { readonly allowHalfOpen: boolean } = {
      ...to,
      rejectUnauthorized: false,
      allowHalfOpen: true,
      ALPNProtocols: [client.alpnProtocol || 'h2'],
    };
    const server = connect(options);
    this.#adopt(server);
    client.on('data', (chunk: Buffer) => {
      this.bytesSeen += chunk.length;
    });
    client.pipe(server).pipe(client);
    client.once('close', () => server.destroy());
    server.once('close', () => client.destroy());
  }
}
