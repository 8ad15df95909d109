import { type ConnectionOptions, connect, createServer, type Server, type TLSSocket } from 'node:tls';
import type { HostPort } from '@penstock/config-schema';
import { TestAuthority, type TestCertificate } from './certificates.ts';
import { listenOnLoopback, ServerSockets } from './server-sockets.ts';

export type TlsInspectorOptions = {
  /** Where the bytes are forwarded, over the inspector's own TLS connection. */
  readonly to: HostPort;
  /** Subject and issuer of the certificate that clients receive. */
  readonly issuer?: string;
  /** DNS names and IP addresses in that certificate; loopback by default. */
  readonly names?: readonly string[];
};

/** A middlebox that terminates TLS with a certificate of its own authority, reads everything, and forwards it. */
export class TlsInspector implements AsyncDisposable {
  readonly authority: TestAuthority;
  /** The certificate that clients receive instead of the real one. */
  readonly certificate: TestCertificate;
  readonly #server: Server;
  readonly #sockets = new ServerSockets();
  #address: HostPort = { host: '127.0.0.1', port: 0 };
  /**
   * Number of TLS handshakes that clients completed. A client that checks the certificate pin disconnects afterwards.
   */
  inspected = 0;
  /** Number of plaintext bytes that clients sent through it. */
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
    this.#server.on('connection', (socket) => this.#sockets.adopt(socket));
    // The test expects clients to reject this certificate.
    this.#server.on('tlsClientError', () => {});
  }

  static async start(options: TlsInspectorOptions): Promise<TlsInspector> {
    const authority = await TestAuthority.create(options.issuer ?? 'Test TLS Inspection CA');
    const certificate = await authority.issue({
      commonName: 'inspected',
      ...(options.names === undefined ? {} : { names: options.names }),
    });
    const inspector = new TlsInspector(authority, certificate, options.to);
    inspector.#address = await listenOnLoopback(inspector.#server);
    return inspector;
  }

  get address(): HostPort {
    return this.#address;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sockets.endWith(this.#server);
  }

  #pass(client: TLSSocket, to: HostPort): void {
    this.inspected += 1;
    this.#sockets.adopt(client);
    const options: ConnectionOptions & { readonly allowHalfOpen: boolean } = {
      ...to,
      rejectUnauthorized: false,
      allowHalfOpen: true,
      ALPNProtocols: [client.alpnProtocol || 'h2'],
    };
    const server = connect(options);
    this.#sockets.adopt(server);
    client.on('data', (chunk: Buffer) => {
      this.bytesSeen += chunk.length;
    });
    client.pipe(server).pipe(client);
    client.once('close', () => server.destroy());
    server.once('close', () => client.destroy());
  }
}
