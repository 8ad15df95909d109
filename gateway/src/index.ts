export { type InitResult, initialize } from './cli/init.ts';
export { gatewayProgram } from './cli/program.ts';
export { gatewayEvents } from './composition/event-catalogue.ts';
export { type Gateway, type GatewayOptions, startGateway } from './gateway.ts';
export { createGatewayMetrics } from './observe/metrics.ts';
export { Registry } from './tunnel/registry.ts';
export type { RegisteredSession } from './tunnel/session-registry.ts';
