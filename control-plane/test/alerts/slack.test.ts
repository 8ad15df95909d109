import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlertTransition } from '../../src/alerts/message.ts';
import { messageBody, testMessageBody } from '../../src/alerts/message-body.ts';
import type { SlackMessage } from '../../src/alerts/slack.ts';
import { alertRow } from './scene.ts';

const content = { id: 'm1', receiver: 'chat', organization: 'acme', at: 0 };
const message = (transitions: readonly AlertTransition[]) =>
  JSON.parse(messageBody('slack', { ...content, transitions })) as SlackMessage;
const resolved = { state: 'resolved', resolvedAt: 9_000 } as const;

test('a message has counts, subjects and advice, and one color each for firing and resolved', () => {
  const { text, attachments } = message([
    { kind: 'firing', alert: alertRow('orders-1') },
    { kind: 'resolved', alert: alertRow('orders-2', resolved) },
  ]);
  assert.equal(text, 'Penstock, acme: 1 firing, 1 resolved.');
  const [red, green] = attachments;
  assert.match(
    red?.text ?? '',
    /^\*agent-stale\* agent:orders-1: The gateway has received no .* The agent is silent\.\n.* For details, run penstock-gateway agent show orders-1\.$/,
  );
  assert.equal(green?.text, '*agent-stale* agent:orders-2 is resolved.');
  assert.notEqual(red?.color, green?.color);
});

test('a message lists 20 alerts and counts the others', () => {
  const transitions = Array.from({ length: 300 }, (_, at) => ({
    kind: 'firing' as const,
    alert: alertRow(`a${at}`),
  }));
  const { text, attachments } = message(transitions);
  assert.equal(text, 'Penstock, acme: 300 firing. 280 more: run penstock-gateway alert list.');
  assert.equal(attachments[0]?.text.match(/\*agent-stale\*/g)?.length, 20);
});

test('text from an agent is not interpreted as markup', () => {
  const detail = '<!channel> & <https://evil.example|click>';
  const { attachments } = message([{ kind: 'firing', alert: alertRow('a', { detail }) }]);
  assert.match(attachments[0]?.text ?? '', /&lt;!channel&gt; &amp; &lt;https/);
  assert.doesNotMatch(attachments[0]?.text ?? '', /[<>]/);
});

test('text from an agent stays on its line, in the order it has', () => {
  const detail = 'one\nPenstock, acme: all is well.\u202e\u2028\u001b[8m';
  const { attachments } = message([{ kind: 'firing', alert: alertRow('a', { detail }) }]);
  assert.equal(attachments[0]?.text.split('\n').length, 2);
  assert.doesNotMatch(attachments[0]?.text ?? '', /[\p{Cf}\p{Zl}]|(?!\n)\p{Cc}/u);
});

test('a test message says that it is a test', () => {
  const { text, attachments } = JSON.parse(testMessageBody('slack', content)) as SlackMessage;
  assert.deepEqual([text, attachments], ['Penstock, acme: this is a test. Alerts for chat arrive here.', []]);
});

test('a message has a link to the console, if the gateway knows its URL', () => {
  const consoleUrl = 'https://gateway.example.com';
  const slack = JSON.parse(testMessageBody('slack', { ...content, consoleUrl })) as SlackMessage;
  assert.match(slack.text, / <https:\/\/gateway\.example\.com\/console\/alerts\|Open the console>$/);
  const json = JSON.parse(testMessageBody('json', { ...content, consoleUrl })) as { url?: string };
  assert.equal(json.url, 'https://gateway.example.com/console/alerts');
});
