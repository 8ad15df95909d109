import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import {
  CONNECT_PROTOCOL,
  errorText,
  limits,
  openIdOfPath,
  ProblemError,
  paths,
  requestIdOfPath,
  resultPath,
  TunnelError,
} from '@penstock/wire';
import type { ControlPlanePort } from '../control-plane-port.ts';
import type { DataPlaneLog } from '../observe/event.ts';
import type { Admission, AdmittedConnection } from './admission.ts';
import { type Peer, requireIdentity } from './peer.ts';
import { answerJson, answerProblem, isAnswerable, readJsonBody } from './plain-request.ts';
import { AgentSession } from './session.ts';
import type { SessionOptions } from './session-options.ts';

export type PeerOptions = {
  readonly controlPlane: ControlPlanePort;
  readonly admission: Admission;
  readonly session: Omit<SessionOptions, 'controlPlane'>;
  /** Milliseconds a peer has for its control stream, or for the plain requests it came for. */
  readonly authenticationTimeout: number;
  readonly log: DataPlaneLog;
};

/** Requests of any kind a peer may make before it has a control stream. */
const MOST_REQUESTS = 8;

const RESULT_ROUTE = `POST ${resultPath('{id}')}`;

/** Requests of a session that are not over at one time. An agent brings few answers at once, and asks nothing here. */
const MOST_AT_ONCE = 32;

/** Streams a peer may open at once before it has a control stream. */
export const UNAUTHENTICATED_STREAMS = 8;

/** Routes the requests of one connection on the tunnel port. It becomes an agent session, or ends soon. */
export function servePeer(
  socket: TLSSocket,
  http: ServerHttp2Session,
  peer: Peer,
  admitted: Pick<AdmittedConnection, 'authenticate'>,
  options: PeerOptions,
): void {
  const address = socket.remoteAddress ?? '';
  const { controlPlane } = options;
  const { identity: identities, agents } = controlPlane;
  let session: AgentSession | undefined;
  let requests = 0;
  let underWay = 0;
  const deadline = setTimeout(() => socket.destroy(), options.authenticationTimeout);
  socket.once('close', () => clearTimeout(deadline));

  const misbehaved = (detail: string) => {
    options.log('peer-misbehaved', { address, detail });
    socket.destroy();
  };

  const openControl = (stream: ServerHttp2Stream) => {
    if (session !== undefined)
      throw new ProblemError('REQUEST_INVALID', 'This session already has its control stream.');
    if (!isAnswerable(stream)) return;
    const identity = requireIdentity(peer, identities.isRevoked);
    const busy = options.admission.takeSession();
    if (busy !== undefined) throw new ProblemError('TOO_MANY_REQUESTS', undefined, busy);
    clearTimeout(deadline);
    http.settings({ maxConcurrentStreams: limits.streamsPerSession + 1 });
    try {
      session = new AgentSession(socket, http, stream, identity, { ...options.session, controlPlane });
    } catch (error) {
      // What was made of the session ends with its socket, and so do its timers.
      socket.destroy();
      throw error;
    }
    admitted.authenticate();
  };

  const takeResult = async (stream: ServerHttp2Stream, requestId: string) => {
    const { agentId } = requireIdentity(peer, identities.isRevoked);
    const isExpected = () => agents.expects(agentId, requestId);
    // Not a byte is kept for an answer that nobody waits for, or no longer does.
    if (!isExpected()) throw new ProblemError('NOT_FOUND', 'Nobody waits for this answer.');
    const claim = agents.claim(agentId, requestId);
    if (claim === undefined) {
      throw new ProblemError('TOO_MANY_REQUESTS', 'This answer is on its way already.', { retryAfter: 1 });
    }
    try {
      const value = await readJsonBody(stream, limits.resultBodyBytes);
      if (!isExpected()) throw new ProblemError('NOT_FOUND', 'Nobody waits for this answer any more.');
      agents.answeredAtLength(agentId, requestId, value);
      answerJson(stream, 200, {});
    } finally {
      claim.release();
    }
  };

  const answer = async (stream: ServerHttp2Stream, route: string): Promise<void> => {
    switch (route) {
      case `POST ${paths.enroll}`:
        answerJson(stream, 200, await identities.enroll(await readJsonBody(stream), address));
        break;
      case `POST ${paths.renew}`: {
        const identity = requireIdentity(peer, identities.isRevoked);
        answerJson(stream, 200, await identities.renew(identity, await readJsonBody(stream)));
        break;
      }
      case `GET ${paths.agent}`: {
        const identity = requireIdentity(peer, identities.isRevoked);
        answerJson(stream, 200, await agents.describe(identity));
        break;
      }
      case `GET ${paths.health}`:
        answerJson(stream, 200, { status: 'alive' });
        break;
      case `CONNECT ${paths.control}`:
        openControl(stream);
        break;
      default:
        throw new ProblemError('NOT_FOUND', `${route} is not a route of the tunnel port.`);
    }
  };

  const refuse = (stream: ServerHttp2Stream, route: string, error: unknown) => {
    const problem =
      error instanceof ProblemError ? error : new ProblemError('INTERNAL', undefined, { cause: error });
    const detail = error instanceof ProblemError ? error.message : errorText(error);
    options.log('agent-refused', { address, route, code: problem.code, detail });
    try {
      answerProblem(stream, problem);
      // What is left of a body is not wanted, and nobody reads it.
      stream.resume();
    } catch {
      // Nobody catches what a refusal throws: it would end the gateway, for a peer that is gone anyhow.
      stream.destroy();
    }
  };

  http.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const path = headers[':path'] ?? '';
    const isTunnel = headers[':method'] === 'CONNECT' && headers[':protocol'] === CONNECT_PROTOCOL;
    const openId = isTunnel ? openIdOfPath(path) : undefined;
    stream.on('error', () => {});
    if (openId !== undefined) {
      if (session === undefined) misbehaved('It opened a data stream without a control stream.');
      else session.arrive(openId, stream);
      return;
    }
    requests += 1;
    underWay += 1;
    stream.once('close', () => {
      underWay -= 1;
    });
    if (requests > MOST_REQUESTS && session === undefined) {
      misbehaved('It made too many requests without a control stream.');
      return;
    }
    if (underWay > MOST_AT_ONCE) {
      misbehaved('It made too many requests at once.');
      return;
    }
    if (headers[':method'] === 'CONNECT' && !isTunnel) {
      stream.destroy(new TunnelError('PROTOCOL_ERROR'));
      return;
    }
    const requestId = headers[':method'] === 'POST' ? requestIdOfPath(path) : undefined;
    const route = requestId === undefined ? `${headers[':method']} ${path.slice(0, 64)}` : RESULT_ROUTE;
    const answered = requestId === undefined ? answer(stream, route) : takeResult(stream, requestId);
    answered.catch((error: unknown) => refuse(stream, route, error));
  });
}
