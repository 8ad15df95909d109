import { SourceText } from './excerpt.ts';
import { maskSecrets } from './mask.ts';
import type { ConfigProblem, ConfigProblemCode } from './problem.ts';
import { AgentFile } from './schema/agent-file.ts';
import { GatewayFile } from './schema/gateway-file.ts';
import type { SchemaNode } from './schema/schema-node.ts';
import { suggest } from './suggestion.ts';
import { readYaml } from './yaml/read-yaml.ts';
import { type Node, nodeAt, type Path, plain, rangeAt } from './yaml/tree.ts';

/** A file that is valid by itself. */
export type ValidFile = { readonly file: string; readonly text: string };

export type TargetCheck = {
  readonly problems: readonly ConfigProblem[];
  /** Pools of connections for which no agent file was given, so their connectors are not known. */
  readonly poolsWithoutFile: readonly string[];
};

/**
 * Checks the connections of a gateway.yaml against the agent.yaml files of their pools: pools and connectors exist, and their kinds
 * and alternates agree. Values that are references are not known, and never a problem.
 */
export function checkConnectionTargets(gateway: ValidFile, agents: readonly ValidFile[]): TargetCheck {
  const view = new PlacedFile(gateway, GatewayFile);
  const files = agents.map((each) => new PlacedFile(each, AgentFile));
  const problems: ConfigProblem[] = [];
  const pools = view.items(['pools']).map((path) => view.text([...path, 'name']));
  for (const file of files) {
    const pool = file.text(['pool']);
    if (pool === undefined || pools.includes(pool) || pools.includes(undefined)) continue;
    const known = pools.filter((each) => each !== undefined);
    const near = suggest(pool, known);
    const suggestion =
      near === undefined ? `Its pools are ${known.join(', ')}.` : `Did you mean \`${near}\`?`;
    problems.push(file.problem('UNKNOWN_POOL', ['pool'], `is not a pool of ${gateway.file}`, suggestion));
  }
  const without = new Set<string>();
  for (const connection of view.items(['connections'])) {
    const found: PlacedConnector[] = [];
    for (const pool of view.texts([...connection, 'pools'])) {
      const ofPool = files.filter((each) => (each.text(['pool']) ?? pool) === pool);
      if (ofPool.length === 0) without.add(pool);
      else problems.push(...missingConnector(view, connection, pool, ofPool, found));
    }
    problems.push(...disagreements(view, connection, found));
  }
  return { problems, poolsWithoutFile: [...without] };
}

/** A connector, by the path of its item in its file. */
type PlacedConnector = { readonly file: PlacedFile; readonly path: Path };

/** Adds the connectors of a connection in the files of a pool to `found`; there must be at least one. */
function missingConnector(
  view: PlacedFile,
  connection: Path,
  pool: string,
  files: readonly PlacedFile[],
  found: PlacedConnector[],
): ConfigProblem[] {
  const path = [...connection, 'connector'];
  const wanted = view.text(path);
  if (wanted === undefined) return [];
  const connectors = files.flatMap((file) =>
    file.items(['connectors']).map((each) => ({ file, path: each })),
  );
  const nameOf = (each: PlacedConnector) => each.file.text([...each.path, 'name']);
  const named = connectors.filter((each) => nameOf(each) === wanted);
  found.push(...named);
  if (named.length > 0 || connectors.some((each) => nameOf(each) === undefined)) return [];
  const names = connectors.map(nameOf).filter((name) => name !== undefined);
  const near = suggest(wanted, names);
  const meant = connectors.find((each) => nameOf(each) === near);
  const suggestion =
    near === undefined || meant === undefined
      ? `Connectors of its agents: ${[...new Set(names)].join(', ')}.`
      : `Did you mean \`${near}\` (${meant.file.place([...meant.path, 'name'])})?`;
  const where = files.map(({ file }) => file).join(', ');
  return [
    view.problem('UNKNOWN_CONNECTOR', path, `is not a connector of pool ${pool} (${where})`, suggestion),
  ];
}

/** One client can be sent to any of these connectors, so they must be alike. */
function disagreements(
  view: PlacedFile,
  connection: Path,
  connectors: readonly PlacedConnector[],
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const [first, ...others] = connectors;
  const kindPath = [...connection, 'kind'];
  const kindOf = ({ file, path }: PlacedConnector) => file.text([...path, 'kind']);
  const kind = view.text(kindPath);
  const different = connectors.find((each) => kindOf(each) !== undefined && kindOf(each) !== kind);
  if (kind !== undefined && different !== undefined) {
    const place = different.file.place([...different.path, 'kind']);
    const message = `is not the kind of the connector, which is \`${kindOf(different)}\` (${place})`;
    problems.push(view.problem('INCONSISTENT', kindPath, message, 'Use the same kind in both files.'));
  }
  for (const other of first === undefined ? [] : others) {
    for (const field of ['kind', 'alternates']) {
      if (first === undefined || other.file === first.file) continue;
      const [one, two] = [first, other].map((each) => each.file.value([...each.path, field]));
      if (hasReference(one) || hasReference(two) || JSON.stringify(one) === JSON.stringify(two)) continue;
      // The kinds were compared with that of the connection already. The hosts of another pool can have other names.
      if (field === 'kind' ? kind !== undefined : first.file.text(['pool']) !== other.file.text(['pool']))
        continue;
      const message = `differs from ${first.file.place([...first.path, field])}, and a client of ${view.file} can get either`;
      problems.push(
        other.file.problem('INCONSISTENT', [...other.path, field], message, 'Make them the same.'),
      );
    }
  }
  return problems;
}

const hasReference = (value: unknown) => JSON.stringify(value ?? null).includes('${');

/** A file whose values are found by path, with their positions. */
class PlacedFile {
  readonly file: string;
  readonly #root: Node;
  readonly #source: SourceText;

  constructor({ file, text: raw }: ValidFile, schema: SchemaNode) {
    const text = raw.replace(/^\u{feff}/u, '');
    const { root } = readYaml(text);
    if (root === undefined) throw new TypeError(`${file} is not valid.`);
    this.file = file;
    this.#root = root;
    this.#source = new SourceText(text, maskSecrets(text, root, schema, false));
  }

  items(path: Path): Path[] {
    const node = nodeAt(this.#root, path);
    return node?.kind === 'sequence' ? node.items.map((_, index) => [...path, index]) : [];
  }

  value(path: Path): unknown {
    const node = nodeAt(this.#root, path);
    return node && plain(node);
  }

  /** The text at `path`; undefined if there is none, or if it contains a reference. */
  text(path: Path): string | undefined {
    const value = this.value(path);
    return typeof value === 'string' && !hasReference(value) ? value : undefined;
  }

  texts(path: Path): string[] {
    return this.items(path)
      .map((each) => this.text(each))
      .filter((each) => each !== undefined);
  }

  problem(code: ConfigProblemCode, path: Path, what: string, suggestion: string): ConfigProblem {
    const field = path.at(-1);
    const value = this.text(path);
    const message = `\`${field}\`${value === undefined ? '' : ` ${value}`} ${what}.`;
    // A field that is omitted is reported at the item that lacks it.
    const place = nodeAt(this.#root, path) === undefined ? [...path.slice(0, -1), 'name'] : path;
    const range = rangeAt(this.#root, place);
    return this.#source.problem({ code, range, path, message, suggestion }, this.#root, this.file);
  }

  /** `agent.yaml:12`. */
  place(path: Path): string {
    return `${this.file}:${this.problem('INCONSISTENT', path, '', '').line}`;
  }
}
