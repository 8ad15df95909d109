import { CommandError, type Io, trustHostAuthorities } from '@penstock/terminal';
import { Command } from 'commander';
import { gatewayFacts } from '../diagnostics/gateway-facts.ts';
import { readIdentity } from '../identity/read-identity.ts';
import { plainRequest } from '../tunnel/plain-request.ts';
import { configOption, loadConfig } from './load-config.ts';

/**
 * `reach-gateway`: whether this version reaches the gateway under the identity of the agent of this host, next to the one that
 * runs. The updater asks the previous version before it blames a new one. Hidden: people have `doctor`.
 */
export function reachGatewayCommand(io: Io): Command {
  return new Command('reach-gateway')
    .description('exit with 0 if the gateway answers this host, with 1 otherwise; changes nothing')
    .option(...configOption)
    .addHelpText('after', '\nExample:\n  $ penstock-agent reach-gateway --config /etc/penstock/agent.yaml')
    .action(async ({ config: file }: { config: string }) => {
      const loaded = loadConfig(io, file);
      if (loaded === undefined) return;
      await trustHostAuthorities(io.environment);
      const { gateway, identity } = loaded.config;
      const current = readIdentity(identity.directory);
      if (current === undefined) throw new CommandError('This host has no identity.');
      const signal = new AbortController().signal;
      const credentials = { key: current.key.reveal(), certificate: current.certificate };
      await gatewayFacts((request) =>
        plainRequest(gateway, { environment: io.environment, signal, identity: credentials }, request),
      );
    });
}
