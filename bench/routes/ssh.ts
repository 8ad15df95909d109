import { execFile } from 'node:child_process';
import { chown, copyFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unusedPort } from '../../test/rig/unused-port.ts';
import { startProgram } from '../process/child.ts';
import { pause } from '../process/deadline.ts';
import { accepts } from './accepts.ts';
import { SSH_CIPHER } from './cipher.ts';
import { processOf, versionOf } from './program.ts';
import type { Route } from './route.ts';

const run = promisify(execFile);
const SSHD = '/usr/sbin/sshd';

/** Milliseconds after which an ssh that has exited is started again. */
const RESTART_DELAY = 100;

/** `ssh -R` from the agent's side to our own sshd: one TCP connection with a channel for each client. */
export const ssh: Route = {
  name: 'ssh',
  async describe() {
    // sshd prints its version together with the error message for an unknown flag.
    const server = await versionOf(SSHD, '-V');
    const client = await versionOf('ssh', '-V');
    const version = /OpenSSH_[^\s,]+/.exec(client ?? '')?.[0];
    return server === undefined ? undefined : version && `${version}, ssh -R, ${SSH_CIPHER}`;
  },
  async start(target, places, scratch) {
    const user = unprivileged();
    for (const name of ['host', 'user']) {
      await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(scratch, name)]);
    }
    await copyFile(join(scratch, 'user.pub'), join(scratch, 'authorized_keys'));
    const control = { host: places.gateway.host, port: await unusedPort() };
    const address = { host: places.gateway.host, port: await unusedPort() };
    const { host, port } = control;
    await writeFile(
      join(scratch, 'known_hosts'),
      `[${host}]:${port} ${await publicKey(join(scratch, 'host'))}`,
    );
    await writeFile(join(scratch, 'sshd_config'), serverSettings(scratch, host, port));
    await own(scratch, user);
    const identity = user === undefined ? {} : { uid: user.uid, gid: user.gid };
    const server = await startProgram(
      SSHD,
      ['-D', '-e', '-f', join(scratch, 'sshd_config')],
      places.gateway,
      identity,
    );
    await accepts(control, places.gateway, server);
    const through = (await places.throughLink?.(control)) ?? control;
    const startClient = () =>
      startProgram(
        'ssh',
        [
          // The key is known under the address of the server itself.
          ...[...clientSettings(scratch), `HostKeyAlias=[${host}]:${port}`].flatMap((setting) => [
            '-o',
            setting,
          ]),
          ...['-F', 'none', '-N', '-p', String(through.port)],
          ...['-R', `${address.host}:${address.port}:${target.host}:${target.port}`],
          `${user?.name ?? userInfo().username}@${through.host}`,
        ],
        places.agent,
        identity,
      );
    let client = await startClient();
    await accepts(address, places.gateway, client);
    // ssh exits when its connection is lost, and needs somebody who starts it again, such as autossh or systemd.
    let isStopping = false;
    const startAgain = async (): Promise<void> => {
      await pause(RESTART_DELAY);
      if (isStopping) return;
      client = await startClient();
      client.process.once('exit', () => void startAgain());
    };
    if (places.throughLink !== undefined) client.process.once('exit', () => void startAgain());
    return {
      name: 'ssh',
      address,
      processes: [processOf('gateway', server), processOf('agent', client)],
      async stop() {
        isStopping = true;
        await client.stop();
        await server.stop();
      },
    };
  },
};

type User = { readonly name: string; readonly uid: number; readonly gid: number };

/** As root, sshd requires a system user and directories, so both ends then run as nobody. */
function unprivileged(): User | undefined {
  return process.getuid?.() === 0 ? { name: 'nobody', uid: 65_534, gid: 65_534 } : undefined;
}

async function own(scratch: string, user: User | undefined): Promise<void> {
  if (user === undefined) return;
  for (const name of ['', 'host', 'user', 'authorized_keys', 'known_hosts', 'sshd_config']) {
    await chown(join(scratch, name), user.uid, user.gid);
  }
}

async function publicKey(file: string): Promise<string> {
  return (await run('ssh-keygen', ['-y', '-f', file])).stdout;
}

function serverSettings(scratch: string, host: string, port: number): string {
  return [
    `ListenAddress ${host}`,
    `Port ${port}`,
    `HostKey ${join(scratch, 'host')}`,
    `AuthorizedKeysFile ${join(scratch, 'authorized_keys')}`,
    `Ciphers ${SSH_CIPHER}`,
    'PidFile none',
    'StrictModes no',
    // Without this, sshd checks whether the account is locked, and an unprivileged sshd always finds it locked.
    'UsePAM yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'AllowTcpForwarding remote',
    'GatewayPorts clientspecified',
    'MaxSessions 4',
    '',
  ].join('\n');
}

function clientSettings(scratch: string): string[] {
  return [
    `IdentityFile=${join(scratch, 'user')}`,
    `UserKnownHostsFile=${join(scratch, 'known_hosts')}`,
    'IdentitiesOnly=yes',
    'StrictHostKeyChecking=yes',
    `Ciphers=${SSH_CIPHER}`,
    'Compression=no',
    'ExitOnForwardFailure=yes',
    'BatchMode=yes',
  ];
}
