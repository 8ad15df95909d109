import type { FileKind } from './config-source.ts';
import { API_VERSION } from './schema/shared-fields.ts';
import { suggest } from './suggestion.ts';
import type { Finding } from './yaml/finding.ts';
import { child, type Node, rangeAt } from './yaml/tree.ts';

const programs: Readonly<Record<FileKind, string>> = { Agent: 'penstock-agent', Gateway: 'penstock-gateway' };

export type Header = {
  readonly findings: readonly Finding[];
  /** Neither field identifies a Penstock configuration. */
  readonly foreign: boolean;
  /** Whether the rest of the file can be read as a file of the expected kind. */
  readonly readable: boolean;
};

/** Checks `apiVersion` and `kind`, which determine how the rest of the file is read. */
export function readHeader(root: Node, wanted: FileKind): Header {
  const findings: Finding[] = [];
  const kind = child(root, 'kind');
  const apiVersion = child(root, 'apiVersion');
  const report = (code: Finding['code'], key: string, message: string, suggestion: string) =>
    findings.push({ code, range: rangeAt(root, [key]), path: [key], message, suggestion });

  const version = literal(apiVersion);
  if (version !== API_VERSION && !isReference(version)) {
    const message =
      apiVersion === undefined ? '`apiVersion` is missing.' : 'This `apiVersion` is not supported.';
    report('API_VERSION_UNSUPPORTED', 'apiVersion', message, `Write \`apiVersion: ${API_VERSION}\`.`);
  }
  const given = literal(kind);
  const other = wanted === 'Agent' ? 'Gateway' : 'Agent';
  if (given === other) {
    const suggestion = `Use it with ${programs[other]}; this is ${programs[wanted]}, which reads \`kind: ${wanted}\`.`;
    report('WRONG_KIND', 'kind', `This file is for ${programs[other]}.`, suggestion);
  } else if (given !== wanted && !isReference(given)) {
    const message = kind === undefined ? '`kind` is missing.' : 'This `kind` is unknown.';
    report('WRONG_KIND', 'kind', message, `Write \`kind: ${wanted}\`.`);
  }
  const otherShape = apiVersion !== undefined && version !== API_VERSION && !isReference(version);
  const misspelled = typeof version === 'string' && suggest(version, [API_VERSION]) !== undefined;
  const foreign = findings.length === 2 && given !== other;
  return { findings, foreign, readable: given !== other && (!otherShape || misspelled) };
}

function literal(node: Node | undefined): unknown {
  return node?.kind === 'scalar' ? node.value : undefined;
}

/** References in these fields are not allowed, which is reported elsewhere. */
function isReference(value: unknown): boolean {
  return typeof value === 'string' && value.includes('${');
}
