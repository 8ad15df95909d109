import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { checkConfig, type ParseResult, parseAgentConfig, parseGatewayConfig } from '../src/parse.ts';
import { configProblemCodes } from '../src/problem.ts';
import { showConfig } from '../src/show.ts';
import { hostOf } from './rig/host-of.ts';
import { MINIMAL_AGENT, MINIMAL_GATEWAY } from './rig/minimal-file.ts';
import { validAgentFile, validGatewayFile } from './rig/valid-file.ts';

const FULL_AGENT = `# a comment
${MINIMAL_AGENT}policy: {deny: [169.254.0.0/16, "::1/128"], probe: {allow: ["*.internal:5432"]}}
identity:
  enrollmentToken: \${file:/token}
  directory: |-
    /var/lib
drain: {timeout: &short 5s}
dns: {cacheTtl: *short }
`;
const host = hostOf({ environment: { A: 'a' }, files: new Map([['/token', 'secret']]) });

const edit = fc.record({
  kind: fc.constantFrom('flip', 'delete', 'insert', 'repeat', 'move'),
  at: fc.nat(),
  length: fc.integer({ min: 1, max: 40 }),
  byte: fc.oneof(
    fc.integer({ min: 0, max: 255 }),
    fc.constantFrom(...Buffer.from('\n\t\r :-{}[],&*!|>\'"%@`#?$\\')),
  ),
});
const edits = fc.array(edit, { minLength: 1, maxLength: 6 });
type Edit = typeof edit extends fc.Arbitrary<infer Value> ? Value : never;

describe('a broken file causes problems, never a crash:', () => {
  test('changed bytes of an agent.yaml', () => {
    assert.ok(parseAgentConfig(FULL_AGENT, host).ok);
    fc.assert(fc.property(edits, (list) => survives(mutate(FULL_AGENT, list), parseAgentConfig)));
  });

  test('changed bytes of a gateway.yaml', () => {
    fc.assert(fc.property(edits, (list) => survives(mutate(MINIMAL_GATEWAY, list), parseGatewayConfig)));
  });

  test('replaced, removed, or added parts of a valid file', () => {
    const path = fc.array(fc.nat(20), { minLength: 1, maxLength: 5 });
    const value = fc.option(fc.jsonValue({ maxDepth: 3 }), { nil: undefined });
    fc.assert(
      fc.property(validAgentFile, path, value, fc.string(), ({ content }, steps, replacement, key) =>
        survives(stringify(replaced(content, steps, replacement, key)), parseAgentConfig),
      ),
    );
    fc.assert(
      fc.property(validGatewayFile, path, value, fc.string(), ({ content }, steps, replacement, key) =>
        survives(stringify(replaced(content, steps, replacement, key)), parseGatewayConfig),
      ),
    );
  });

  test('arbitrary text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.jsonValue().map((value) => stringify(value)),
    );
    fc.assert(fc.property(text, (input) => survives(input, parseAgentConfig)));
    fc.assert(fc.property(text, (input) => survives(MINIMAL_AGENT + input, parseAgentConfig)));
  });

  test('a readFile that throws something other than an error', () => {
    const failing = { ...host, readFile: () => fail('no text') };
    const text = `${MINIMAL_AGENT}identity: {enrollmentToken: "\${file:/token}"}\n`;
    const result = parseAgentConfig(text, failing);
    assert.deepEqual(result.ok ? [] : result.problems.map(({ code }) => code), [
      'REFERENCED_FILE_UNREADABLE',
    ]);
  });
});

function fail(error: unknown): never {
  throw error;
}

function survives(
  text: string,
  parse: (text: string, options: typeof host) => ParseResult<Parameters<typeof showConfig>[0]>,
): void {
  const result = parse(text, host);
  const kind = parse === parseGatewayConfig ? 'Gateway' : 'Agent';
  const unreferenced = checkConfig(kind, text);
  if (result.ok) {
    assert.ok(unreferenced.ok, 'a file that loads is also valid without resolving references');
    assert.equal(unreferenced.source.digest, result.source.digest);
    showConfig(result.config);
    return;
  }
  const lines = text.replace(/^\u{feff}/u, '').split('\n');
  assert.ok(result.problems.length > 0);
  for (const { code, line, column, length, message, suggestion } of result.problems) {
    assert.ok(code in configProblemCodes);
    const source = lines[line - 1];
    assert.ok(source !== undefined, `line ${line} of ${lines.length}`);
    assert.ok(
      column >= 1 && length >= 1 && column + length - 1 <= source.length + 1,
      `${line}:${column}+${length}`,
    );
    assert.match(message, /\S\.$/);
    assert.match(suggestion, /\S/);
  }
}

function mutate(text: string, list: readonly Edit[]): string {
  let bytes = Buffer.from(text);
  for (const { kind, at, length, byte } of list) {
    const start = at % (bytes.length + 1);
    const piece = bytes.subarray(start, start + length);
    const before = bytes.subarray(0, start);
    const after = bytes.subarray(start + length);
    const parts = {
      flip: [before, Buffer.from([byte]), bytes.subarray(start + 1)],
      delete: [before, after],
      insert: [before, Buffer.alloc(length % 4, byte), piece, after],
      repeat: [before, piece, piece, after],
      move: [before, after, piece],
    };
    bytes = Buffer.concat(parts[kind]);
  }
  return bytes.toString();
}

/** Returns the tree with one node replaced or removed, or with a neighbor added. */
function replaced(tree: unknown, steps: readonly number[], replacement: unknown, key: string): unknown {
  const [step, ...rest] = steps;
  if (step === undefined || typeof tree !== 'object' || tree === null) return replacement;
  if (Array.isArray(tree)) {
    const index = step % (tree.length + 1);
    return tree.toSpliced(index, 1, replaced(tree[index], rest, replacement, key));
  }
  const keys = Object.keys(tree);
  const chosen = keys[step % (keys.length + 1)] ?? key;
  return { ...tree, [chosen]: replaced(Reflect.get(tree, chosen), rest, replacement, key) };
}
