import { peerPaths } from '@penstock/cluster';
import { TunnelError } from '@penstock/wire';
import { readAnswer } from './forward-request.ts';
import type { PeerDirectory } from './peer-directory.ts';

/** What a replica answered; undefined when it did not, or does not know the question. */
export type PeerAnswer = { readonly replica: string; readonly answer: unknown };

/** Milliseconds for all replicas to answer a question. */
const QUERY_TIMEOUT_MS = 3_000;

/** Asks every other replica a question of the control plane. Never rejects. */
export function askPeers(
  peers: readonly Pick<PeerDirectory, 'replica' | 'peer'>[],
  question: object,
): Promise<PeerAnswer[]> {
  const timeout = AbortSignal.timeout(QUERY_TIMEOUT_MS);
  return Promise.all(
    peers.map(async ({ replica, peer }) => ({
      replica,
      answer: await askPeer(peer, peerPaths.queries, question, timeout),
    })),
  );
}

/** Posts JSON to a peer. Resolves to its answer, or to undefined if there is none before `signal` is aborted. Never rejects. */
export async function askPeer(
  peer: PeerDirectory['peer'],
  path: string,
  body: object,
  signal: AbortSignal,
): Promise<unknown> {
  if (peer === undefined || signal.aborted) return undefined;
  try {
    const stream = peer.post(path, body);
    const abort = () => stream.destroy(new TunnelError('CLIENT_GONE'));
    signal.addEventListener('abort', abort, { once: true });
    const { status, body: answer } = await readAnswer(stream).finally(() =>
      signal.removeEventListener('abort', abort),
    );
    return status === 200 ? JSON.parse(answer.toString()) : undefined;
  } catch {
    return undefined;
  }
}
