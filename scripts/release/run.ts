import { spawn } from 'node:child_process';

/** Runs a program and resolves with its standard output. Rejects with an Error that contains what it wrote otherwise. */
export async function run(
  program: string,
  argv: readonly string[],
  {
    cwd,
    env,
    input,
  }: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly input?: string } = {},
): Promise<string> {
  const child = spawn(program, argv, {
    ...(cwd !== undefined && { cwd }),
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const text = Buffer.concat(output).toString();
  if (code === 0) return text;
  throw new Error(`${program} ${argv.join(' ')} exited with ${code}:\n${text}${Buffer.concat(errors)}`);
}
