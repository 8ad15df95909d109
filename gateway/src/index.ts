export { apiDocument } from './api/api-document.ts';
export { type InitResult, initialize } from './cli/init.ts';
export { gatewayProgram } from './cli/program.ts';
export { conditions as agentConditions } from './fleet/agent-state.ts';
export { type Gateway, type GatewayOptions, startGateway } from './gateway.ts';
export { events as gatewayEvents } from './observe/event.ts';
export { createGatewayMetrics } from './observe/metrics.ts';
