export { connectorKinds } from './agent-config.ts';
export { alertConditions, approvableActions } from './gateway-config.ts';
