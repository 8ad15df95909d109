import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import {
  CODE_HEADER,
  CONNECTION_HEADER,
  DETAIL_HEADER,
  OPEN_HEADER,
  type PeerSession,
  peerPaths,
  type RelayOpen,
} from '@penstock/cluster';
import type { SessionLinks } from '@penstock/transport';
import { isCloseCode, positionOfHeader, RECEIVED_HEADER, TunnelError, type Unsent } from '@penstock/wire';
import type { OpenRequest } from '../routing/session-contract.ts';
import { RelayedStream } from './relayed-stream.ts';

export type RelayPath = {
  readonly replica: string;
  readonly peer: Pick<PeerSession, 'connect' | 'expectLife'>;
  readonly sessionId: string;
  readonly links: SessionLinks;
  /** Called with the stream before it is answered: it belongs to the session from then on. */
  readonly onStream: (stream: ClientHttp2Stream) => void;
};

/** Milliseconds by which the peer answers earlier than it has to, a twentieth of short deadlines. */
const MAX_ANSWER_TIME_MS = 100;

/** The status with which a peer says that the agent is silent: processing goes on (RFC 2518 section 10.1). */
export const SILENT_STATUS = 102;

/**
 * Asks another replica to open through one of its sessions. Resolves when the target is connected; the caller owns the
 * stream. Rejects with TunnelError, or with the reason of the signal.
 */
export async function openRelayed(
  { replica, peer, sessionId, links, onStream }: RelayPath,
  { signal, timeout, onSilent, ...open }: OpenRequest,
): Promise<RelayedStream> {
  signal.throwIfAborted();
  const answerTime = Math.min(MAX_ANSWER_TIME_MS, timeout / 20);
  const asked: Unsent<RelayOpen> = { ...open, timeout: Math.max(1, Math.ceil(timeout - answerTime)) };
  const stream = peer.connect(peerPaths.relay + sessionId, {
    [OPEN_HEADER]: Buffer.from(JSON.stringify(asked)).toString('base64url'),
  });
  onStream(stream);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingHttpHeaders>();
  const giveUp = (error: Error) => {
    reject(error);
    stream.destroy(new TunnelError('CLIENT_GONE'));
  };
  const timer = setTimeout(
    () => giveUp(new TunnelError('AGENT_TIMEOUT', `The replica did not answer within ${timeout} ms.`)),
    timeout,
  );
  const abort = () => giveUp(signal.reason);
  const closed = () => reject(new TunnelError('SESSION_LOST', 'The session to the replica was lost.'));
  const silent = (headers: IncomingHttpHeaders & { readonly ':status'?: unknown }) => {
    if (Number(headers[':status']) === SILENT_STATUS) onSilent?.();
  };
  signal.addEventListener('abort', abort, { once: true });
  stream.once('response', resolve).once('close', closed).on('headers', silent);
  const stopWaiting = peer.expectLife(() => onSilent?.());
  try {
    const headers = await promise;
    if (Number(headers[':status']) !== 200) throw failureOf(headers);
    const id = headers[CONNECTION_HEADER];
    const received = positionOfHeader(headers[RECEIVED_HEADER]);
    const link = typeof id === 'string' && received !== undefined ? links.link(id) : undefined;
    return new RelayedStream(replica, stream, link, received);
  } catch (error) {
    stream.destroy(new TunnelError('CLIENT_GONE'));
    throw error;
  } finally {
    clearTimeout(timer);
    stopWaiting();
    signal.removeEventListener('abort', abort);
    stream.off('close', closed).off('headers', silent);
  }
}

function failureOf(headers: IncomingHttpHeaders): TunnelError {
  const code = headers[CODE_HEADER];
  // Without a code, the replica does not know the session: it has ended, or was that of an earlier process.
  if (typeof code !== 'string' || !isCloseCode(code))
    return new TunnelError('SESSION_LOST', 'The replica no longer has the session.');
  return new TunnelError(code, detailOf(headers[DETAIL_HEADER]));
}

function detailOf(value: unknown): string | undefined {
  try {
    return typeof value === 'string' ? decodeURIComponent(value) : undefined;
  } catch {
    return undefined;
  }
}
