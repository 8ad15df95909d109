export type { Self } from './command/host-service.ts';
export { type ServiceCommandOptions, serviceCommand } from './command/service-command.ts';
export { readLink, readText, replaceLink, syncDirectorySync, writeDurably } from './host-files.ts';
export { hostLayout, type Layout, layoutBelow, type ProgramName } from './layout.ts';
export { canSendDatagrams } from './notify/send-datagram.ts';
export { type ServiceNotifier, serviceNotifier } from './notify/service-notifier.ts';
export { executableOf, versionAt } from './place-version.ts';
export { type RunCommand, runOnHost } from './run-command.ts';
export { Systemctl, type UnitState } from './systemd/systemctl.ts';
