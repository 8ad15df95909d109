import { randomUUID } from 'node:crypto';
import type { ClientHttp2Stream } from 'node:http2';
import {
  type AgentMessage,
  CONNECT_PROTOCOL,
  type GatewayMessage,
  PROTOCOL_VERSION,
  paths,
  SOFTWARE_VERSION,
} from '@penstock/wire';
import { encodeMessage, gatewayMessageDecoder } from '@penstock/wire/codec';
import type { Identity } from './agent-identity.ts';
import { connectTunnel } from './tunnel-connection.ts';

/**
 * Opens a session with its control stream. Resolves when the gateway has welcomed it. The session stays open until this
 * process exits or the gateway closes it, and sends a heartbeat every `heartbeat` milliseconds, or none. `closed` resolves when
 * it has been closed.
 */
export async function openIdleSession(
  identity: Identity,
  heartbeat?: number,
): Promise<{ readonly closed: Promise<void> }> {
  const { socket, session } = await connectTunnel(identity.gateway, identity);
  const stream = session.request(
    { ':method': 'CONNECT', ':protocol': CONNECT_PROTOCOL, ':scheme': 'https', ':path': paths.control },
    { endStream: false },
  );
  stream.on('error', () => socket.destroy());
  stream.write(encodeMessage(helloOf(identity)));
  try {
    await welcomeOn(stream);
    if (heartbeat !== undefined) beat(stream, heartbeat);
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    stream.once('close', () => {
      socket.destroy();
      resolve();
    });
    return { closed };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function helloOf({ name }: Identity): AgentMessage {
  return {
    type: 'hello',
    protocol: PROTOCOL_VERSION,
    agent: { name, version: SOFTWARE_VERSION },
    bootId: randomUUID(),
    platform: { os: process.platform, arch: process.arch, node: process.versions.node },
    config: { version: 1, digest: `sha256:${'0'.repeat(64)}` },
    connectors: [],
    session: { index: 0, wanted: 1 },
  };
}

/** Starts at a random time, because the agents of a fleet do not start simultaneously. */
function beat(stream: ClientHttp2Stream, interval: number): void {
  let seq = 0;
  const send = () => {
    seq += 1;
    stream.write(encodeMessage(heartbeatOf(seq)));
  };
  const first = setTimeout(() => {
    const timer = setInterval(send, interval);
    stream.once('close', () => clearInterval(timer));
  }, Math.random() * interval);
  stream.once('close', () => clearTimeout(first));
}

/** As large as the heartbeat of an agent that samples its host. */
function heartbeatOf(seq: number): AgentMessage {
  return {
    type: 'heartbeat',
    seq,
    sentAt: Date.now(),
    clock: { offset: 1.5, roundTrip: 0.8 },
    cpu: { load: 0.25, process: 0.1 },
    memory: { totalBytes: 2 ** 34, availableBytes: 2 ** 33, processBytes: 2 ** 27 },
    eventLoop: { p99Ms: 0.4, maxMs: 3.1 },
    streams: { open: 0, opening: 0 },
    identity: { notAfter: Date.now() + 3_600_000 },
    checks: [],
  };
}

function welcomeOn(stream: ClientHttp2Stream): Promise<void> {
  const welcome = Promise.withResolvers<void>();
  const decoder = gatewayMessageDecoder();
  const receive = (message: GatewayMessage) => {
    if (message.type === 'welcome') welcome.resolve();
    if (message.type === 'refused') welcome.reject(new Error(`${message.code}: ${message.detail}`));
  };
  stream.on('response', (headers) => {
    if (headers[':status'] !== 200)
      welcome.reject(new Error(`The control stream was answered with ${headers[':status']}.`));
  });
  stream.on('data', (chunk: Buffer) => {
    for (const message of decoder.push(chunk)) receive(message);
  });
  stream.once('close', () => welcome.reject(new Error('The session was closed before it was welcomed.')));
  return welcome.promise;
}
