import { resolve as resolvePath } from 'node:path';
import type { Finding } from '../yaml/finding.ts';
import { withoutSurroundings } from './environment-text.ts';
import type { ReferenceHost } from './host.ts';
import { readFailure, readFailureWords } from './read-text-file.ts';
import { escapeTemplate, type TemplatePart } from './template.ts';

export type ReferenceProblem = Pick<Finding, 'code' | 'message' | 'suggestion'>;

/** The text of one part, or a problem whose message continues the sentence after the field's path. */
export type PartResult =
  | { readonly ok: true; readonly text: string }
  | ({ readonly ok: false } & ReferenceProblem);

/** Returns the text of one part. Adds every file that a reference names to `files`, whether or not it exists. */
export function resolvePart(part: TemplatePart, host: ReferenceHost, files: Set<string>): PartResult {
  switch (part.kind) {
    case 'literal':
      return { ok: true, text: part.text };
    case 'malformed':
      return {
        ok: false,
        code: 'REFERENCE_SYNTAX',
        message: `has a reference that ${part.why}`,
        suggestion: part.suggestion,
      };
    case 'environment':
      return fromEnvironment(part.name, part.standard, host);
    case 'file':
      return fromFile(part.path, host, files);
  }
}

/** Returns the template with absolute file paths. */
export function absoluteTemplate(parts: readonly TemplatePart[], host: ReferenceHost): string {
  return parts
    .map((part) => {
      if (part.kind === 'literal') return escapeTemplate(part.text);
      if (part.kind !== 'file') return part.at.source;
      const path = filePath(part.path, host);
      return path.includes('}') ? part.at.source : `\${file:${path}}`;
    })
    .join('');
}

function fromEnvironment(name: string, standard: string | undefined, host: ReferenceHost): PartResult {
  // Secrets often end with a line break: `echo`, editors, and Kubernetes manifests add one.
  const given = Object.hasOwn(host.environment, name) ? host.environment[name] : undefined;
  const value = given === undefined ? undefined : withoutSurroundings(given);
  // As in a shell, `:-` also applies to an empty variable.
  if (standard !== undefined) return { ok: true, text: value ? value : standard };
  if (value !== undefined) return { ok: true, text: value };
  return {
    ok: false,
    code: 'ENVIRONMENT_MISSING',
    message: `refers to the environment variable ${name}, which is not set`,
    suggestion: `Set ${name} in the environment of the program.`,
  };
}

function fromFile(written: string, host: ReferenceHost, files: Set<string>): PartResult {
  const path = filePath(written, host);
  files.add(path);
  try {
    return { ok: true, text: withoutSurroundings(host.readFile(path)) };
  } catch (error) {
    const { predicate, advice } = readFailureWords(path, error);
    return {
      ok: false,
      code: readFailure(error) === 'missing' ? 'REFERENCED_FILE_MISSING' : 'REFERENCED_FILE_UNREADABLE',
      message: `refers to the file ${path}, which ${predicate}`,
      suggestion: advice ?? 'Check the path, or mount the file.',
    };
  }
}

function filePath(written: string, host: ReferenceHost): string {
  return host.directory === undefined ? written : resolvePath(host.directory, written);
}
