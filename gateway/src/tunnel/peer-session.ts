import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import {
  CONNECT_PROTOCOL,
  errorText,
  limits,
  openIdOfPath,
  ProblemError,
  paths,
  positionOfHeader,
  RECEIVED_HEADER,
  REUSABLE_HEADER,
  releaseFileOfPath,
  requestIdOfPath,
  resultPath,
  TunnelError,
} from '@penstock/wire';
import type { ControlPlanePort } from '../control-plane-port.ts';
import type { DataPlaneLog } from '../observe/event.ts';
import type { Admission, AdmittedConnection } from './admission.ts';
import { type Peer, renewableIdentity, requireIdentity } from './peer.ts';
import { answerJson, answerProblem, isAnswerable, readJsonBody } from './plain-request.ts';
import { serveRelease } from './serve-release.ts';
import { AgentSession } from './session.ts';
import type { SessionOptions } from './session-options.ts';

export type PeerOptions = {
  readonly controlPlane: ControlPlanePort;
  readonly admission: Admission;
  readonly session: Omit<SessionOptions, 'controlPlane'>;
  /** Milliseconds until a connection without a control stream is closed. */
  readonly authenticationTimeout: number;
  readonly log: DataPlaneLog;
};

/** Requests on a connection without a control stream. */
const MAX_UNAUTHENTICATED_REQUESTS = 8;

const RELEASE_ROUTE = `GET ${paths.releases}{id}`;
const RESULT_ROUTE = `POST ${resultPath('{id}')}`;

/** Requests of a session in progress. An agent uploads a few results at a time. */
const MAX_REQUESTS_IN_PROGRESS = 32;

/** Concurrent streams of a session: those of its connections, and those that wait for an acknowledgment or their next connection. */
const MAX_CONCURRENT_STREAMS = 2 * limits.streamsPerSession;

/** Concurrent streams of a connection without a control stream. */
export const UNAUTHENTICATED_STREAMS = 8;

/** Serves one connection on the tunnel port, which becomes an agent session or ends after its plain requests. */
export function servePeer(
  socket: TLSSocket,
  http: ServerHttp2Session,
  peer: Peer,
  address: string,
  admitted: Pick<AdmittedConnection, 'authenticate'>,
  options: PeerOptions,
): void {
  const { controlPlane } = options;
  const { identity: identities, agents } = controlPlane;
  let session: AgentSession | undefined;
  let isOver = false;
  let requests = 0;
  let inProgress = 0;
  let isDownloading = false;
  let deadline = setTimeout(() => socket.destroy(), options.authenticationTimeout);
  socket.once('close', () => clearTimeout(deadline));

  const misbehaved = (detail: string) => {
    isOver = true;
    options.log('peer-misbehaved', { address, detail });
    socket.destroy();
  };

  const openControl = (stream: ServerHttp2Stream) => {
    if (session !== undefined)
      throw new ProblemError('REQUEST_INVALID', 'This connection already has a control stream.');
    if (!isAnswerable(stream)) return;
    const identity = requireIdentity(peer, identities.isRevoked);
    const busy = options.admission.takeSession();
    if (busy !== undefined) throw new ProblemError('TOO_MANY_REQUESTS', undefined, busy);
    clearTimeout(deadline);
    http.settings({ maxConcurrentStreams: MAX_CONCURRENT_STREAMS });
    try {
      session = new AgentSession(socket, http, stream, identity, address, {
        ...options.session,
        controlPlane,
      });
    } catch (error) {
      // Ends the partly constructed session and its timers.
      socket.destroy();
      throw error;
    }
    admitted.authenticate();
  };

  const takeResult = async (stream: ServerHttp2Stream, requestId: string) => {
    const { agentId } = requireIdentity(peer, identities.isRevoked);
    const isExpected = () => agents.expects(agentId, requestId);
    // Results that are not expected are not buffered.
    if (!isExpected()) throw new ProblemError('NOT_FOUND', 'This result is not expected.');
    const claim = agents.claim(agentId, requestId);
    if (claim === undefined) {
      throw new ProblemError('TOO_MANY_REQUESTS', 'This result is being uploaded already.', {
        retryAfter: 1,
      });
    }
    try {
      const value = await readJsonBody(stream, limits.resultBodyBytes);
      if (!isExpected()) throw new ProblemError('NOT_FOUND', 'This result is no longer expected.');
      agents.answeredAtLength(agentId, requestId, value);
      answerJson(stream, 200, {});
    } finally {
      claim.release();
    }
  };

  const sendRelease = async (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, file: string) => {
    requireIdentity(peer, identities.isRevoked);
    if (isDownloading) throw new ProblemError('TOO_MANY_REQUESTS', undefined, { retryAfter: 1 });
    isDownloading = true;
    // It has shown an identity; the limit of its address still counts it.
    admitted.authenticate();
    // A download takes longer than a connection without a session may last. It ends by itself when nobody reads it.
    clearTimeout(deadline);
    try {
      await serveRelease(stream, headers, file, controlPlane.releases);
    } finally {
      isDownloading = false;
      if (session === undefined && !socket.destroyed)
        deadline = setTimeout(() => socket.destroy(), options.authenticationTimeout);
    }
  };

  const answer = async (stream: ServerHttp2Stream, route: string): Promise<void> => {
    switch (route) {
      case `POST ${paths.enroll}`:
        answerJson(stream, 200, await identities.enroll(await readJsonBody(stream), address));
        break;
      case `POST ${paths.enrollCheck}`:
        answerJson(stream, 200, await identities.checkEnrollment(await readJsonBody(stream), address));
        break;
      case `POST ${paths.renew}`: {
        const identity = renewableIdentity(peer, identities.isRevoked);
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
    const { name: agent, pool } = peer.kind === 'agent' ? peer.identity : {};
    options.log('agent-refused', { agent, pool, address, route, code: problem.code, detail });
    try {
      answerProblem(stream, problem);
      // Discards the rest of the body.
      stream.resume();
    } catch {
      // The peer has reset the request. A rejection here would be unhandled and end the process.
      stream.destroy();
    }
  };

  http.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const path = headers[':path'] ?? '';
    const isTunnel = headers[':method'] === 'CONNECT' && headers[':protocol'] === CONNECT_PROTOCOL;
    const openId = isTunnel ? openIdOfPath(path) : undefined;
    stream.on('error', () => {});
    // The socket is destroyed, but node:http2 still delivers the frames that were read with the one at fault.
    if (isOver) {
      stream.destroy();
      return;
    }
    if (openId !== undefined) {
      if (session === undefined) misbehaved('The peer opened a data stream without a control stream.');
      else
        session.arrive(
          openId,
          stream,
          positionOfHeader(headers[RECEIVED_HEADER]),
          headers[REUSABLE_HEADER] !== undefined,
        );
      return;
    }
    requests += 1;
    inProgress += 1;
    stream.once('close', () => {
      inProgress -= 1;
    });
    if (requests > MAX_UNAUTHENTICATED_REQUESTS && session === undefined) {
      misbehaved('The peer made too many requests without a control stream.');
      return;
    }
    if (inProgress > MAX_REQUESTS_IN_PROGRESS) {
      misbehaved('The peer has too many requests in progress.');
      return;
    }
    if (headers[':method'] === 'CONNECT' && !isTunnel) {
      stream.destroy(new TunnelError('PROTOCOL_ERROR'));
      return;
    }
    const requestId = headers[':method'] === 'POST' ? requestIdOfPath(path) : undefined;
    const release = headers[':method'] === 'GET' ? releaseFileOfPath(path) : undefined;
    if (release !== undefined) {
      sendRelease(stream, headers, release).catch((error: unknown) => refuse(stream, RELEASE_ROUTE, error));
      return;
    }
    const route = requestId === undefined ? `${headers[':method']} ${path.slice(0, 64)}` : RESULT_ROUTE;
    const answered = requestId === undefined ? answer(stream, route) : takeResult(stream, requestId);
    answered.catch((error: unknown) => refuse(stream, route, error));
  });
}
