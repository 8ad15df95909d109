import { checkConfig, readConfigText } from '@penstock/config-schema';
import { CommandError, type Io, renderProblems, styleFor } from '@penstock/terminal';
import type { ProgramName } from '../layout.ts';

/**
 * Throws CommandError if a configuration file is not valid. References are not resolved, because the service may see other
 * values than this command.
 */
export function requireValidConfig(program: ProgramName, file: string, io: Io): void {
  const read = readConfigText(file);
  const result = read.ok
    ? checkConfig(program === 'penstock-agent' ? 'Agent' : 'Gateway', read.text, file)
    : read;
  if (result.ok) return;
  io.stderr.write(renderProblems(result.problems, 'text', styleFor(io.stderr, io.environment)));
  throw new CommandError(`${file} is not valid, so no service is installed with it.`, {
    suggestion: `Correct it and check it with: ${program} config validate --no-references ${file}`,
  });
}
