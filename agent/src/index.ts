export { agentProgram } from './cli/program.ts';
export { type Daemon, type DaemonOptions, startDaemon } from './daemon.ts';
export { agentEvents } from './observe/event.ts';
export { createAgentMetrics } from './observe/metrics.ts';
export type { Lookup } from './target/lookup.ts';
export { gatewayErrorCodes } from './tunnel/gateway-error.ts';
