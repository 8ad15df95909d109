import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Http2Stream, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { deadline } from '../../test/rig/deadline.ts';
import { eventually } from '../../test/rig/eventually.ts';
import { type DataStream, ReusableStream, type StreamUse } from '../src/index.ts';

export const MIB = 1024 * 1024;

export function frameHeaderOf(length: number): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(length);
  return header;
}

/** Both ends of a reusable stream, on a session of their own. */
export async function openStream() {
  const server = createServer({ settings: { initialWindowSize: MIB }, maxSessionMemory: 100 });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const opened = once(server, 'stream');
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    settings: { initialWindowSize: MIB },
    maxSessionMemory: 100,
  });
  session.on('error', () => {});
  await once(session, 'remoteSettings');
  const atAgent = session.request({ ':method': 'POST' }, { endStream: false });
  const [atGateway] = (await opened) as [ServerHttp2Stream];
  for (const each of [session, atGateway.session]) each?.setLocalWindowSize(MIB);
  const started: { id: string; use: StreamUse }[] = [];
  const violations: string[] = [];
  const onViolation = (detail: string) => violations.push(detail);
  const gateway = new ReusableStream(atGateway, {
    onViolation,
    onStart: (id, { use }) => started.push({ id, use }),
  });
  atGateway.respond();
  const agent = new ReusableStream(atAgent, { onViolation });
  return {
    agent,
    gateway,
    started,
    violations,
    streams: { agent: atAgent as Http2Stream, gateway: atGateway as Http2Stream },
    loseSession: () => session.destroy(),
    /** Begins the next use, and returns both ends of it. */
    async next(id: string): Promise<{ agent: StreamUse; gateway: StreamUse }> {
      const before = started.length;
      const use = agent.start(id);
      await eventually('the next use', () => started.length > before);
      assert.equal(started.at(-1)?.id, id);
      return { agent: use, gateway: gateway.use };
    },
    async [Symbol.asyncDispose]() {
      session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Gathers what a use receives, and how it ends. */
export function watch(use: DataStream) {
  const chunks: Buffer[] = [];
  const seen = { ends: 0, closes: 0, error: undefined as Error | undefined };
  use.on('data', (chunk: Buffer) => chunks.push(chunk));
  use.on('end', () => {
    seen.ends += 1;
  });
  use.on('error', (error: Error) => {
    seen.error = error;
  });
  use.on('close', () => {
    seen.closes += 1;
  });
  return {
    ...seen,
    seen,
    text: () => Buffer.concat(chunks).toString('latin1'),
    bytes: () => Buffer.concat(chunks),
  };
}

export const closed = (...uses: StreamUse[]) =>
  deadline('the ends of a use', Promise.all(uses.map((use) => use.destroyed || once(use, 'close'))));
