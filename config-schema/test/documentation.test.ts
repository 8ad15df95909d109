import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { FileKind } from '../src/config-source.ts';
import { checkConfig } from '../src/parse.ts';
import { configProblemCodes } from '../src/problem.ts';
import { fieldRows } from '../src/schema/field-rows.ts';

const document = readFileSync(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8');

/** Returns the rows of the table after a marker, each as its cells. */
function rowsBehind(mark: string): string[][] {
  const [, rest = ''] = document.split(`<!-- ${mark} -->\n`);
  const [table = ''] = rest.split('<!-- end of ');
  const lines = table.trimEnd().split('\n').slice(2);
  return lines.map((line) => line.replace(/^\| | \|$/g, '').split(' | '));
}

describe('docs/configuration.md', () => {
  for (const kind of ['Agent', 'Gateway'] satisfies FileKind[]) {
    test(`lists exactly the fields of ${kind}, with type, default, and meaning`, () => {
      const fields = fieldRows(kind);
      assert.ok(fields.length > 40);
      assert.deepEqual(
        rowsBehind(`fields: ${kind}`),
        fields.map(({ path, type, standard, description }) => [`\`${path}\``, type, standard, description]),
      );
    });
  }

  test('lists exactly the problem codes', () => {
    assert.deepEqual(
      rowsBehind('problems'),
      Object.entries(configProblemCodes).map(([code, sentence]) => [`\`${code}\``, sentence]),
    );
  });

  test('contains only valid examples', () => {
    const files = [...document.matchAll(/```yaml\n(# yaml-language-server[\s\S]*?)```/g)].map(
      ([, text = '']) => text,
    );
    assert.deepEqual(
      files.map((text) => {
        const result = checkConfig(text.includes('kind: Agent') ? 'Agent' : 'Gateway', text);
        return result.ok ? result.source.kind : result.problems;
      }),
      ['Agent', 'Gateway'],
    );
  });
});
