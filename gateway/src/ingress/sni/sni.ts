import type { Socket } from 'node:net';
import { type CloseCode, TunnelError } from '@penstock/wire';
import type { Arrival } from '../arrival.ts';
import { ClientBytes } from '../client-bytes.ts';
import { Farewells } from '../farewells.ts';
import type { NegotiatingClient } from '../negotiations.ts';
import { CancelRequests } from '../postgresql/cancel-requests.ts';
import { readFirstMessage, trackClient, wayOfStartup } from '../postgresql/postgresql-client.ts';
import { errorResponse, refusalResponse } from '../postgresql/postgresql-error.ts';
import { type Alert, alertRecord } from '../tls/alert.ts';
import { noSuchHost, type TerminatedClient, terminate } from '../tls/terminate.ts';
import type { HandleClients, Way, WayInPorts } from '../way-in.ts';
import { Opening, type OpeningStep } from './opening.ts';
import { replay } from './passthrough.ts';
import { Refusal } from './refusal.ts';

type Hello = Extract<OpeningStep, { is: 'hello' }>;
type SniWay = Way<'sni'>;

/** The clients of a port whose connections are told apart by the host name that TLS asks for. */
export const handleSni: HandleClients<'sni'> = (ports, ways) => {
  const clients = new SniClients(ports, ways);
  return {
    take({ socket, source, release }) {
      socket.once('close', release);
      void ports.negotiations.run(
        socket,
        source,
        (client) => clients.ask(client),
        (error) => ports.denied(source, error),
      );
    },
    close: () => clients.close(),
  };
};

class SniClients {
  readonly #ports: WayInPorts;
  readonly #ways: () => readonly SniWay[];
  readonly #cancels: CancelRequests;
  readonly #farewells = new Farewells();

  constructor(ports: WayInPorts, ways: () => readonly SniWay[]) {
    this.#ports = ports;
    this.#ways = ways;
    this.#cancels = new CancelRequests(ports);
  }

  /** Finds out what a client wants, and serves it or says why not. Throws what it was not told. */
  async ask(client: NegotiatingClient): Promise<void> {
    try {
      const step = await this.#open(client);
      if (step.is === 'cancel-request') await this.#cancel(client, step.bytes, client.socket);
      else await this.#route(client, step);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#ports.denied(client.source, error, error.connection);
      this.#farewells.say(client.socket, error.words);
    }
  }

  close(): void {
    this.#farewells.close();
  }

  /** Goes on with a client up to its ClientHello, or its wish to cancel a query. */
  async #open({ socket, bytes }: NegotiatingClient) {
    const opening = new Opening();
    for (;;) {
      const step = opening.push(await bytes.some());
      if (step.is === 'answer') socket.write(step.bytes);
      else if (step.is === 'hello' || step.is === 'cancel-request') return step;
      else if (step.is === 'clear-text') throw wantsTls();
      else if (step.is === 'invalid') throw notUnderstood(step.detail, step.alert);
    }
  }

  async #route(client: NegotiatingClient, hello: Hello): Promise<void> {
    const { serverName } = hello.hello;
    const ways = this.#ways();
    const way = ways.find(({ ingress }) => ingress.host === serverName);
    const canSayLater = hello.opener !== 'tls' && ways.some(({ ingress }) => ingress.mode === 'terminate');
    if (way === undefined && !canSayLater) throw noSuchHost(serverName);
    if (way !== undefined) checkSource(way, client, alertRecord('accessDenied'));
    if (way?.ingress.mode === 'passthrough') this.#passThrough(client, hello, way);
    else await this.#terminate(client, hello, way);
  }

  #passThrough({ socket, source }: NegotiatingClient, { opener, bytes }: Hello, way: SniWay): void {
    const connection = way.connection.name;
    const overture = { opener, bytes, patience: this.#ports.config().limits.negotiationTimeout };
    const arrival: Arrival = {
      socket,
      source,
      wishes: { clientSpeaksFirst: true },
      introduce: (stream, signal) => replay(overture, socket, stream, signal),
      refuse: ({ code }) => {
        this.#farewells.say(socket, alertRecord(alertOf(code)));
      },
      ...(opener !== 'tls' && { joined: trackClient(this.#cancels, { socket, source }, connection) }),
    };
    if (this.#ports.serve(connection, arrival)) return;
    throw new Refusal('LIMIT_EXCEEDED', FULL, alertRecord('internalError'), connection);
  }

  async #terminate(client: NegotiatingClient, hello: Hello, named: SniWay | undefined): Promise<void> {
    const { bytes, opener } = hello;
    const offered = hello.hello.protocols;
    const terminated = await terminate(client.socket, { bytes, offered }, this.#ports.tls, client.signal);
    const { tls, transport } = terminated;
    try {
      if (opener !== 'tls') await this.#startPostgresql(client, terminated, named, hello.hello.serverName);
      else if (named !== undefined) this.#serveTerminated(client, terminated, named, undefined);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#ports.denied(client.source, error, error.connection);
      this.#farewells.say(tls, error.words, () => transport.reset());
    }
  }

  async #startPostgresql(
    client: NegotiatingClient,
    terminated: TerminatedClient,
    named: SniWay | undefined,
    serverName: string | undefined,
  ): Promise<void> {
    const { tls } = terminated;
    const message = await readFirstMessage(new ClientBytes(tls, client.signal));
    if (message.is === 'cancel-request') {
      await this.#cancel(client, message.bytes, tls, () => terminated.transport.reset());
      return;
    }
    const way = wayOfStartup(this.#ways(), named, message.connection, serverName);
    const denied = { code: 'CLIENT_DENIED', message: 'Your address may not use this connection.' } as const;
    checkSource(way, client, errorResponse(denied));
    this.#serveTerminated(client, terminated, way, message.bytes);
  }

  /** `startup`: what a PostgreSQL client has said; undefined where its server is to hear everything from the client. */
  #serveTerminated(
    { source }: NegotiatingClient,
    { tls, transport }: TerminatedClient,
    way: SniWay,
    startup: Buffer | undefined,
  ): void {
    const connection = way.connection.name;
    const wishes = { secure: true, clientSpeaksFirst: true };
    const reset = () => transport.reset();
    const arrival: Arrival = {
      socket: tls,
      source,
      wishes,
      reset,
      isTruncated: () => transport.isTruncated,
      ...(startup !== undefined && {
        introduce: async (stream) => {
          stream.write(startup);
        },
        joined: trackClient(this.#cancels, { socket: tls, source, wishes }, connection),
        refuse: (error) => this.#farewells.say(tls, refusalResponse(error, connection), reset),
      }),
    };
    if (this.#ports.serve(connection, arrival)) return;
    const words = refusalResponse(new TunnelError('LIMIT_EXCEEDED'), connection);
    throw new Refusal('LIMIT_EXCEEDED', FULL, startup === undefined ? Buffer.alloc(0) : words, connection);
  }

  /** The client hears nothing, as from a server: its connection ends when the request has been brought. */
  async #cancel(
    { source, signal }: NegotiatingClient,
    request: Buffer,
    socket: Socket,
    reset?: () => void,
  ): Promise<void> {
    try {
      await this.#cancels.bring(request, source, signal);
    } catch (error) {
      if (!(error instanceof TunnelError)) throw error;
      this.#ports.denied(source, error);
    }
    this.#farewells.say(socket, Buffer.alloc(0), reset);
  }
}

const FULL = 'The connection has its maxConnections.';

function alertOf(code: CloseCode): Alert {
  if (code === 'TLS_FAILED') return 'handshakeFailure';
  return code === 'CLIENT_DENIED' ? 'accessDenied' : 'internalError';
}

function checkSource({ isAllowed, connection }: SniWay, { source }: NegotiatingClient, words: Buffer): void {
  if (isAllowed(source.address)) return;
  const what = `${source.address} is not in the allow list of this ingress.`;
  throw new Refusal('CLIENT_DENIED', what, words, connection.name);
}

function wantsTls(): Refusal {
  const message = 'This port takes TLS only, and the client asked for none.';
  const hint = 'Set sslmode to verify-full, or to require.';
  return new Refusal(
    'CLIENT_DENIED',
    message,
    errorResponse({ code: 'CLIENT_DENIED', message: 'This port takes TLS only.', hint }),
  );
}

function notUnderstood(detail: string, alert: Alert | undefined): TunnelError {
  if (alert === undefined) return new TunnelError('PROTOCOL_ERROR', detail);
  return new Refusal('PROTOCOL_ERROR', detail, alertRecord(alert));
}
