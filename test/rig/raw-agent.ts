import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import {
  type AgentMessage,
  CONNECT_PROTOCOL,
  type GatewayMessage,
  type GatewayMessageOf,
  PROTOCOL_VERSION,
  paths,
  streamPath,
} from '@penstock/wire';
import { encodeMessage, gatewayMessageDecoder } from '@penstock/wire/codec';
import { deadline } from './deadline.ts';
import type { Pair } from './pair.ts';

type Watcher = (message: GatewayMessage) => void;

/** Returns the key and certificate of agent `name` as PEM, after enrolling it with a real agent. */
export async function enrolledIdentity(pair: Pair, name: string) {
  await pair.startAgent(name);
  await pair.connected(name);
  await pair.stopAgent(name);
  // The file contains the key and the chain; TLS extracts each from it.
  const pem = await readFile(join(pair.directory, name, 'current.pem'), 'utf8');
  return { key: pem, chain: pem };
}

/** The first message of an agent. */
export function helloOf(name: string, connectors: readonly string[]): AgentMessage {
  return {
    type: 'hello',
    protocol: PROTOCOL_VERSION,
    agent: { name, version: '0.0.0' },
    bootId: 'raw',
    platform: { os: 'test', arch: 'test', node: process.versions.node },
    config: { version: 1, digest: 'sha256:raw' },
    connectors: connectors.map((connector) => ({ name: connector, kind: 'tcp' })),
    session: { index: 0, wanted: 1 },
  };
}

/**
 * An agent controlled by the test: it is enrolled and welcomed, and then sends whatever the test requests, regardless
 * of the protocol. The gateway's messages are kept in `received`.
 */
export class RawAgent implements AsyncDisposable {
  readonly socket: TLSSocket;
  readonly http: ClientHttp2Session;
  readonly received: GatewayMessage[] = [];
  readonly #control: ClientHttp2Stream;
  readonly #watchers = new Set<Watcher>();

  private constructor(socket: TLSSocket, http: ClientHttp2Session, control: ClientHttp2Stream) {
    this.socket = socket;
    this.http = http;
    this.#control = control;
    const decoder = gatewayMessageDecoder();
    control.on('error', () => {});
    control.on('data', (chunk: Buffer) => {
      for (const message of decoder.push(chunk)) {
        this.received.push(message);
        for (const watcher of this.#watchers) watcher(message);
      }
    });
  }

  /** Connects one session as agent `name`, after enrolling it with a real agent. It announces `connectors`. */
  static async connect(pair: Pair, name: string, connectors: readonly string[]): Promise<RawAgent> {
    return RawAgent.open(pair, await enrolledIdentity(pair, name), helloOf(name, connectors));
  }

  /** Connects one session with an identity, and sends this hello. */
  static async open(
    pair: Pair,
    { key, chain }: { readonly key: string; readonly chain: string },
    hello: AgentMessage,
  ): Promise<RawAgent> {
    const socket = connectTls({
      host: '127.0.0.1',
      port: pair.gateway.tunnel.port,
      key,
      cert: chain,
      ALPNProtocols: ['h2'],
      rejectUnauthorized: false,
    });
    socket.on('error', () => {});
    await deadline('the TLS handshake of a raw agent', once(socket, 'secureConnect'));
    const http = connectHttp2('https://gateway', { createConnection: () => socket });
    http.on('error', () => {});
    await deadline('the settings of the gateway', once(http, 'remoteSettings'));
    const control = http.request(
      {
        ':method': 'CONNECT',
        ':protocol': CONNECT_PROTOCOL,
        ':scheme': 'https',
        ':path': paths.control,
      },
      { endStream: false },
    );
    const self = new RawAgent(socket, http, control);
    self.say(hello);
    await self.message('welcome');
    return self;
  }

  /** Returns the first message of a type that `where` accepts, including messages already received. */
  async message<Kind extends GatewayMessage['type']>(
    type: Kind,
    where: (message: GatewayMessageOf<Kind>) => boolean = () => true,
  ): Promise<GatewayMessageOf<Kind>> {
    const isIt = (message: GatewayMessage): message is GatewayMessageOf<Kind> =>
      message.type === type && where(message as GatewayMessageOf<Kind>);
    const found = this.received.find(isIt);
    if (found !== undefined) return found;
    const { promise, resolve } = Promise.withResolvers<GatewayMessageOf<Kind>>();
    const watcher: Watcher = (message) => isIt(message) && resolve(message);
    this.#watchers.add(watcher);
    try {
      return await deadline(`a message ${type}`, promise);
    } finally {
      this.#watchers.delete(watcher);
    }
  }

  /** Calls `watcher` with each message of the gateway from now on. */
  watch(watcher: (message: GatewayMessage) => void): void {
    this.#watchers.add(watcher);
  }

  say(message: AgentMessage): void {
    if (this.#control.destroyed) return;
    this.#control.write(encodeMessage(message));
  }

  /** Sends goodbye and closes the session, like an agent whose last stream has ended. */
  leave(): void {
    this.#control.end(encodeMessage({ type: 'goodbye', reason: 'retired' }));
    this.http.close();
  }

  /** Opens a data stream, whether or not it was requested. */
  bring(id: string, { endStream = false } = {}): ClientHttp2Stream {
    const stream = this.http.request(
      {
        ':method': 'CONNECT',
        ':protocol': CONNECT_PROTOCOL,
        ':scheme': 'https',
        ':path': streamPath(id),
      },
      { endStream },
    );
    return stream.on('error', () => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.socket.closed ? undefined : once(this.socket, 'close');
    this.socket.destroy();
    await closed;
  }
}
