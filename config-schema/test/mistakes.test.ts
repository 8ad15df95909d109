import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseAgentConfig, parseGatewayConfig } from '../src/parse.ts';
import type { ConfigProblem } from '../src/problem.ts';
import { MINIMAL_AGENT, MINIMAL_GATEWAY } from './rig/minimal-file.ts';

const options = { environment: { HOSTNAME: 'a' }, readFile: () => '' };

function problemsOf(text: string): readonly ConfigProblem[] {
  const result = (text.includes('kind: Gateway') ? parseGatewayConfig : parseAgentConfig)(text, options);
  return result.ok ? [] : result.problems;
}

/** The single problem of a file. */
function only(text: string): ConfigProblem {
  const problems = problemsOf(text);
  assert.equal(problems.length, 1, JSON.stringify(problems, undefined, 1));
  const [problem] = problems;
  assert.ok(problem);
  return problem;
}

const marked = ({ excerpt }: ConfigProblem) => {
  const [line = '', carets = ''] = excerpt.split('\n');
  return line.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1);
};

describe('a character that cannot be seen is named by code point and place:', () => {
  const cases: readonly (readonly [text: string, words: RegExp, line: number, column: number])[] = [
    [MINIMAL_AGENT.replace('pool: dc1', 'pool:\u{a0}dc1'), /U\+00A0 \(no-break space\)/, 5, 6],
    [MINIMAL_AGENT.replace('  url:', '\u{a0}\u{a0}url:'), /U\+00A0/, 7, 1],
    [MINIMAL_AGENT.replace('address:', 'addr\u{200b}ess:'), /U\+200B \(zero-width space\)/, 10, 45],
    [MINIMAL_AGENT.replace('name: agent-1', 'name: agent\u{feff}-1'), /U\+FEFF \(byte order mark\)/, 4, 12],
    [MINIMAL_AGENT.replace('version: 3', 'version:\u{3000}3'), /U\+3000 \(ideographic space\)/, 3, 9],
    [MINIMAL_AGENT.replace('kind: Agent', 'kind: Agent\u{2028}'), /U\+2028 \(line separator\)/, 2, 12],
  ];
  for (const [text, words, line, column] of cases) {
    test(words.source, () => {
      const [problem] = problemsOf(text);
      assert.match(problem?.message ?? '', words);
      assert.deepEqual([problem?.line, problem?.column], [line, column]);
      for (const each of problemsOf(text)) assert.match(each.message, words);
    });
  }

  test('but not in comments, nor the byte order mark at the beginning of a file', () => {
    assert.deepEqual(problemsOf(`\u{feff}# a\u{a0}comment\n${MINIMAL_AGENT}# one\u{200b} more\n`), []);
  });

  test('typographic quotes too', () => {
    assert.match(
      only(MINIMAL_AGENT.replace('agent-1', '\u{201c}agent-1\u{201d}')).message,
      /U\+201C \(left double/,
    );
    const problems = problemsOf(MINIMAL_AGENT.replace('pool:', '\u{2018}pool\u{2019}:'));
    const problem = problems.find(({ code }) => code === 'UNKNOWN_KEY');
    assert.match(problem?.suggestion ?? '', /U\+2018 \(left single quotation mark\)/);
  });
});

test('a tab is one problem, where it stands', () => {
  const problem = only(MINIMAL_AGENT.replace('  url:', '\turl:'));
  assert.deepEqual([problem.line, problem.column, problem.length], [7, 1, 1]);
  assert.match(problem.message, /tab/);
  const two = problemsOf(MINIMAL_AGENT.replace('  url:', '\turl:').replace('  pins:', '\tpins:'));
  assert.deepEqual(
    two.map(({ line }) => line),
    [7, 8],
  );
});

test('a number that is not whole is called what it is', () => {
  const said = (number: string) => only(MINIMAL_AGENT.replace('version: 3', `version: ${number}`)).message;
  assert.match(said('1.5'), /must be a whole number, not a number with a fraction\./);
  assert.match(said('.inf'), /must be a whole number, not infinity\./);
  assert.match(said('.nan'), /must be a whole number, not the value that is not a number\./);
});

test('a value followed by a block is one problem', () => {
  const problem = only(MINIMAL_AGENT.replace('connectors:\n', 'connectors: orders-db\n'));
  assert.match(problem.message, /a nested mapping cannot be on the same line as its key/);
});

test('merge keys are said to be unsupported', () => {
  const problem = only(MINIMAL_AGENT.replace('gateway:\n', 'gateway:\n  <<: {sessions: 2}\n'));
  assert.match(problem.message, /Merge keys \(`<<`\) are not part of YAML 1\.2 and not supported/);
  assert.equal(marked(problem), '<<');
});

describe('plain text that YAML takes for something else is marked, with its quotes:', () => {
  const probe = (rule: string) => `${MINIMAL_AGENT}policy:\n  probe:\n    allow: ${rule}\n`;
  const cases: readonly (readonly [text: string, mark: string, suggestion: string])[] = [
    [probe('[*]'), '*', '"*"'],
    [probe('[*.internal:5432, 10.0.0.0/8:1-65535]'), '*.internal:5432', '"*.internal:5432"'],
    [probe('\n      - *.internal:5432'), '*.internal:5432', '"*.internal:5432"'],
    [probe('[&x.internal:5432]').replace('&x.i', '&.i'), '&.internal:5432', '"&.internal:5432"'],
    [MINIMAL_AGENT.replace('agent-1', '@agent-1'), '@agent-1', '"@agent-1"'],
    [MINIMAL_AGENT.replace('agent-1', '`hostname`'), '`hostname`', '"`hostname`"'],
    [
      MINIMAL_AGENT.replace('orders.internal:5432', '[2001:db8::1]:5432'),
      '[2001:db8::1]:5432',
      '"[2001:db8::1]:5432"',
    ],
    [`${MINIMAL_AGENT}local:\n  listen: [::1]:9070\n`, '[::1]:9070', '"[::1]:9070"'],
    [probe('[[fd00::]/8:443]'), '[fd00::]/8:443', '"[fd00::]/8:443"'],
    [MINIMAL_AGENT.replace('agent-1', '{{ HOSTNAME }}'), '{{ HOSTNAME }}', '"${env:HOSTNAME}"'],
    [MINIMAL_AGENT.replace('agent-1', '{{ .Env.HOSTNAME }}'), '{{ .Env.HOSTNAME }}', '${env:'],
  ];
  for (const [text, mark, suggestion] of cases) {
    test(mark, () => {
      const problem = only(text);
      assert.equal(marked(problem), mark);
      assert.ok(problem.suggestion.includes(suggestion), problem.suggestion);
    });
  }

  test('and anchors with their aliases remain what they are', () => {
    assert.deepEqual(
      problemsOf(MINIMAL_AGENT.replace('agent-1', '&n dc1').replace('pool: dc1', 'pool: *n')),
      [],
    );
  });
});

describe('what other programs write suggests what is written here:', () => {
  const remote = (more: string) => `${MINIMAL_AGENT}policy: {remote: ${more}}\n`;
  const connector = (more: string) => MINIMAL_AGENT.replace('address: orders.internal:5432', more);
  const cases: readonly (readonly [text: string, suggestion: RegExp])[] = [
    [MINIMAL_GATEWAY.replace('0.0.0.0:15432', '23307'), /0\.0\.0\.0:23307/],
    [MINIMAL_GATEWAY.replace('0.0.0.0:15432', '":23307"'), /0\.0\.0\.0/],
    [MINIMAL_GATEWAY.replace('0.0.0.0:15432', '"*:23307"'), /^Write it as 0\.0\.0\.0:PORT for every address/],
    [
      MINIMAL_GATEWAY.replace('10.0.0.0/8', '0.0.0.0'),
      /^For every address, write 0\.0\.0\.0\/0 and ::\/0\.$/,
    ],
    [MINIMAL_GATEWAY.replace('10.0.0.0/8', '"*"'), /^For every address, write/],
    [MINIMAL_GATEWAY.replace('10.0.0.0/8', 'any'), /^For every address, write/],
    [remote('{logs: true}'), /Write `allow`\. Possible values: allow, deny/],
    [remote('{restart: false}'), /Write `deny`/],
    [connector('host: orders.internal'), /`address: db\.internal:5432`/],
    [connector('port: 5432'), /`address: db\.internal:5432`/],
    [connector('address: 5432'), /db\.internal:5432/],
    [MINIMAL_AGENT.replace('agent-1', '$HOSTNAME'), /\$\{env:HOSTNAME\}/],
    [MINIMAL_AGENT.replace('agent-1', '${HOSTNAME}'), /\$\{env:HOSTNAME\}/],
    [MINIMAL_AGENT.replace('agent-1', '$(HOSTNAME)'), /\$\{env:HOSTNAME\}/],
    [MINIMAL_AGENT.replace('agent-1', '"{{ HOSTNAME }}"'), /\$\{env:HOSTNAME\}/],
    [MINIMAL_AGENT.replace('agent-1', '"%HOSTNAME%"'), /\$\{env:HOSTNAME\}/],
    [`${MINIMAL_AGENT}identity: {directory: "$HOME/agent"}\n`, /\$\{env:/],
    [`${MINIMAL_AGENT}identity: {directory: ~/agent}\n`, /\$\{env:HOME\}/],
    [`${MINIMAL_AGENT}identity: {directory: ~penstock/agent}\n`, /\$\{env:HOME\}/],
    [`${MINIMAL_AGENT}upgrade: {source: ~/releases}\n`, /\$\{env:HOME\}/],
    [connector('address: db:1').replace('kind: postgresql', 'kind: mssql'), /Did you mean `sqlserver`/],
    [connector('address: db:1').replace('kind: postgresql', 'kind: mariadb'), /Did you mean `mysql`/],
    [connector('address: db:1').replace('kind: postgresql', 'kind: PG'), /Did you mean `postgresql`/],
    [connector('address: db:1').replace('kind: postgresql', 'kind: valkey'), /Did you mean `redis`/],
    [connector('address: "[::1]"'), /^Write it as \[2001:db8::1\]:5432\.$/],
    [`${MINIMAL_AGENT}identity: {enrollmentToken: $TOKEN}\n`, /^Write \$\{env:TOKEN\}\.$/],
    [`${MINIMAL_AGENT}identity: {enrollmentToken: "%TOKEN%"}\n`, /^Write \$\{env:TOKEN\}\.$/],
    [`${MINIMAL_AGENT}identity: {enrollmentToken: "{{ TOKEN }}"}\n`, /^Write \$\{env:TOKEN\}\.$/],
  ];
  for (const [text, suggestion] of cases) {
    test(suggestion.source, () => assert.match(only(text).suggestion, suggestion));
  }
});
