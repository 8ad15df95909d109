import type { Socket } from 'node:net';
import { releaseChunk, type SocketReader } from '@penstock/transport';
import { alertRecord } from '../tls/alert.ts';
import type { IngressTls } from '../tls/ingress-tls.ts';
import { terminateTls } from '../tls/terminate-tls.ts';
import { type ClientBytes, pausedSocketBytes, SocketReaderBytes } from './client-bytes.ts';
import type { ClientError } from './client-error.ts';
import { type ErrorStep, INVALID } from './error-exchange.ts';
import type { ErrorProtocol } from './error-exchanges.ts';
import { terminatePreloginTls } from './prelogin-tls.ts';
import type { ReportedClient } from './reported-client.ts';

/** The TLS of clients whose TLS the gateway terminates. */
export type ClientTls = {
  readonly tls: IngressTls;
  /** Whether `ingressTls` is configured: clients may trust the certificate. */
  readonly isForClients: () => boolean;
};

export type Conversation = {
  readonly client: ReportedClient;
  readonly reset: () => void;
  readonly protocol: ErrorProtocol;
  readonly error: ClientError;
  readonly tls: ClientTls;
  /** Aborted when the time is up. */
  readonly signal: AbortSignal;
};

type Ends = {
  readonly socket: Socket;
  readonly bytes: ClientBytes;
  /** Reads the socket, if it was constructed with it. */
  readonly reader?: SocketReader | undefined;
  readonly isEncrypted: boolean;
  readonly reset: () => void;
  /** Where the last message goes, if that is not `socket`; `release` detaches it from TLS. */
  readonly answerTo?: Pick<Ends, 'socket' | 'reader'> & { readonly release: () => void };
};
type TlsStep = Extract<ErrorStep, { is: 'tls' }>;
type Told = { readonly ends: Ends; readonly bytes: Buffer };

/** Far more than the first message of any protocol; PostgreSQL's may have 10,000 bytes. */
const MAX_RECEIVED_BYTES = 16 * 1024;

/** A client that sends nothing for this time after receiving the error has no other command in transit. */
const QUIET_TIMEOUT_MS = 100;

/** Tells one client of its error, and resolves when the client is closed or reset. Never rejects. */
export async function conversation(options: Conversation): Promise<void> {
  const { client, reset, signal } = options;
  const { socket, reader, isEncrypted } = client;
  const bytes = reader === undefined ? pausedSocketBytes(socket) : new SocketReaderBytes(socket, reader);
  let ends: Ends = { socket, bytes, reader, isEncrypted, reset };
  try {
    const told = await converse(ends, options, (next) => {
      ends = next;
    });
    await sendLast(told, signal);
  } catch {
    ends.reset();
  }
}

/** Reads and answers until only the last message remains to be sent. Throws if the protocol has no place for it. */
async function converse(start: Ends, options: Conversation, onTls: (ends: Ends) => void): Promise<Told> {
  const exchange = options.protocol.create(options.error);
  let ends = start;
  if (exchange.greeting !== undefined) return { ends, bytes: exchange.greeting };
  let received: Buffer = Buffer.alloc(0);
  let isTold = false;
  for (;;) {
    const more = isTold
      ? await readUntilQuiet(ends, options.signal)
      : await ends.bytes.readAvailable(options.signal);
    if (more === undefined) return { ends, bytes: Buffer.alloc(0) };
    received = Buffer.concat([received, more]);
    if (received.length > MAX_RECEIVED_BYTES) received = received.subarray(0, MAX_RECEIVED_BYTES);
    let step = exchange.push(received, ends.isEncrypted);
    while (step.is === 'answer') {
      ends.socket.write(step.bytes);
      isTold ||= step.isError === true;
      received = received.subarray(step.consumed);
      step = received.length === 0 ? { is: 'incomplete' } : exchange.push(received, ends.isEncrypted);
    }
    if (step.is === 'tls') {
      const rest = received.subarray(step.consumed);
      const plaintext = withoutTls(step, options);
      if (plaintext === undefined) {
        ends = await startTls(ends, step, rest, options);
        onTls(ends);
        received = Buffer.alloc(0);
        continue;
      }
      if (plaintext.is === 'final') return { ends, bytes: plaintext.bytes };
      ends.socket.write(plaintext.bytes);
      received = rest;
      continue;
    }
    if (step.is === 'final') return { ends, bytes: step.bytes };
    if (step.is === 'invalid' || received.length === MAX_RECEIVED_BYTES) throw new Error(INVALID.is);
  }
}

/**
 * Returns more bytes of a client that has received the error; undefined if it sends none for a while, or has
 * disconnected.
 */
async function readUntilQuiet({ bytes }: Ends, signal: AbortSignal): Promise<Buffer | undefined> {
  const quiet = AbortSignal.any([signal, AbortSignal.timeout(QUIET_TIMEOUT_MS)]);
  return bytes.readAvailable(quiet).catch(() => undefined);
}

/** What to send instead of starting TLS; undefined if TLS is to start. */
function withoutTls(
  { framing, otherwise }: TlsStep,
  { tls, error }: Conversation,
): { readonly is: 'answer' | 'final'; readonly bytes: Buffer } | undefined {
  // A login of TDS is never sent in plaintext because an open failed, so its TLS is terminated with any certificate.
  if (framing === 'prelogin' || tls.isForClients()) return undefined;
  if (otherwise !== undefined) return { is: 'answer', bytes: otherwise };
  const alert = error.code === 'CLIENT_DENIED' ? 'accessDenied' : 'internalError';
  return { is: 'final', bytes: alertRecord(alert) };
}

async function startTls(
  { socket }: Ends,
  { answer, framing, isOnce }: TlsStep,
  received: Buffer,
  { client: { reader }, protocol, tls: { tls }, signal }: Conversation,
): Promise<Ends> {
  if (answer.length > 0) socket.write(answer);
  const options = { received, reader, protocols: protocol.alpn, clientCertificate: 'none' } as const;
  if (framing === 'prelogin') {
    const { tls: secured, reset, release } = await terminatePreloginTls(socket, options, tls, signal);
    const ends = { socket: secured, bytes: pausedSocketBytes(secured), isEncrypted: true, reset };
    return isOnce === true ? { ...ends, answerTo: { socket, reader, release } } : ends;
  }
  const { tls: secured, transport } = await terminateTls(socket, options, tls, signal);
  const reset = () => transport.reset();
  return { socket: secured, bytes: pausedSocketBytes(secured), isEncrypted: true, reset };
}

/**
 * Sends the last message and FIN, then waits for the client to close. What it still sends is discarded: closing a
 * socket with unread bytes resets it, and a reset can discard the message at the receiver.
 */
async function sendLast({ ends, bytes }: Told, signal: AbortSignal): Promise<void> {
  const { reset, answerTo } = ends;
  answerTo?.release();
  const { socket, reader } = answerTo ?? ends;
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  socket.once('close', resolve);
  const onAbort = () => {
    reset();
    resolve();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if (socket.destroyed) resolve();
  else if (signal.aborted) onAbort();
  else {
    reader?.attach(releaseChunk);
    socket.end(bytes);
    socket.resume();
  }
  await closed;
  signal.removeEventListener('abort', onAbort);
}
