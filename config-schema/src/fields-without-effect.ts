import type { AgentConfig } from './agent-config.ts';
import type { GatewayConfig } from './gateway-config.ts';
import { AgentFile } from './schema/agent-file.ts';
import { GatewayFile } from './schema/gateway-file.ts';
import { type SchemaNode, schemaChild } from './schema/schema-node.ts';
import { readField } from './schema/validator.ts';
import { shownConfig } from './show.ts';

/**
 * Returns the fields that this release validates but that have no effect, if they are set to something other than the
 * default, such as `policy.remote.upgrade`. The program logs them so that the operator learns they are ignored.
 */
export function fieldsWithoutEffect(config: AgentConfig | GatewayConfig): readonly string[] {
  return fieldsBelow(shownConfig(config), 'connectors' in config ? AgentFile : GatewayFile, '');
}

function fieldsBelow(value: unknown, schema: SchemaNode | undefined, path: string): string[] {
  if (schema === undefined || value === undefined) return [];
  if (schema.withoutEffect === true) return isDefault(value, schema) ? [] : [path];
  if (Array.isArray(value)) {
    return value.flatMap((item, index) =>
      fieldsBelow(item, schemaChild(schema, index), `${path}[${nameOf(item) ?? `#${index + 1}`}]`),
    );
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, below]) =>
    fieldsBelow(below, schemaChild(schema, key), path === '' ? key : `${path}.${key}`),
  );
}

/** `60s` and `1m` are equal. */
function isDefault(value: unknown, { default: standard, field }: SchemaNode): boolean {
  const read = (text: unknown): unknown => {
    const result = field === undefined ? undefined : readField(field, String(text));
    return result?.ok === true ? result.value : text;
  };
  return JSON.stringify(read(value)) === JSON.stringify(read(standard));
}

function nameOf(item: unknown): string | undefined {
  const name = typeof item === 'object' && item !== null && 'name' in item ? item.name : undefined;
  return typeof name === 'string' ? name : undefined;
}
