import { suggest } from '../suggestion.ts';
import type { Finding } from '../yaml/finding.ts';
import type { SchemaNode } from './schema-node.ts';
import { type FieldVerdict, readField, type SchemaError } from './validator.ts';

type Verdict = Pick<Finding, 'code' | 'message' | 'suggestion'>;

/** Returns the schema whose keyword failed. */
export function schemaOf(error: SchemaError): SchemaNode {
  return (error.parentSchema ?? {}) as SchemaNode;
}

/** Translates one of ajv's errors into a message. `what` names the invalid value. */
export function verdictOf(what: string, error: SchemaError): Verdict {
  const schema = schemaOf(error);
  const verdict = (code: Finding['code'], message: string, suggestion: string): Verdict => ({
    code,
    message: `${what} ${message}.`,
    suggestion,
  });
  switch (error.keyword) {
    case 'field': {
      const { code, message, suggestion } = error.params as FieldVerdict;
      return verdict(code, message, suggestion);
    }
    case 'type':
      return wrongType(schema, error.data, verdict);
    case 'enum':
    case 'const':
      return notAllowed(schema, error.data, verdict);
    case 'minimum':
    case 'maximum':
      return verdict(
        'OUT_OF_RANGE',
        'is out of range',
        `The range is ${schema.minimum} to ${schema.maximum}.`,
      );
    case 'minItems':
      return verdict('EMPTY_LIST', 'is an empty list', 'Add at least one item.');
    case 'maxItems':
      return verdict('TOO_MANY_ITEMS', 'has too many items', `At most ${schema.maxItems} are allowed.`);
    case 'uniqueItems':
      return verdict(
        'DUPLICATE_ITEM',
        `contains the same item twice, as #${error.params['j'] + 1} and #${error.params['i'] + 1}`,
        'Remove one of them.',
      );
    default:
      return verdict('WRONG_TYPE', 'is not valid', 'See docs/configuration.md.');
  }
}

type MakeVerdict = (code: Finding['code'], message: string, suggestion: string) => Verdict;

function wrongType(schema: SchemaNode, given: unknown, verdict: MakeVerdict): Verdict {
  if (schema.field !== undefined && typeof given === 'number') {
    const result = readField(schema.field, String(given));
    if (!result.ok && Number.isInteger(given) && given >= 1 && given <= 65_535) {
      const host = { listen: '0.0.0.0', address: 'db.internal' }[String(schema.field.is)];
      if (host !== undefined) {
        const also = host === '0.0.0.0' ? ` for every address of this host, or 127.0.0.1:${given}` : '';
        return verdict(result.code, 'has a port but no host', `Write it as ${host}:${given}${also}.`);
      }
    }
    if (!result.ok) return verdict(result.code, result.message, result.suggestion);
  }
  if (given === null) return verdict('WRONG_TYPE', 'is empty', 'Set a value, or remove the field.');
  if (schema.enum !== undefined) {
    const words = schema.enum.map(String);
    const meant =
      typeof given === 'boolean' ? (given ? YES : NO).find((each) => words.includes(each)) : undefined;
    const choice = `Possible values: ${words.join(', ')}.`;
    return verdict(
      'WRONG_TYPE',
      `must be ${words.length === 2 ? words.join(' or ') : 'one of the allowed values'}, not ${givenWords(given)}`,
      meant === undefined ? choice : `Write \`${meant}\`. ${choice}`,
    );
  }
  const wanted = kindWords(schema.type);
  const words =
    schema.type === 'integer' && typeof given === 'number' ? unwholeWords(given) : givenWords(given);
  return verdict('WRONG_TYPE', `must be ${wanted}, not ${words}`, remedy(schema, given));
}

/** Values for which people write true and false. */
const YES = ['allow', 'on', 'enforce', 'required', 'require', 'verify-full', 'yes', 'enabled'];
const NO = ['deny', 'off', 'none', 'disable', 'no', 'disabled'];

function remedy(schema: SchemaNode, given: unknown): string {
  if (schema.type === 'array')
    return 'Write each item on its own line after "- ", or all of them in [brackets].';
  if (schema.type === 'object') return `Its fields are: ${Object.keys(schema.properties ?? {}).join(', ')}.`;
  if (schema.type === 'string' && (typeof given === 'number' || typeof given === 'boolean')) {
    return 'Quote it to make it text.';
  }
  if (schema.type === 'integer') return `Write a whole number from ${schema.minimum} to ${schema.maximum}.`;
  return 'Write a single value.';
}

function notAllowed(schema: SchemaNode, given: unknown, verdict: MakeVerdict): Verdict {
  const words = (schema.enum ?? [schema.const]).map(String);
  const near = typeof given === 'string' ? (synonymIn(words, given) ?? suggest(given, words)) : undefined;
  const choice = `${words.length === 1 ? 'The only possible value is' : 'Possible values:'} ${words.join(', ')}.`;
  return verdict(
    'NOT_ALLOWED_VALUE',
    'is not one of the allowed values',
    near === undefined ? choice : `Did you mean \`${near}\`? ${choice}`,
  );
}

/** What others call a value of ours, in lower case: some of these words are close to another value. */
const synonyms: ReadonlyMap<string, string> = new Map([
  ...['pg', 'psql', 'pgsql', 'cockroachdb', 'redshift', 'timescaledb'].map(
    (word) => [word, 'postgresql'] as const,
  ),
  ...['mariadb', 'aurora', 'percona'].map((word) => [word, 'mysql'] as const),
  ...['mssql', 'sql-server', 'sql_server', 'azuresql', 'tds'].map((word) => [word, 'sqlserver'] as const),
  ...['valkey', 'keydb', 'elasticache'].map((word) => [word, 'redis'] as const),
  ...['documentdb', 'cosmosdb'].map((word) => [word, 'mongodb'] as const),
  ...['other', 'generic', 'raw', 'any', 'tls'].map((word) => [word, 'tcp'] as const),
]);

function synonymIn(words: readonly string[], given: string): string | undefined {
  const meant = synonyms.get(given.toLowerCase());
  return meant !== undefined && words.includes(meant) ? meant : undefined;
}

function kindWords(type: string | undefined): string {
  if (type === 'array') return 'a list';
  if (type === 'object') return 'a mapping of fields';
  return type === 'integer' ? 'a whole number' : 'text';
}

function unwholeWords(given: number): string {
  if (Number.isNaN(given)) return 'the value that is not a number';
  return Number.isFinite(given) ? 'a number with a fraction' : 'infinity';
}

function givenWords(given: unknown): string {
  if (Array.isArray(given)) return 'a list';
  if (typeof given === 'object') return 'a mapping of fields';
  if (typeof given === 'boolean') return 'true or false';
  return typeof given === 'number' ? 'a number' : 'text';
}
