export type {
  AgentConfig,
  ConfigVersion,
  Connector,
  ConnectorKind,
  HostPort,
  LogLevel,
  ProbeRule,
  ProxySetting,
} from './agent-config.ts';
export type { Connection, GatewayConfig, Pool, TcpIngress } from './gateway-config.ts';
export { Secret } from './secret.ts';
