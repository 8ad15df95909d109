import { fieldsWithoutEffect, loadGatewayConfig } from '@penstock/config-schema';
import { eventLog, openLog } from '@penstock/observe';
import {
  exitCodes,
  type Io,
  renderProblems,
  runService,
  type SignalSource,
  styleFor,
} from '@penstock/terminal';
import { Command } from 'commander';
import { gatewayEvents } from '../composition/event-catalogue.ts';
import { startGateway } from '../gateway.ts';

/** `run`: the gateway itself, until a signal ends it. */
export function runCommand(io: Io, signals: SignalSource): Command {
  return new Command('run')
    .description('run the gateway; SIGTERM drains it, SIGHUP or a change of the file reloads')
    .option('-c, --config <file>', 'the configuration file', './gateway.yaml')
    .addHelpText('after', '\nExample:\n  $ penstock-gateway run --config /etc/penstock/gateway.yaml')
    .action(({ config }: { config: string }) => run(io, signals, config));
}

async function run(io: Io, signals: SignalSource, file: string): Promise<void> {
  const load = () => loadGatewayConfig(file, io.environment);
  const first = load();
  if (!first.ok) {
    io.stderr.write(renderProblems(first.problems, 'text', styleFor(io.stderr, io.environment)));
    io.setExitCode(exitCodes.failed);
    return;
  }
  const { log, flush } = openLog({
    program: 'penstock-gateway',
    level: first.config.log.level,
    descriptor: 1,
    readable: io.stdout.isTTY === true,
  });
  const record = eventLog(log, gatewayEvents);
  const idle = fieldsWithoutEffect(first.config);
  if (idle.length > 0) record('config-fields-ignored', { fields: idle });
  try {
    await runService(first.config, first.source.files, {
      file,
      load,
      log: record,
      signals,
      start: async (config) => {
        const gateway = await startGateway({ config, log: record });
        return {
          ...gateway,
          failed: Promise.withResolvers<Error>().promise,
          async apply(next) {
            await gateway.apply(next);
            const fields: string[] = fixedAtStart.filter(
              (field) => JSON.stringify(config[field]) !== JSON.stringify(next[field]),
            );
            if ((config.adminTls === undefined) !== (next.adminTls === undefined)) fields.push('adminTls');
            if (fields.length > 0) record('config-needs-restart', { fields });
            log.level = next.log.level;
          },
        };
      },
    });
  } finally {
    await flush();
    // All is closed; a write that never ends, to a full disk say, must not keep the process from ending.
    setTimeout(() => process.exit(), NATURAL_END).unref();
  }
}

/** Milliseconds for the process to end by itself. */
const NATURAL_END = 1_000;

/** Fields that a reload does not put in force. */
const fixedAtStart = ['organization', 'listen', 'dataDirectory', 'tunnel'] as const;
