import fc from 'fast-check';
import { fieldKinds } from '../../src/field/field-kind.ts';
import { escapeTemplate } from '../../src/reference/template.ts';
import { type SchemaNode, schemaChild } from '../../src/schema/schema-node.ts';

/** A file's content with references, and the environment and files they refer to. */
export type ReferringFile = {
  readonly content: unknown;
  readonly environment: Readonly<Record<string, string>>;
  readonly files: ReadonlyMap<string, string>;
};

/** Replaces values by references: some where they are allowed, all where they are required. */
export function withReferences(content: unknown, schema: SchemaNode): fc.Arbitrary<ReferringFile> {
  return fc.infiniteStream(fc.integer({ min: 0, max: 11 })).map((choices) => {
    const environment: Record<string, string> = {};
    const files = new Map<string, string>();
    const refer = (text: string, secret: boolean): string => {
      const choice = choices.next().value ?? 0;
      const name = `V${Object.keys(environment).length}_${files.size}`;
      if (choice === 0 || (secret && choice > 6)) {
        files.set(`/etc/${name}`, `${text}\n`);
        return `\${file:/etc/${name}}`;
      }
      if (choice === 1 && !secret && text !== '' && !/[}$]/.test(text)) return `\${env:UNSET:-${text}}`;
      // A dollar sign before a reference would escape it.
      if (choice === 2 && !secret && !text.startsWith('$')) {
        environment[name] = text.slice(1);
        return `${escapeTemplate(text.slice(0, 1))}\${env:${name}}`;
      }
      if (choice > 3 && !secret) return escapeTemplate(text);
      environment[name] = text;
      return `\${env:${name}}`;
    };
    const walk = (value: unknown, below: SchemaNode | undefined): unknown => {
      if (Array.isArray(value)) return value.map((item) => walk(item, schemaChild(below, 0)));
      if (typeof value === 'object' && value !== null) {
        return Object.fromEntries(
          Object.entries(value).map(([key, item]) => [key, walk(item, schemaChild(below, key))]),
        );
      }
      if (below?.literal === true) return value;
      const secret = below?.field !== undefined && fieldKinds[below.field.is].literal === 'reference';
      const text = String(value);
      const written = refer(text, secret);
      return written === text ? value : written;
    };
    return { content: walk(content, schema), environment, files };
  });
}
