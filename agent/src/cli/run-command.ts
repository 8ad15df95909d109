import { type AgentConfig, fieldsWithoutEffect } from '@penstock/config-schema';
import { eventLog, openLog } from '@penstock/observe';
import { collectWhenQuiet, sizeYoungGeneration, systemClock } from '@penstock/runtime';
import { serviceNotifier } from '@penstock/services';
import {
  exitCodes,
  exposedFileReporter,
  findStarter,
  type Io,
  runService,
  type SignalSource,
  trustHostAuthorities,
  watchStarter,
} from '@penstock/terminal';
import { dataMoved, freeCaches } from '@penstock/transport';
import { Command } from 'commander';
import { startDaemon } from '../daemon.ts';
import { boundedLog } from '../observe/bounded-log.ts';
import { agentEvents } from '../observe/event.ts';
import { acceptOrRefuse, configOption, loadPinnedConfig } from './load-config.ts';

/** `run`: runs the agent until a signal stops it. */
export function runCommand(io: Io, signals: SignalSource): Command {
  return new Command('run')
    .description('run the agent; SIGTERM drains it, SIGHUP or a change to the file reloads the configuration')
    .option(...configOption)
    .addHelpText('after', '\nExample:\n  $ penstock-agent run --config /etc/penstock/agent.yaml')
    .action(({ config }: { config: string }) => run(io, signals, config));
}

async function run(io: Io, signals: SignalSource, file: string): Promise<void> {
  const starter = findStarter(io.environment);
  const loaded = loadPinnedConfig(io, file);
  const first = acceptOrRefuse(io, loaded);
  if (first === undefined) return;
  await trustHostAuthorities(io.environment);
  const { log, flush } = openLog({
    program: 'penstock-agent',
    level: first.config.log.level,
    descriptor: 1,
    readable: io.stdout.isTTY === true,
  });
  const bounded = boundedLog(eventLog(log, agentEvents), systemClock);
  const record = bounded.log;
  const reportExposed = exposedFileReporter<AgentConfig>((detail) => record('file-exposed', { detail }));
  reportExposed(loaded);
  const ignored = fieldsWithoutEffect(first.config);
  if (ignored.length > 0) record('config-fields-ignored', { fields: ignored });
  let logOfDaemon = record;
  let { drain } = first.config;
  let stopSizing = () => {};
  const stopCollecting = collectWhenQuiet({ onQuiet: freeCaches, dataMoved });
  try {
    const reason = await runService(first.config, first.source.files, {
      file,
      load: () => reportExposed(loadPinnedConfig(io, file)),
      log: (event, fields) => logOfDaemon(event, fields),
      signals,
      observer: serviceNotifier({ environment: io.environment }),
      drainTimeout: () => drain.timeout,
      watchStarter: (onGone) => watchStarter(starter, onGone),
      start: async (config) => {
        const daemon = await startDaemon({ config, environment: io.environment, log: record });
        stopSizing = sizeYoungGeneration();
        logOfDaemon = daemon.log;
        return {
          ...daemon,
          async apply(next) {
            await trustHostAuthorities(io.environment);
            daemon.apply(next);
            drain = next.drain;
            const fields = changedForRestart(config, next);
            if (fields.length > 0) daemon.log('config-needs-restart', { fields });
            log.level = next.log.level;
          },
        };
      },
    });
    if (reason === 'restart') io.setExitCode(exitCodes.restart);
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
const fixedAtStart = ['name', 'pool', 'identity', 'dns', 'tunnel', 'local'] as const;

const changedForRestart = (before: AgentConfig, after: AgentConfig) =>
  fixedAtStart.filter((field) => fixedValue(before, field) !== fixedValue(after, field));

/** The enrollment token is read when it is needed: changing it requires no restart. */
const fixedValue = (config: AgentConfig, field: (typeof fixedAtStart)[number]) =>
  JSON.stringify(field === 'identity' ? config.identity.directory : config[field]);
