export { type CloseCode, closeCodes, isCloseCode, type Retry } from './close-code.ts';
export {
  agentMessageDecoder,
  encodeMessage,
  gatewayMessageDecoder,
  type MessageDecoder,
} from './control-codec.ts';
export type { AgentMessage, AgentMessageOf, GatewayMessage, GatewayMessageOf } from './control-message.ts';
export { EnrollRequest, IssuedIdentity, NAME_PATTERN, RenewRequest } from './enrollment.ts';
export { limits } from './limits.ts';
export { CONNECT_PROTOCOL, openIdOfPath, paths, streamPath } from './paths.ts';
export {
  isProblemCode,
  type ProblemCode,
  type ProblemDocument,
  ProblemError,
  problemCodes,
} from './problem.ts';
export { TunnelError } from './tunnel-error.ts';
export { PROTOCOL_VERSION, SOFTWARE_VERSION } from './version.ts';
