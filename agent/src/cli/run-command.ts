import { type AgentConfig, fieldsWithoutEffect } from '@penstock/config-schema';
import { eventLog, openLog } from '@penstock/observe';
import { exitCodes, type Io, runService, type SignalSource } from '@penstock/terminal';
import { Command } from 'commander';
import { startDaemon } from '../daemon.ts';
import { events } from '../observe/event.ts';
import { acceptOrRefuse, configOption, loadPinnedConfig } from './load-config.ts';

/** `run`: the agent itself, until a signal ends it. */
export function runCommand(io: Io, signals: SignalSource): Command {
  return new Command('run')
    .description('run the agent; SIGTERM drains it, SIGHUP or a change of the file reloads the configuration')
    .option(...configOption)
    .addHelpText('after', '\nExample:\n  $ penstock-agent run --config /etc/penstock/agent.yaml')
    .action(({ config }: { config: string }) => run(io, signals, config));
}

async function run(io: Io, signals: SignalSource, file: string): Promise<void> {
  const first = acceptOrRefuse(io, loadPinnedConfig(io, file));
  if (first === undefined) return;
  const { log, flush } = openLog({
    program: 'penstock-agent',
    level: first.config.log.level,
    descriptor: 1,
    readable: io.stdout.isTTY === true,
  });
  const record = eventLog(log, events);
  const idle = fieldsWithoutEffect(first.config);
  if (idle.length > 0) record('config-fields-ignored', { fields: idle });
  let logOfDaemon = record;
  try {
    const reason = await runService(first.config, first.source.files, {
      file,
      load: () => loadPinnedConfig(io, file),
      log: (event, fields) => logOfDaemon(event, fields),
      signals,
      start: async (config) => {
        const daemon = await startDaemon({ config, environment: io.environment, log: record });
        logOfDaemon = daemon.log;
        return {
          ...daemon,
          apply(next) {
            daemon.apply(next);
            const fields = changedForRestart(config, next);
            if (fields.length > 0) daemon.log('config-needs-restart', { fields });
            log.level = next.log.level;
          },
        };
      },
    });
    if (reason === 'restart') io.setExitCode(exitCodes.restart);
  } finally {
    await flush();
    // All is closed; a write that never ends, to a full disk say, must not keep the process from ending.
    setTimeout(() => process.exit(), NATURAL_END).unref();
  }
}

/** Milliseconds for the process to end by itself. */
const NATURAL_END = 1_000;

/** Fields that a reload does not put in force. */
const fixedAtStart = ['name', 'pool', 'identity', 'dns', 'tunnel', 'local'] as const;

const changedForRestart = (before: AgentConfig, after: AgentConfig) =>
  fixedAtStart.filter((field) => fixedValue(before, field) !== fixedValue(after, field));

/** The enrollment token is asked for when it is needed: one that comes or goes takes no new start. */
const fixedValue = (config: AgentConfig, field: (typeof fixedAtStart)[number]) =>
  JSON.stringify(field === 'identity' ? config.identity.directory : config[field]);
