import type { SchemaValidateFunction } from 'ajv';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { fieldKinds } from '../field/field-kind.ts';
import { accepted, type FieldResult, refused } from '../field/field-result.ts';
import { mistakenReference } from '../field/mistaken-reference.ts';
import { characterWords, type OddCharacter, oddCharacter } from '../odd-character.ts';
import { AgentFile } from './agent-file.ts';
import type { FieldKeyword } from './field.ts';
import { GatewayFile } from './gateway-file.ts';

/** An ajv error; for the custom keywords, `params` is the keyword's own verdict. */
export type SchemaError = ErrorObject;

/** The verdict of a failed `field` keyword, in the error's `params`. */
export type FieldVerdict = Extract<FieldResult<never>, { readonly ok: false }>;

export function readField(keyword: FieldKeyword, text: string): FieldResult<unknown> {
  const result = withCharacter(text, fieldKinds[keyword.is].parse(text), PLACES.has(keyword.is));
  if (!result.ok || typeof result.value !== 'number') return result;
  const { min, max } = bounds(keyword);
  if (result.value >= min && result.value <= max) return accepted(result.value);
  return refused('OUT_OF_RANGE', 'is out of range', `The range is ${keyword.min} to ${keyword.max}.`);
}

/** Where something is. None has a space in it. */
const PLACES: ReadonlySet<string> = new Set([
  'address',
  'listen',
  'gatewayUrl',
  'proxy',
  'webhook',
  'serverName',
]);

/** Names the character that a refused text contains by accident, because it cannot be seen or does not belong there. */
function withCharacter(text: string, result: FieldResult<unknown>, isPlace: boolean): FieldResult<unknown> {
  if (result.ok || result.code === 'EMPTY_VALUE') return result;
  const variable = mistakenReference(text);
  if (variable !== undefined) {
    const message = 'contains a variable in a notation that is not replaced here';
    return refused(result.code, message, `Write \${env:${variable}}.`);
  }
  const odd = oddCharacter(text.replace(/-----BEGIN[\s\S]*/, '')) ?? strayCharacter(text, isPlace);
  if (odd === undefined || result.message.includes('U+')) return result;
  const place = [...text.slice(0, odd.index)].length + 1;
  return refused(
    result.code,
    `contains the character ${odd.words} at position ${place}`,
    'Remove the character, or type it again.',
  );
}

/** A space or a quotation mark at either end, or a space anywhere in a place. */
function strayCharacter(text: string, isPlace: boolean): OddCharacter | undefined {
  const found = /^[ "'`]|[ "'`]$/.exec(text) ?? (isPlace ? / /.exec(text) : null);
  return found === null ? undefined : { index: found.index, length: 1, words: characterWords(found[0]) };
}

function bounds(keyword: FieldKeyword): { readonly min: number; readonly max: number } {
  const read = (text: string | undefined, otherwise: number): number => {
    const result = text === undefined ? undefined : fieldKinds[keyword.is].parse(text);
    return result?.ok && typeof result.value === 'number' ? result.value : otherwise;
  };
  return { min: read(keyword.min, 0), max: read(keyword.max, Number.MAX_SAFE_INTEGER) };
}

const checkField: SchemaValidateFunction = (keyword: FieldKeyword, text: string): boolean => {
  const result = readField(keyword, text);
  checkField.errors = result.ok ? [] : [{ keyword: 'field', message: result.message, params: result }];
  return result.ok;
};

/** The verdict of a failed `exactlyOne` keyword, in the error's `params`. */
export type ChoiceVerdict = { readonly choices: readonly string[]; readonly given: readonly string[] };

const checkChoice: SchemaValidateFunction = (choices: readonly string[], data: object): boolean => {
  const params: ChoiceVerdict = { choices, given: choices.filter((key) => Object.hasOwn(data, key)) };
  checkChoice.errors = params.given.length === 1 ? [] : [{ keyword: 'exactlyOne', params }];
  return params.given.length === 1;
};

const ajv = new Ajv2020({
  strict: true,
  strictTypes: false,
  allErrors: true,
  verbose: true,
  useDefaults: true,
});
ajv.addKeyword({
  keyword: 'field',
  type: 'string',
  schemaType: 'object',
  validate: checkField,
  errors: true,
});
ajv.addKeyword({
  keyword: 'exactlyOne',
  type: 'object',
  schemaType: 'array',
  validate: checkChoice,
  errors: true,
});
ajv.addKeyword({ keyword: 'literal', schemaType: 'boolean' });
ajv.addKeyword({ keyword: 'named', schemaType: 'boolean' });
ajv.addKeyword({ keyword: 'mayBeMissing', schemaType: 'boolean' });
ajv.addKeyword({ keyword: 'withoutEffect', schemaType: 'boolean' });

let agentValidator: ValidateFunction<AgentFile> | undefined;
let gatewayValidator: ValidateFunction<GatewayFile> | undefined;

// Compiled when first used, because commands that read no file load this module too.

/** Validates a resolved file and fills in its defaults in place; the errors are a property of the function, as in ajv. */
export function agentFileValidator(): ValidateFunction<AgentFile> {
  agentValidator ??= ajv.compile<AgentFile>(AgentFile);
  return agentValidator;
}

/** The same for gateway.yaml. */
export function gatewayFileValidator(): ValidateFunction<GatewayFile> {
  gatewayValidator ??= ajv.compile<GatewayFile>(GatewayFile);
  return gatewayValidator;
}
