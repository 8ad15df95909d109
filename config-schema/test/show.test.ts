import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { AgentConfig } from '../src/agent-config.ts';
import type { GatewayConfig } from '../src/gateway-config.ts';
import { type ParseOptions, type ParseResult, parseAgentConfig, parseGatewayConfig } from '../src/parse.ts';
import { showConfig, yamlText } from '../src/show.ts';
import { unquotedText } from '../src/yaml/unquoted-text.ts';
import { comparable } from './rig/comparable.ts';
import { hostOf } from './rig/host-of.ts';
import { validAgentFile, validGatewayFile } from './rig/valid-file.ts';
import type { ReferringFile } from './rig/with-references.ts';

describe('a shown configuration', () => {
  test('of an agent loads again as the same', () => {
    fc.assert(fc.property(validAgentFile, (file) => survives(file, parseAgentConfig)));
  });

  test('of a gateway loads again as the same', () => {
    fc.assert(fc.property(validGatewayFile, (file) => survives(file, parseGatewayConfig)));
  });
});

test('text with a character that cannot be seen is quoted', () => {
  for (const odd of ['\u2028', '\u00a0', '\u200b']) {
    assert.equal(yamlText({ path: `/etc/!${odd}` }), `path: "/etc/!${odd}"\n`);
  }
  assert.equal(yamlText({ path: '/etc/plain' }), 'path: /etc/plain\n');
});

test('text that a file may have in quotes only is quoted', () => {
  for (const text of ['$${{$a}}#', 'a, *b', `one\n{{two}} ${'long '.repeat(10)}`]) {
    const shown = yamlText({ text });
    assert.equal(shown, `text: ${JSON.stringify(text)}\n`);
    assert.deepEqual(unquotedText(shown, false), []);
  }
});

function survives(
  file: ReferringFile,
  parse: (text: string, options: ParseOptions) => ParseResult<AgentConfig | GatewayConfig>,
): void {
  const options = hostOf(file);
  const loaded = parse(yamlText(file.content), options);
  if (!loaded.ok) assert.fail(JSON.stringify(loaded.problems, undefined, 1));
  const shown = showConfig(loaded.config);
  const again = parse(shown, { ...options, directory: '/somewhere/else' });
  if (!again.ok) assert.fail(`${shown}\n${JSON.stringify(again.problems, undefined, 1)}`);
  assert.deepEqual(comparable(again.config), comparable(loaded.config));
  assert.equal(showConfig(again.config), shown);
}
