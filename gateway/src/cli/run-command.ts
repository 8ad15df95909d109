import { fieldsWithoutEffect, type GatewayConfig, loadGatewayConfig } from '@penstock/config-schema';
import { eventLog, openLog } from '@penstock/observe';
import { collectWhenQuiet, sizeYoungGeneration, systemClock } from '@penstock/runtime';
import { serviceNotifier } from '@penstock/services';
import {
  exemptFromProxy,
  exitCodes,
  exposedFileReporter,
  extendAddressAttempts,
  findStarter,
  type Io,
  renderProblems,
  runService,
  type SignalSource,
  styleFor,
  trustHostAuthorities,
  watchStarter,
} from '@penstock/terminal';
import { dataMoved, freeCaches } from '@penstock/transport';
import { Command } from 'commander';
import { boundedLog } from '../composition/bounded-log.ts';
import { gatewayEvents } from '../composition/event-catalogue.ts';
import { startGateway } from '../gateway.ts';

/** `run`: runs the gateway until a signal stops it. */
export function runCommand(io: Io, signals: SignalSource): Command {
  return new Command('run')
    .description(
      'run the gateway; SIGTERM drains it, SIGHUP or a change to the file reloads the configuration',
    )
    .option('-c, --config <file>', 'configuration file', './gateway.yaml')
    .addHelpText('after', '\nExample:\n  $ penstock-gateway run --config /etc/penstock/gateway.yaml')
    .action(({ config }: { config: string }) => run(io, signals, config));
}

async function run(io: Io, signals: SignalSource, file: string): Promise<void> {
  const starter = findStarter(io.environment);
  const first = loadGatewayConfig(file, io.environment);
  if (!first.ok) {
    io.stderr.write(renderProblems(first.problems, 'text', styleFor(io.stderr, io.environment)));
    io.setExitCode(exitCodes.failed);
    return;
  }
  extendAddressAttempts();
  exemptFromProxy(io.environment);
  await trustHostAuthorities(io.environment);
  const { log, flush } = openLog({
    program: 'penstock-gateway',
    level: first.config.log.level,
    descriptor: 1,
    readable: io.stdout.isTTY === true,
  });
  const bounded = boundedLog(eventLog(log, gatewayEvents), systemClock);
  const record = bounded.log;
  const reportExposed = exposedFileReporter<GatewayConfig>((detail) => record('file-exposed', { detail }));
  reportExposed(first);
  const ignored = fieldsWithoutEffect(first.config);
  if (ignored.length > 0) record('config-fields-ignored', { fields: ignored });
  let { drain } = first.config;
  let stopSizing = () => {};
  const stopCollecting = collectWhenQuiet({ onQuiet: freeCaches, dataMoved });
  try {
    await runService(first.config, first.source.files, {
      file,
      load: () => reportExposed(loadGatewayConfig(file, io.environment)),
      log: record,
      signals,
      observer: serviceNotifier({ environment: io.environment }),
      drainTimeout: () => Math.max(drain.settle, drain.settle > 0 ? drain.spread : 0) + drain.timeout,
      watchStarter: (onGone) => watchStarter(starter, onGone),
      start: async (config) => {
        const gateway = await startGateway({ config, log: record, compileSchemas: true });
        stopSizing = sizeYoungGeneration();
        return {
          ...gateway,
          failed: Promise.withResolvers<Error>().promise,
          async apply(next) {
            await trustHostAuthorities(io.environment);
            await gateway.apply(next);
            drain = next.drain;
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
    stopCollecting();
    stopSizing();
    bounded.flush();
    await flush();
    // Everything is closed. A pending write that never completes, to a full disk for example, must not block the exit.
    setTimeout(() => process.exit(), EXIT_TIMEOUT_MS).unref();
  }
}

/** Time for the process to exit on its own. */
const EXIT_TIMEOUT_MS = 1_000;

/** Fields that take effect only after a restart. */
const fixedAtStart = [
  'organization',
  'listen',
  'dataDirectory',
  'store',
  'agentCa',
  'cluster',
  'tunnel',
] as const;
