import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programUnit } from '@penstock/services';
import { folderOf, type Program } from './bundle.ts';

/** The example configuration for a host whose service comes from a package. */
export async function exampleFile(root: string, program: Program): Promise<string> {
  const text = await readFile(join(root, 'examples/production', `${folderOf(program)}.yaml`), 'utf8');
  return (
    text
      .split('\n')
      .filter((line) => !line.startsWith('# yaml-language-server'))
      .join('\n')
      .replace(/^#\n/, '')
      .replace('/run/secrets/enrollment-token', '/run/credentials/penstock-agent.service/enrollment-token')
      // Below the state directory of the service, which belongs to systemd.
      .replace('directory: /var/lib/penstock-agent', 'directory: /var/lib/penstock-agent/identity')
      .replace('dataDirectory: /var/lib/penstock-gateway', 'dataDirectory: /var/lib/penstock-gateway/data')
  );
}

/** Of the oldest systemd that packages are for: Debian 12, Red Hat Enterprise Linux 9. */
const OLDEST_SYSTEMD = 252;

/**
 * The systemd unit in a package: the one that `service install` writes, without the updater, because the package manager
 * upgrades what it has installed.
 */
export function unitFile(program: Program): string {
  const unit = programUnit({
    program,
    name: program,
    config: `/etc/penstock/${folderOf(program)}.yaml`,
    command: [`/opt/penstock/current/${program}`],
    environment: {},
    // Whether the program can do it itself is known only on the host.
    notifiesItself: false,
    systemdVersion: OLDEST_SYSTEMD,
    hasUpdater: false,
  });
  return unit.replace(
    /^#.*/,
    `# Of the package ${program}. Change it with a drop-in: systemctl edit ${program}`,
  );
}
