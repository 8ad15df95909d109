import type { FileKind } from '../config-source.ts';
import { fieldKinds } from '../field/field-kind.ts';
import { AgentFile } from './agent-file.ts';
import { GatewayFile } from './gateway-file.ts';
import type { SchemaNode } from './schema-node.ts';

/** One field as shown in the documentation. */
export type FieldRow = {
  /** `connectors[].address` */
  readonly path: string;
  readonly type: string;
  /** The default as written in YAML, `required`, or empty for an optional field. */
  readonly standard: string;
  readonly description: string;
};

/** Returns every field of one kind of file, in the order of the schema. */
export function fieldRows(kind: FileKind): readonly FieldRow[] {
  return rowsBelow(kind === 'Agent' ? AgentFile : GatewayFile, '');
}

function rowsBelow(schema: SchemaNode, prefix: string): FieldRow[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, field]) => {
    const path = `${prefix}${key}`;
    const required = schema.required?.includes(key) === true;
    const row: FieldRow = {
      path,
      type: typeWords(field),
      standard: standardWords(field, required),
      description: field.description ?? '',
    };
    if (field.type === 'object') return [row, ...rowsBelow(field, `${path}.`)];
    if (field.items?.type === 'object') return [row, ...rowsBelow(field.items, `${path}[].`)];
    return [row];
  });
}

function standardWords({ type, default: standard }: SchemaNode, required: boolean): string {
  if (standard === undefined) return required ? 'required' : '';
  if (type === 'object') return '';
  return `\`${type === 'array' ? JSON.stringify(standard) : String(standard)}\``;
}

function typeWords(schema: SchemaNode): string {
  if (schema.type === 'object') return 'group';
  if (schema.items !== undefined) {
    return schema.items.type === 'object' ? 'list: group' : `list: ${typeWords(schema.items)}`;
  }
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((word) => `\`${String(word)}\``).join(', ');
  if (schema.type === 'integer') return `number, ${rangeWords(schema.minimum, schema.maximum)}`;
  if (schema.field === undefined) return 'text';
  const { is, min, max } = schema.field;
  return min === undefined ? fieldKinds[is].words : `${fieldKinds[is].words}, ${rangeWords(min, max)}`;
}

function rangeWords(from: string | number | undefined, to: string | number | undefined): string {
  return to === Number.MAX_SAFE_INTEGER ? `from ${from}` : `${from} to ${to}`;
}
