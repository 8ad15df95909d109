export { type AddressRanges, addressRanges, isAddressRange } from './address-ranges.ts';
export type {
  AgentConfig,
  ConfigVersion,
  Connector,
  ConnectorKind,
  HostPort,
  LogLevel,
  ProbeRule,
  ProxySetting,
  TargetTls,
} from './agent-config.ts';
export { connectorKinds } from './agent-config.ts';
export type { ConfigSource, FileKind } from './config-source.ts';
export { checkConnectionTargets, type TargetCheck, type ValidFile } from './connection-targets.ts';
export { type ConfigChange, diffConfig } from './diff.ts';
export { type DatabaseAddress, type DatabaseTls, parseDatabaseUrl } from './field/database-url.ts';
export { withoutFinalDot } from './field/host.ts';
export { formatHostPort } from './field/host-port.ts';
export type { ReleaseSource } from './field/release-source.ts';
export { fieldsWithoutEffect } from './fields-without-effect.ts';
export type {
  AlertCondition,
  AlertReceiver,
  ApprovableAction,
  ApprovalAction,
  Connection,
  DatabaseStore,
  GatewayConfig,
  Pool,
} from './gateway-config.ts';
export { alertConditions, approvableActions, approvalActions } from './gateway-config.ts';
export type {
  HttpConnectIngress,
  Ingress,
  IngressKind,
  SniIngress,
  Socks5Ingress,
  TcpIngress,
} from './ingress.ts';
export { loadAgentConfig, loadGatewayConfig, readConfigText } from './load.ts';
export { keepLocalPin, LOCAL_PIN_VARIABLE } from './local-pin.ts';
export { type AgentLocation, locateAgent } from './locate-agent.ts';
export { characterWords, invisibleCharacter, type OddCharacter, oddCharacter } from './odd-character.ts';
export {
  type CheckResult,
  checkConfig,
  type ParseOptions,
  type ParseResult,
  parseAgentConfig,
  parseGatewayConfig,
} from './parse.ts';
export { type ConfigProblem, type ConfigProblemCode, configProblemCodes } from './problem.ts';
export type { Environment } from './reference/host.ts';
export { type ReadFailure, ReadFileError, readTextFile, readTextInput } from './reference/read-text-file.ts';
export {
  lateModes,
  type RestartCondition,
  type RestartPolicy,
  restartConditions,
  type UpgradeFreeze,
  type UpgradeSettings,
  type UpgradeWindow,
  type Weekday,
  weekdays,
} from './rollout-config.ts';
export { editorSchema, type SchemaFile, schemaFiles, schemaText } from './schema/editor-schema.ts';
export { type FieldRow, fieldRows } from './schema/field-rows.ts';
export { renames } from './schema/renamed-fields.ts';
export { Secret } from './secret.ts';
export { isSecretName } from './secret-name.ts';
export { showConfig, shownConfig, yamlText } from './show.ts';
export { suggest } from './suggestion.ts';
export { watchConfig } from './watch-config.ts';
export { windowWarnings } from './window-warnings.ts';
