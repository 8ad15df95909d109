import type { Socket } from 'node:net';
import { type CloseCode, TunnelError } from '@penstock/wire';
import { ClientReader } from '../client-reader.ts';
import type { CreateHandler, IngressBinding, IngressServices } from '../ingress-handler.ts';
import { LingeringSockets } from '../lingering-sockets.ts';
import type { HandshakingClient } from '../pending-handshakes.ts';
import { CancelRequests } from '../postgresql/cancel-requests.ts';
import { bindingOfStartup, readFirstMessage, trackClient } from '../postgresql/postgresql-client.ts';
import { errorResponse, refusalResponse } from '../postgresql/postgresql-error.ts';
import { Refusal } from '../refusal.ts';
import type { RoutedClient } from '../routed-client.ts';
import { type Alert, alertRecord } from '../tls/alert.ts';
import { noSuchHost, type TerminatedClient, terminate } from '../tls/terminate.ts';
import { replay } from './passthrough.ts';
import { Preamble, type PreambleStep } from './preamble.ts';

type Hello = Extract<PreambleStep, { is: 'hello' }>;
type SniBinding = IngressBinding<'sni'>;

/** The clients of a port whose connections are told apart by the host name that TLS asks for. */
export const createSniHandler: CreateHandler<'sni'> = (services, bindings) => {
  const clients = new SniClients(services, bindings);
  return {
    take({ socket, source, release }) {
      socket.once('close', release);
      void services.handshakes.run(
        socket,
        source,
        (client) => clients.ask(client),
        (error) => services.denied(source, error),
      );
    },
    close: () => clients.close(),
  };
};

class SniClients {
  readonly #services: IngressServices;
  readonly #bindings: () => readonly SniBinding[];
  readonly #cancels: CancelRequests;
  readonly #lingering = new LingeringSockets();

  constructor(services: IngressServices, bindings: () => readonly SniBinding[]) {
    this.#services = services;
    this.#bindings = bindings;
    this.#cancels = new CancelRequests(services);
  }

  /** Finds out what a client wants, and serves it or says why not. Throws what it was not told. */
  async ask(client: HandshakingClient): Promise<void> {
    try {
      const step = await this.#open(client);
      if (step.is === 'cancel-request') await this.#cancel(client, step.bytes, client.socket);
      else await this.#route(client, step);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#services.denied(client.source, error, error.connection);
      this.#lingering.say(client.socket, error.reply);
    }
  }

  close(): void {
    this.#lingering.close();
  }

  /** Goes on with a client up to its ClientHello, or its wish to cancel a query. */
  async #open({ socket, bytes }: HandshakingClient) {
    const preamble = new Preamble();
    for (;;) {
      const step = preamble.push(await bytes.some());
      if (step.is === 'answer') socket.write(step.bytes);
      else if (step.is === 'hello' || step.is === 'cancel-request') return step;
      else if (step.is === 'clear-text') throw wantsTls();
      else if (step.is === 'invalid') throw notUnderstood(step.detail, step.alert);
    }
  }

  async #route(client: HandshakingClient, hello: Hello): Promise<void> {
    const { serverName } = hello.hello;
    const bindings = this.#bindings();
    const binding = bindings.find(({ ingress }) => ingress.host === serverName);
    const canSayLater =
      hello.negotiation !== 'tls' && bindings.some(({ ingress }) => ingress.mode === 'terminate');
    if (binding === undefined && !canSayLater) throw noSuchHost(serverName);
    if (binding !== undefined) checkSource(binding, client, alertRecord('accessDenied'));
    if (binding?.ingress.mode === 'passthrough') this.#passThrough(client, hello, binding);
    else await this.#terminate(client, hello, binding);
  }

  #passThrough(
    { socket, source }: HandshakingClient,
    { negotiation, bytes }: Hello,
    binding: SniBinding,
  ): void {
    const connection = binding.connection.name;
    const overture = { negotiation, bytes, patience: this.#services.config().limits.handshakeTimeout };
    const routed: RoutedClient = {
      socket,
      source,
      wishes: { clientSpeaksFirst: true },
      introduce: (target, signal) => replay(overture, socket, target, signal),
      refuse: ({ code }) => {
        this.#lingering.say(socket, alertRecord(alertOf(code)));
      },
      ...(negotiation !== 'tls' && { joined: trackClient(this.#cancels, { socket, source }, connection) }),
    };
    if (this.#services.serve(connection, routed)) return;
    throw new Refusal('LIMIT_EXCEEDED', FULL, alertRecord('internalError'), connection);
  }

  async #terminate(client: HandshakingClient, hello: Hello, named: SniBinding | undefined): Promise<void> {
    const { bytes, negotiation } = hello;
    const offered = hello.hello.protocols;
    const terminated = await terminate(client.socket, { bytes, offered }, this.#services.tls, client.signal);
    const { tls, transport } = terminated;
    try {
      if (negotiation !== 'tls')
        await this.#startPostgresql(client, terminated, named, hello.hello.serverName);
      else if (named !== undefined) this.#serveTerminated(client, terminated, named, undefined);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#services.denied(client.source, error, error.connection);
      this.#lingering.say(tls, error.reply, () => transport.reset());
    }
  }

  async #startPostgresql(
    client: HandshakingClient,
    terminated: TerminatedClient,
    named: SniBinding | undefined,
    serverName: string | undefined,
  ): Promise<void> {
    const { tls } = terminated;
    const message = await readFirstMessage(new ClientReader(tls, client.signal));
    if (message.is === 'cancel-request') {
      await this.#cancel(client, message.bytes, tls, () => terminated.transport.reset());
      return;
    }
    const binding = bindingOfStartup(this.#bindings(), named, message.connection, serverName);
    const denied = { code: 'CLIENT_DENIED', message: 'Your address may not use this connection.' } as const;
    checkSource(binding, client, errorResponse(denied));
    this.#serveTerminated(client, terminated, binding, message.bytes);
  }

  /** `startup`: what a PostgreSQL client has said; undefined where its server is to hear everything from the client. */
  #serveTerminated(
    { source }: HandshakingClient,
    { tls, transport }: TerminatedClient,
    binding: SniBinding,
    startup: Buffer | undefined,
  ): void {
    const connection = binding.connection.name;
    const wishes = { secure: true, clientSpeaksFirst: true };
    const reset = () => transport.reset();
    const routed: RoutedClient = {
      socket: tls,
      source,
      wishes,
      reset,
      isTruncated: () => transport.isTruncated,
      ...(startup !== undefined && {
        introduce: async ({ stream }) => {
          stream.write(startup);
        },
        joined: trackClient(this.#cancels, { socket: tls, source, wishes }, connection),
        refuse: (error) => this.#lingering.say(tls, refusalResponse(error, connection), reset),
      }),
    };
    if (this.#services.serve(connection, routed)) return;
    const reply = refusalResponse(new TunnelError('LIMIT_EXCEEDED'), connection);
    throw new Refusal('LIMIT_EXCEEDED', FULL, startup === undefined ? Buffer.alloc(0) : reply, connection);
  }

  /** The client hears nothing, as from a server: its connection ends when the request has been brought. */
  async #cancel(
    { source, signal }: HandshakingClient,
    request: Buffer,
    socket: Socket,
    reset?: () => void,
  ): Promise<void> {
    try {
      await this.#cancels.bring(request, source, signal);
    } catch (error) {
      if (!(error instanceof TunnelError)) throw error;
      this.#services.denied(source, error);
    }
    this.#lingering.say(socket, Buffer.alloc(0), reset);
  }
}

const FULL = 'The connection has its maxConnections.';

function alertOf(code: CloseCode): Alert {
  if (code === 'TLS_FAILED') return 'handshakeFailure';
  return code === 'CLIENT_DENIED' ? 'accessDenied' : 'internalError';
}

function checkSource(
  { isAllowed, connection }: SniBinding,
  { source }: HandshakingClient,
  reply: Buffer,
): void {
  if (isAllowed(source.address)) return;
  const what = `${source.address} is not in the allow list of this ingress.`;
  throw new Refusal('CLIENT_DENIED', what, reply, connection.name);
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
