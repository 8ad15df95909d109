export { AgentFacts } from './agent-facts.ts';
export { type AgentIdentity, agentUri, readAgentIdentity } from './agent-identity.ts';
export type { AgentRequestDescriptor, AnswerOf, ArgumentsOf } from './agent-request-descriptor.ts';
export {
  type AgentAction,
  type AgentAnswer,
  type AgentArguments,
  type AgentRequest,
  agentRequests,
  checkRequest,
  effectiveConfigRequest,
  logsRequest,
  probeRequest,
  restartRequest,
} from './agent-requests.ts';
export { certificatePin, publicKeyHash } from './certificate-pin.ts';
export { type CloseCode, closeCodes, isCloseCode, type Retry } from './close-code.ts';
export {
  type AgentMessage,
  type AgentMessageOf,
  agentMessages,
  type GatewayMessage,
  type GatewayMessageOf,
  gatewayMessages,
  type Unsent,
  type UpgradeMessage,
} from './control-message.ts';
export { type DenialReason, denialReasons } from './denial-reason.ts';
export {
  EnrollCheck,
  EnrollRequest,
  IssuedIdentity,
  NAME_PATTERN,
  RenewRequest,
  TokenFacts,
} from './enrollment.ts';
export { errorCode, errorText, errorTextAt } from './error-text.ts';
export {
  GRANT_LABEL_LENGTH,
  type GrantSecret,
  generateGrantSecret,
  hashOfGrant,
  isGrant,
} from './grant-secret.ts';
export { limits } from './limits.ts';
export { bindError, fromDialError } from './node-error.ts';
export {
  CONNECT_PROTOCOL,
  offsetOfRange,
  openIdOfPath,
  paths,
  positionOfHeader,
  RECEIVED_HEADER,
  REUSABLE_HEADER,
  rangeFrom,
  releaseFileOfPath,
  releasePath,
  requestIdOfPath,
  resultPath,
  streamPath,
} from './paths.ts';
export { ProbeResult, ProbeStage } from './probe-result.ts';
export { isProblemCode, type ProblemCode, ProblemError, problemCodes, readProblem } from './problem.ts';
export { ProblemDocument, problemDocument } from './problem-document.ts';
export { type Reach, reach, reachStages } from './reach.ts';
export { reachOfCode } from './reach-of-code.ts';
export {
  isRequestErrorCode,
  RequestError,
  type RequestErrorCode,
  requestErrorCodes,
} from './request-error.ts';
export { type SkipReason, skipReasons } from './skip-reason.ts';
export { TunnelError } from './tunnel-error.ts';
export {
  isUpgradeState,
  type UpgraderAbsence,
  type UpgradeState,
  UpgradeStatus,
  upgraderAbsences,
  upgradeStates,
  VERSION_PATTERN,
} from './upgrade.ts';
export { isUpgradeCode, isVersionFailure, type UpgradeCode, upgradeCodes } from './upgrade-code.ts';
export { PROTOCOL_VERSION, SOFTWARE_VERSION } from './version.ts';
