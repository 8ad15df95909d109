import { chmod, chown, cp, mkdir } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { argumentsOf, execForm, type Instruction, type Stage } from './dockerfile.ts';

/** The result of a final stage, in a folder that represents the container's root. */
export type Image = {
  readonly account: { readonly uid: number; readonly gid: number };
  readonly env: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthCheck: readonly string[];
  /** The folder that represents the container's root. */
  readonly root: string;
  /** The working directory, as a path in the container. */
  readonly directory: string;
};

/**
 * Executes the final stage in `root`, with the files of the build stage in `buildRoot`. Throws for an instruction that
 * runs or fetches something: the final stage may only copy what was built.
 */
export async function makeImage(stage: Stage, buildRoot: string, root: string): Promise<Image> {
  let directory = '/';
  const env: Record<string, string> = {};
  const inContainer = (path: string) => join(root, isAbsolute(path) ? path : join(directory, path));
  for (const instruction of stage.instructions) {
    const { name, rest } = instruction;
    if (name === 'WORKDIR') {
      directory = rest;
      await mkdir(inContainer('.'), { recursive: true });
    } else if (name === 'COPY') {
      await copy(instruction, buildRoot, inContainer);
    } else if (name === 'ENV') {
      const [, key = '', value = ''] = /^(\w+)=(.*)$/.exec(rest) ?? [];
      env[key] = value;
    } else if (!['VOLUME', 'USER', 'EXPOSE', 'HEALTHCHECK', 'ENTRYPOINT', 'CMD'].includes(name)) {
      throw new Error(`The final stage has ${name} ${rest}, which is not allowed.`);
    }
  }
  const [uid = 0, gid = 0] = (argumentsOf(stage, 'USER').at(-1) ?? '').split(':').map(Number);
  return {
    account: { uid, gid },
    env,
    entrypoint: execForm(argumentsOf(stage, 'ENTRYPOINT')[0]),
    command: execForm(argumentsOf(stage, 'CMD')[0]),
    healthCheck: execForm(argumentsOf(stage, 'HEALTHCHECK')[0]?.replace(/^CMD /, '')),
    root,
    directory,
  };
}

async function copy(
  { flags, rest }: Instruction,
  buildRoot: string,
  inContainer: (path: string) => string,
): Promise<void> {
  const flag = (name: string) => flags.find((one) => one.startsWith(`--${name}=`))?.slice(name.length + 3);
  if (flag('from') !== 'build') throw new Error(`COPY ${rest} is not from the build stage.`);
  const [source = '', destination = ''] = rest.split(/\s+/);
  const target = inContainer(destination);
  await mkdir(dirname(target), { recursive: true });
  await cp(join(buildRoot, source), target, { recursive: true, verbatimSymlinks: true });
  const mode = flag('chmod');
  if (mode !== undefined) await chmod(target, Number.parseInt(mode, 8));
  const [uid, gid] = (flag('chown') ?? '').split(':').map(Number);
  if (uid !== undefined && gid !== undefined && process.getuid?.() === 0) await chown(target, uid, gid);
}
