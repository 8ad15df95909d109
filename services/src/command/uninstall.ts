import { uninstallSteps } from '../systemd/install.ts';
import { updatedAgentUninstallSteps } from '../windows/updater-service.ts';
import { windowsUninstallSteps } from '../windows/windows-service.ts';
import { checkedName, systemdOf, windowsHost } from './host-service.ts';
import { type HostService, installedAgents } from './install.ts';
import { runSteps } from './run-steps.ts';

/** `service uninstall`. */
export function uninstallService(
  host: HostService,
  choices: { readonly name: string; readonly dryRun?: boolean },
): void {
  const { program, self, io } = host;
  const name = checkedName(choices.name, program);
  const options = { io, dryRun: choices.dryRun === true, nothing: `${name} is not installed.` };
  if (self.platform === 'win32') {
    const steps = program === 'penstock-agent' ? updatedAgentUninstallSteps : windowsUninstallSteps;
    runSteps(steps(name, windowsHost(host)), options);
    return;
  }
  const systemd = systemdOf(host, choices.dryRun);
  const others = installedAgents(systemd.layout).filter((other) => other !== name);
  runSteps(
    uninstallSteps({ name, ...systemd, withUpdater: program === 'penstock-agent' && others.length === 0 }),
    options,
  );
}
