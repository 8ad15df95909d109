export { AgentFacts } from './agent-facts.ts';
export {
  type AgentAction,
  type AgentAnswer,
  type AgentArguments,
  agentActions,
  agentRequests,
  ProbeResult,
  ProbeStage,
} from './agent-request.ts';
export { type AgentRequest, readAgentAnswer, readAgentRequest } from './agent-request-codec.ts';
export { releaseChunk } from './chunk-pool.ts';
export { type Clock, systemClock } from './clock.ts';
export { type CloseCode, closeCodes, isCloseCode, type Retry } from './close-code.ts';
export {
  agentMessageDecoder,
  encodeMessage,
  gatewayMessageDecoder,
  type MessageDecoder,
} from './control-codec.ts';
export {
  type AgentMessage,
  type AgentMessageOf,
  agentMessages,
  type GatewayMessage,
  type GatewayMessageOf,
  gatewayMessages,
} from './control-message.ts';
export { EnrollRequest, IssuedIdentity, NAME_PATTERN, RenewRequest } from './enrollment.ts';
export { type KeepaliveOptions, type KeepalivePort, keepAlive } from './keepalive.ts';
export { limits } from './limits.ts';
export { isHttp2Stream, type NearEnd } from './near-end.ts';
export { bindError, errorCode, errorText, fromDialError } from './node-error.ts';
export {
  CONNECT_PROTOCOL,
  openIdOfPath,
  paths,
  requestIdOfPath,
  resultPath,
  streamPath,
} from './paths.ts';
export { pause } from './pause.ts';
export {
  isProblemCode,
  type ProblemCode,
  type ProblemDocument,
  ProblemError,
  problemCodes,
} from './problem.ts';
export { type Reach, reach, rungs } from './reach.ts';
export { reachOfCode } from './reach-of-code.ts';
export {
  CONNECTION_WINDOW,
  INITIAL_STREAM_WINDOW,
  WindowBudget,
  type WindowShare,
} from './receive-window.ts';
export {
  isRequestErrorCode,
  RequestError,
  type RequestErrorCode,
  requestErrorCodes,
} from './request-error.ts';
export { resetSocket } from './reset-socket.ts';
export { SessionKeepalive, type SessionKeepaliveOptions } from './session-keepalive.ts';
export { SocketReader } from './socket-reader.ts';
export { type Splice, type SpliceEnd, type SpliceOptions, splice } from './splice.ts';
export { TlsTransport } from './tls-transport.ts';
export { TunnelError } from './tunnel-error.ts';
export { PROTOCOL_VERSION, SOFTWARE_VERSION } from './version.ts';
