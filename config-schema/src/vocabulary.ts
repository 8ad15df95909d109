export { connectorKinds } from './agent-config.ts';
export { alertConditions, approvableActions, approvalActions } from './gateway-config.ts';
