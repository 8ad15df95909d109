import { gatewayProgram } from '@penstock/gateway';
import { type Io, runProgram } from '@penstock/terminal';

export type CliResult = { readonly stdout: string; readonly stderr: string; readonly exitCode: number };

/** Runs penstock-gateway in this process, with the given environment, and without a terminal unless it has columns. */
export async function runCli(
  argv: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  columns?: number,
): Promise<CliResult> {
  const written = { stdout: '', stderr: '' };
  let exitCode = 0;
  const writer = (name: keyof typeof written) => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const io: Io = {
    stdout: { ...writer('stdout'), ...(columns !== undefined && { isTTY: true, columns }) },
    stderr: writer('stderr'),
    environment,
    setExitCode: (code) => {
      exitCode = code;
    },
  };
  await runProgram(await gatewayProgram(io, process, argv), argv, io);
  return { ...written, exitCode };
}
