import type { ClientHttp2Stream } from 'node:http2';
import { type PeerSession, peerLimits, peerPaths } from '@penstock/cluster';
import { type AgentMessageOf, type GatewayMessageOf, TunnelError } from '@penstock/wire';

export type RequestResult = Omit<AgentMessageOf<'result'>, 'type' | 'id'>;

/**
 * Has another replica make a request to the agent of one of its sessions. Resolves to undefined when the replica does not
 * answer: then the session has ended, or the request has timed out here. Never rejects.
 */
export async function forwardRequest(
  peer: Pick<PeerSession, 'post'>,
  sessionId: string,
  message: GatewayMessageOf<'request'>,
  onStream: (stream: ClientHttp2Stream) => void,
): Promise<RequestResult | undefined> {
  try {
    const stream = peer.post(peerPaths.requests + sessionId, message);
    onStream(stream);
    const { status, body } = await readAnswer(stream);
    return status === 200 ? (JSON.parse(body.toString()) as RequestResult) : undefined;
  } catch {
    return undefined;
  }
}

/** Reads an answer of bounded length. Rejects when the stream ends early. */
export async function readAnswer(
  stream: ClientHttp2Stream,
): Promise<{ readonly status: number; readonly body: Buffer }> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const chunks: Buffer[] = [];
  let length = 0;
  let status = 0;
  stream.once('response', (headers) => {
    status = Number(headers[':status']);
  });
  stream.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= peerLimits.bodyBytes) chunks.push(chunk);
    else stream.destroy(new TunnelError('LIMIT_EXCEEDED'));
  });
  const cut = () => reject(new TunnelError('SESSION_LOST'));
  stream.once('end', () => (stream.rstCode === 0 && !stream.destroyed ? resolve() : cut()));
  stream.once('close', cut).once('error', cut);
  await promise;
  return { status, body: Buffer.concat(chunks) };
}
