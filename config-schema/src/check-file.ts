import type { ValidateFunction } from 'ajv/dist/2020.js';
import type { BuildContext } from './build/field-value.ts';
import type { ConfigSource, FileKind } from './config-source.ts';
import { digestOf } from './digest.ts';
import { fileProblem, SourceText } from './excerpt.ts';
import { readHeader } from './file-header.ts';
import { maskSecrets } from './mask.ts';
import type { ConfigProblem } from './problem.ts';
import type { ReferenceHost } from './reference/host.ts';
import { MAX_FILE_BYTES } from './reference/read-text-file.ts';
import { resolveTree } from './reference/resolve-tree.ts';
import { FileView } from './rule/file-view.ts';
import { renamedFields } from './schema/renamed-fields.ts';
import { schemaFindings } from './schema/schema-finding.ts';
import type { SchemaNode } from './schema/schema-node.ts';
import type { SchemaError } from './schema/validator.ts';
import type { Finding } from './yaml/finding.ts';
import { readYaml } from './yaml/read-yaml.ts';
import { child, type Node, plain, rangeAt } from './yaml/tree.ts';

/** What differs between the two kinds of file. */
export type FileSpec<File> = {
  readonly kind: FileKind;
  readonly schema: SchemaNode;
  /** Returns the function that validates, and also fills in defaults in place. */
  readonly validator: () => ValidateFunction<File>;
  readonly checkRules: (view: FileView) => void;
};

export type CheckedFile<File> =
  | {
      readonly ok: true;
      /** Undefined without a host, because the values of references are not known. */
      readonly file: File | undefined;
      readonly context: BuildContext;
      readonly source: ConfigSource;
    }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** More than anyone fixes in one pass. */
const MAX_PROBLEMS = 100;

/** Checks one file; its references are resolved only if there is a host. Never throws. */
export function checkFile<File>(
  input: string,
  file: string | undefined,
  spec: FileSpec<File>,
  host: ReferenceHost | undefined,
): CheckedFile<File> {
  const text = input.startsWith('\u{feff}') ? input.slice(1) : input;
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) return { ok: false, problems: [tooLarge(file)] };
  const { root, findings: yamlFindings } = readYaml(text);
  const broken = yamlFindings.some(({ code }) => code === 'YAML_SYNTAX' || code === 'YAML_LIMIT');
  const refuse = (findings: readonly Finding[]): CheckedFile<File> => {
    const shown = maskSecrets(text, root, spec.schema, broken);
    return { ok: false, problems: toProblems(findings, new SourceText(text, shown), root, file) };
  };
  // An incomplete tree would only produce spurious problems.
  if (root === undefined || broken) return refuse(yamlFindings);
  const header = readHeader(root, spec.kind);
  // The contents of a file that is not ours are not a mistake and must not be printed.
  if (header.foreign) return refuse(header.findings);
  if (!header.readable) return refuse([...yamlFindings, ...header.findings]);

  const resolved = resolveTree(root, text, spec.schema, host);
  const validate = spec.validator();
  const valid = validate(resolved.data);
  const view = new FileView(root, spec.schema, resolved.data, resolved.unknown);
  spec.checkRules(view);
  const renamed = renamedFields(root, spec.kind);
  const errors = (validate.errors ?? []).filter((error) => !isHeader(error));
  const findings = [
    ...yamlFindings,
    ...header.findings,
    ...resolved.findings,
    ...renamed.findings,
    ...schemaFindings(root, spec.schema, errors, resolved.unknown, renamed),
    ...view.findings,
  ];
  if (findings.length > 0) return refuse(findings);
  const content = plain(root);
  const source: ConfigSource = {
    kind: spec.kind,
    file,
    version: versionOf(root),
    versionLine: text.slice(0, rangeAt(root, ['version'])[0]).split('\n').length,
    digest: digestOf(content),
    files: [...resolved.files],
    secretFiles: [...resolved.secretFiles],
    content,
  };
  const { version, digest } = source;
  const { references, missing } = resolved;
  const context = { version, digest, content, directory: host?.directory, references, missing };
  return { ok: true, file: valid ? (resolved.data as File) : undefined, context, source };
}

/** Errors in the header are reported by `readHeader`. */
function isHeader(error: SchemaError): boolean {
  const missing = error.keyword === 'required' ? `/${error.params['missingProperty']}` : '';
  return /^\/(apiVersion|kind)$/.test(error.instancePath + missing);
}

function versionOf(root: Node): number {
  const node = child(root, 'version');
  return node?.kind === 'scalar' && typeof node.value === 'number' ? node.value : 0;
}

function toProblems(
  findings: readonly Finding[],
  source: SourceText,
  root: Node | undefined,
  file: string | undefined,
): ConfigProblem[] {
  const ordered = findings.toSorted((one, other) => one.range[0] - other.range[0]);
  const shown = ordered.slice(0, MAX_PROBLEMS);
  const next = ordered[MAX_PROBLEMS];
  if (next !== undefined) {
    shown.push({
      code: 'MORE_PROBLEMS',
      range: next.range,
      path: [],
      message: `There are ${ordered.length - MAX_PROBLEMS} more problems, starting here.`,
      suggestion: 'Fix these first.',
    });
  }
  return shown.map((finding) => source.problem(finding, root, file));
}

function tooLarge(file: string | undefined): ConfigProblem {
  return fileProblem(
    'FILE_TOO_LARGE',
    file,
    'The file is larger than 1 MiB.',
    'Split it, or check that it is the right one.',
  );
}
