export { connectorKinds } from './agent-config.ts';
export { alertConditions, approvalActions } from './gateway-config.ts';
