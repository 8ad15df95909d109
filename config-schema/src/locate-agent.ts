import { dirname, resolve } from 'node:path';
import type { HostPort } from './agent-config.ts';
import { parseAddress } from './field/host-port.ts';
import type { Environment } from './reference/host.ts';
import { readTextFile } from './reference/read-text-file.ts';
import { resolvePart } from './reference/resolve.ts';
import { parseTemplate } from './reference/template.ts';
import { AgentFile } from './schema/agent-file.ts';
import { schemaChild } from './schema/schema-node.ts';
import { readYaml } from './yaml/read-yaml.ts';
import { nodeAt, type Path } from './yaml/tree.ts';

/** Where an agent keeps its identity and where it listens, as far as its file says. */
export type AgentLocation = {
  readonly directory: string | undefined;
  readonly listen: HostPort | undefined;
};

/**
 * Reads only what is needed to find the agent that runs with a file. Nothing else has to be valid: an agent keeps running on
 * the last good configuration, and in the environment that it was started with. Never throws.
 */
export function locateAgent(path: string, environment: Environment): AgentLocation {
  const folder = dirname(resolve(path));
  const value = fieldReader(path, environment, folder);
  const directory = value(['identity', 'directory']);
  const listen = value(['local', 'listen']);
  const parsed = listen === undefined ? undefined : parseAddress(listen);
  return {
    directory: directory === undefined ? undefined : resolve(folder, directory),
    listen: parsed?.ok ? parsed.value : undefined,
  };
}

/** Returns a function that reads one field, with its default. It returns undefined when the value is not known. */
function fieldReader(path: string, environment: Environment, directory: string) {
  let root: ReturnType<typeof readYaml>['root'];
  try {
    ({ root } = readYaml(readTextFile(path)));
  } catch {
    // The defaults are as good a guess as any.
  }
  return (field: Path): string | undefined => {
    const node = root && nodeAt(root, field);
    if (node === undefined) return defaultOf(field);
    if (node.kind !== 'scalar' || typeof node.value !== 'string') return undefined;
    const results = parseTemplate(node.value).map((part) =>
      resolvePart(part, { environment, readFile: readTextFile, directory }, new Set()),
    );
    return results.every((result) => result.ok) ? results.map(({ text }) => text).join('') : undefined;
  };
}

function defaultOf(field: Path): string | undefined {
  const schema = field.reduce(schemaChild, AgentFile as Parameters<typeof schemaChild>[0]);
  return typeof schema?.default === 'string' ? schema.default : undefined;
}
