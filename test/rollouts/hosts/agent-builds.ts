import { join } from 'node:path';
import { stop } from 'esbuild';
import { bundle } from '../../../scripts/release/bundle.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const VERSION_LINE = /(\bSOFTWARE_VERSION=)"[^"]*"/;

/** What is wrong with a version. */
export type Flaw =
  | 'none'
  /** Ends by itself after it has connected. */
  | 'crashes'
  /** Connects, and then answers nobody. */
  | 'hangs'
  /** Reaches the gateway, but no target. */
  | 'cannot-dial'
  /** Needs 300 ms more for every connection to a target. */
  | 'slower'
  /** Keeps 24 MiB more every second. */
  | 'leaks'
  /** Rejects every configuration file. */
  | 'rejects-config'
  /** Expects its identity in another format. */
  | 'loses-identity'
  /** Ends at its start until the host has the file that the variable REPAIRED names. */
  | 'needs-repair';

const SECOND_MS = 1_000;
const SLOW_MS = 300;
/** Enough for any judge, and little enough for this machine. */
const MAX_LEAKED = 20;
const LEAK_BYTES = 24 * 1024 * 1024;

/** Replaces how the agent connects to targets. Connections to the gateway do not use `allowHalfOpen`. */
const replaceConnect = (body: string) => `{
const net = process.getBuiltinModule('node:net');
const connect = net.connect;
net.connect = (options) => {
  if (options.allowHalfOpen !== true) return connect(options);
  ${body}
};
process.getBuiltinModule('node:module').syncBuiltinESMExports();
}`;

/** Code that runs before a version does anything, as if somebody had made that mistake in it. */
const flaws: Readonly<Record<Flaw, string>> = {
  none: '',
  crashes: `if (process.argv[2] === 'run') setTimeout(() => { throw new Error('A mistake of this version.'); }, ${4 * SECOND_MS});`,
  hangs: `if (process.argv[2] === 'run') setTimeout(() => { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); }, ${4 * SECOND_MS});`,
  'cannot-dial': replaceConnect('return connect({ ...options, port: 1 });'),
  slower: replaceConnect(`const socket = new net.Socket(options);
    setTimeout(() => socket.connect(options), ${SLOW_MS});
    return socket;`),
  leaks: `if (process.argv[2] === 'run') {
  const leaked = [];
  setInterval(() => {
    if (leaked.length < ${MAX_LEAKED}) leaked.push(Buffer.alloc(${LEAK_BYTES}, 1));
  }, ${SECOND_MS}).unref();
}`,
  'loses-identity': `{
const files = process.getBuiltinModule('node:fs/promises');
const { readFile } = files;
files.readFile = async (path, ...more) =>
  String(path).endsWith('current.pem') ? 'Not what this version expects.' : readFile(path, ...more);
process.getBuiltinModule('node:module').syncBuiltinESMExports();
}`,
  'needs-repair': `if (process.argv[2] === 'run' && !process.getBuiltinModule('node:fs').existsSync(process.env.REPAIRED)) {
  console.error('A prerequisite of this version is missing.');
  process.exit(1);
}`,
  'rejects-config': `if (process.argv[2] === 'config') { console.error('agent.yaml: unknown field'); process.exit(1); }`,
};

export type AgentBuilds = {
  /** A file that runs an agent of this version. */
  executable(version: string, flaw?: Flaw): Buffer;
};

/** Builds the agent once, as a release is built. Every version is this build with another number, and perhaps a flaw. */
export async function buildAgents(rootKeys: readonly string[]): Promise<AgentBuilds> {
  const facts = { commit: undefined, date: undefined, sequence: 1, rootKeys };
  const { text } = await bundle('agent/bin/penstock-agent.js', { root: ROOT, facts });
  // Otherwise its process stays.
  await stop();
  const program = text.replace(/^#!.*\n/, '');
  if (!VERSION_LINE.test(program)) throw new Error('The build has no constant SOFTWARE_VERSION.');
  return {
    executable(version, flaw = 'none') {
      const numbered = program.replace(VERSION_LINE, `$1${JSON.stringify(version)}`);
      return Buffer.from(`#!${process.execPath}\n${flaws[flaw]}\n${numbered}`);
    },
  };
}
