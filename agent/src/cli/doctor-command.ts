import { type ConfigProblem, loadAgentConfig, locateAgent } from '@penstock/config-schema';
import {
  exitCodes,
  type Io,
  json,
  type OutputFormat,
  outputOption,
  printableLine,
  renderProblems,
  styleFor,
  trustHostAuthorities,
} from '@penstock/terminal';
import { Command } from 'commander';
import { runDoctor, runDoctorWithoutConfig } from '../diagnostics/doctor/doctor.ts';
import type { StepReport } from '../diagnostics/doctor/run-steps.ts';
import { configOption } from './load-config.ts';

type Options = { readonly config: string; readonly output: OutputFormat };

/** `doctor`: checks everything that an agent on this host needs, step by step. */
export function doctorCommand(io: Io): Command {
  return new Command('doctor')
    .description('diagnose everything an agent on this host needs; exits with 1 if it finds a problem')
    .option(...configOption)
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-agent doctor --config agent.yaml')
    .action((options: Options) => diagnose(io, options));
}

async function diagnose(io: Io, { config: file, output }: Options): Promise<void> {
  const result = loadAgentConfig(file, io.environment);
  const onDone = (report: StepReport) => {
    if (output === 'text') io.stdout.write(row(report, io));
  };
  if (!result.ok && output === 'text') {
    io.stderr.write(renderProblems(result.problems, output, styleFor(io.stderr, io.environment)));
  }
  await trustHostAuthorities(io.environment);
  const steps = result.ok
    ? await runDoctor({ config: result.config, environment: io.environment, onDone })
    : await runDoctorWithoutConfig(
        locateAgent(file, io.environment),
        summaryOf(result.problems, file),
        onDone,
      );
  const failed = steps.filter(({ verdict }) => verdict === 'failed');
  if (output === 'json')
    io.stdout.write(
      json({ ok: failed.length === 0, ...(!result.ok && { problems: result.problems }), steps }),
    );
  else if (failed.length === 0) io.stdout.write('All checks passed.\n');
  else io.stdout.write(`Failed: ${failed.map(({ step }) => step).join(', ')}.\n`);
  if (failed.length > 0) io.setExitCode(exitCodes.failed);
}

function summaryOf([first, ...others]: readonly ConfigProblem[], file: string): string {
  const more = others.length === 0 ? '' : ` There are ${others.length} more problems.`;
  return `${file}:${first?.line ?? 1}:${first?.column ?? 1} ${first?.message ?? 'is not valid.'}${more}`;
}

const STEP_WIDTH = 20;

/** Printed when the step is done: some take seconds, and a table would delay all of them. */
function row({ step, verdict, milliseconds, message, advice }: StepReport, io: Io): string {
  const style = styleFor(io.stdout, io.environment);
  const color = { ok: style.good, failed: style.bad, skipped: style.faint }[verdict];
  const time = milliseconds === undefined ? '' : `${Math.round(milliseconds)} ms`;
  const lines = [
    `${printableLine(step).padEnd(STEP_WIDTH)} ${color(verdict.padEnd(7))} ${time.padStart(8)}  ${printableLine(message)}`,
  ];
  if (advice !== '') lines.push(`${' '.repeat(STEP_WIDTH + 19)}${printableLine(advice)}`);
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}
