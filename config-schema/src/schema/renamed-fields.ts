import type { FileKind } from '../config-source.ts';
import type { Finding } from '../yaml/finding.ts';
import { pathWords } from '../yaml/path-words.ts';
import { toPointer } from '../yaml/pointer.ts';
import { keyRangeAt, type Node, type Path } from '../yaml/tree.ts';

type Renames = {
  /** Former paths with the new name of their last key. Parents have their new names: `receivers[].gather`. */
  readonly keys: Readonly<Record<string, string>>;
  /** Fields with the new names of values that they formerly allowed. */
  readonly values: Readonly<Record<string, Readonly<Record<string, string>>>>;
};

/** Fields and values that earlier releases named differently; the problem for a former name states the new one. */
export const renames: Readonly<Record<FileKind, Renames>> = {
  Agent: {
    keys: { 'connectors[].maxStreams': 'maxConnections', 'health.interval': 'sampleInterval' },
    values: {},
  },
  Gateway: {
    keys: {
      tls: 'tunnelTls',
      'ingressTls.clientAuthorities': 'clientCa',
      'pools[].approval': 'requireApproval',
      'limits.perAddress': 'connectionsPerAddress',
      'limits.negotiating': 'pendingHandshakes',
      'limits.negotiationTimeout': 'handshakeTimeout',
      'dial.attempts': 'maxAttempts',
      'ejection.failures': 'consecutiveFailures',
      'ejection.duration': 'baseDuration',
      'health.skew': 'maxClockSkew',
      'health.certificateExpiry': 'certificateExpiryWarning',
      notify: 'receivers',
      'receivers[].gather': 'groupWait',
      'alerts[].when': 'condition',
      'alerts[].notify': 'receivers',
    },
    values: {
      'alerts[].condition': {
        'version-behind': 'software-outdated',
        'pool-below-minimum': 'pool-below-min-ready',
        'queue-filling': 'queue-near-limit',
      },
    },
  },
};

export type RenamedFields = {
  readonly findings: readonly Finding[];
  /** JSON pointers of the former keys and values: reported here, so not again as unknown. */
  readonly pointers: ReadonlySet<string>;
  /** JSON pointers of the keys under their new names, which are not reported as missing. */
  readonly newPointers: ReadonlySet<string>;
};

/** Finds every former name in a file, including those nested below another former name. */
export function renamedFields(root: Node, kind: FileKind): RenamedFields {
  const { keys, values } = renames[kind];
  const findings: Finding[] = [];
  const pointers = new Set<string>();
  const newPointers = new Set<string>();
  const report = (finding: Finding) => {
    findings.push(finding);
    pointers.add(toPointer(finding.path));
  };

  /** `current` is the path with its new names and without positions in lists. */
  const visit = (node: Node, path: Path, current: string): void => {
    if (node.kind === 'sequence') {
      for (const [index, item] of node.items.entries()) visit(item, [...path, index], `${current}[]`);
    } else if (node.kind === 'mapping') {
      for (const [key, { value }] of node.entries) {
        const below = [...path, key];
        const prefix = current === '' ? '' : `${current}.`;
        const name = Object.hasOwn(keys, prefix + key) ? keys[prefix + key] : undefined;
        if (name !== undefined) {
          report({
            code: 'UNKNOWN_KEY',
            range: keyRangeAt(root, below),
            path: below,
            message: `\`${pathWords(root, below)}\` is now \`${name}\`.`,
            suggestion: 'Rename the field. Its meaning has not changed.',
          });
          newPointers.add(toPointer([...path, name]));
        }
        visit(value, below, prefix + (name ?? key));
      }
    } else if (typeof node.value === 'string' && Object.hasOwn(values[current] ?? {}, node.value)) {
      report({
        code: 'NOT_ALLOWED_VALUE',
        range: node.range,
        path,
        message: `\`${node.value}\` is now \`${values[current]?.[node.value]}\`.`,
        suggestion: `Write \`${values[current]?.[node.value]}\`. Its meaning has not changed.`,
      });
    }
  };
  visit(root, [], '');
  return { findings, pointers, newPointers };
}
