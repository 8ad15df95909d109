export type { Self } from './command/host-service.ts';
export { type ServiceCommandOptions, serviceCommand } from './command/service-command.ts';
export {
  pauseSync,
  readLink,
  readText,
  renameInPlace,
  renameWithoutBlocking,
  replaceLink,
  syncDirectorySync,
  writeDurably,
} from './host-files.ts';
export {
  executableOf,
  hostLayout,
  type Layout,
  layoutBelow,
  layoutOf,
  type ProgramName,
  windowsLayout,
} from './layout.ts';
export { canSendDatagrams } from './notify/send-datagram.ts';
export { type ServiceNotifier, serviceNotifier } from './notify/service-notifier.ts';
export { pointTo, removeReplaced, versionAt } from './pointer.ts';
export { type RunCommand, runOnHost } from './run-command.ts';
export { type ProgramService, programUnit } from './systemd/program-unit.ts';
export { Systemctl, type UnitState } from './systemd/systemctl.ts';
export { type WindowsCommandLine, windowsCommandLine } from './windows/command-line.ts';
export { type ServiceState, WindowsServices } from './windows/service-manager.ts';
