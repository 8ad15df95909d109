import type { Finding } from '../yaml/finding.ts';
import { pathWords } from '../yaml/path-words.ts';
import { fromPointer, toPointer } from '../yaml/pointer.ts';
import { keyRangeAt, type Node, nodeAt, type Path, rangeAt } from '../yaml/tree.ts';
import type { RenamedFields } from './renamed-fields.ts';
import type { SchemaNode } from './schema-node.ts';
import { schemaOf, verdictOf } from './schema-verdict.ts';
import { unknownKey } from './unknown-key.ts';
import type { ChoiceVerdict, SchemaError } from './validator.ts';

/**
 * Translates ajv's errors into findings. `unknown` contains the JSON pointers of values that could not be resolved:
 * ajv's errors about their text are meaningless. Fields in `renamed` are not reported again as unknown or missing.
 */
export function schemaFindings(
  root: Node,
  schema: SchemaNode,
  errors: readonly SchemaError[],
  unknown: ReadonlySet<string>,
  renamed: RenamedFields,
): readonly Finding[] {
  const misspelled = new Set(renamed.newPointers);
  const findings: Finding[] = [];
  const choices: SchemaError[] = [];
  const wrongType = new Set(
    errors.filter(({ keyword }) => keyword === 'type').map((error) => error.instancePath),
  );
  for (const error of errors) {
    // A value of the wrong type also fails the other keywords, which adds nothing.
    if (error.keyword !== 'type' && wrongType.has(error.instancePath)) continue;
    if (unknown.has(error.instancePath) && isScalar(schemaOf(error))) continue;
    if (error.keyword === 'enum' && renamed.pointers.has(error.instancePath)) continue;
    const path = steps(root, error.instancePath);
    if (error.keyword === 'additionalProperties') {
      const key = String(error.params['additionalProperty']);
      if (renamed.pointers.has(toPointer([...path, key]))) continue;
      findings.push(unknownKey({ root, schema, path, key, error, misspelled }));
    } else if (error.keyword === 'exactlyOne') {
      choices.push(error);
    } else if (error.keyword !== 'required') {
      findings.push({
        range: rangeAt(root, path),
        path,
        ...verdictOf(`\`${pathWords(root, path)}\``, error),
      });
    }
  }
  for (const error of choices) {
    const verdict = error.params as ChoiceVerdict;
    if (verdict.choices.some((key) => misspelled.has(`${error.instancePath}/${key}`))) continue;
    findings.push(...wrongChoice(root, steps(root, error.instancePath), verdict));
  }
  for (const error of errors) {
    if (error.keyword !== 'required') continue;
    const key = String(error.params['missingProperty']);
    // A misspelled key was already reported; reporting it as missing would repeat that.
    if (misspelled.has(`${error.instancePath}/${key}`)) continue;
    const owner = steps(root, error.instancePath);
    findings.push({
      code: 'MISSING_KEY',
      range: rangeAt(root, owner),
      path: [...owner, key],
      message: `\`${pathWords(root, [...owner, key])}\` is missing.`,
      suggestion: `Add \`${key}\`. ${schemaOf(error).properties?.[key]?.description ?? ''}`,
    });
  }
  return findings;
}

function wrongChoice(root: Node, path: Path, { choices, given }: ChoiceVerdict): Finding[] {
  const what = `\`${pathWords(root, path)}\``;
  const words = choices.map((key) => `\`${key}\``).join(', ');
  if (given.length === 0) {
    const message = `${what} requires one of ${words}.`;
    const suggestion = `Set exactly one of ${words}.`;
    return [{ code: 'MISSING_KEY', range: rangeAt(root, path), path, message, suggestion }];
  }
  const [first = '', ...more] = given;
  return more.map((key) => ({
    code: 'INCONSISTENT',
    range: keyRangeAt(root, [...path, key]),
    path: [...path, key],
    message: `${what} has both \`${first}\` and \`${key}\`.`,
    suggestion: `Set exactly one of ${words}; add another list item for the other.`,
  }));
}

/** Converts a JSON pointer to a path, in which positions in lists are numbers. */
function steps(root: Node, pointer: string): Path {
  const path: (string | number)[] = [];
  for (const step of fromPointer(pointer)) {
    path.push(nodeAt(root, path)?.kind === 'sequence' ? Number(step) : step);
  }
  return path;
}

function isScalar(schema: SchemaNode): boolean {
  return schema.type !== 'object' && schema.type !== 'array';
}
