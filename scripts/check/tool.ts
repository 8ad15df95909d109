import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Findings } from './check.ts';

/** Runs a development tool from node_modules. If it fails, its output becomes the problem. */
export async function runTool(root: string, tool: string, args: readonly string[]): Promise<Findings> {
  const child = spawn(join(root, 'node_modules/.bin', tool), args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === 0) return { problems: [] };
  return { problems: [Buffer.concat(output).toString().trim() || `${tool} exited with code ${code}`] };
}
