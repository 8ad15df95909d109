import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compose, composeTest } from '../../src/alerts/compose.ts';
import type { Notice } from '../../src/alerts/message.ts';
import type { SlackMessage } from '../../src/alerts/slack.ts';
import { alertRow } from './scene.ts';

const content = { id: 'm1', receiver: 'chat', organization: 'acme', at: 0 };
const message = (notices: readonly Notice[]) =>
  JSON.parse(compose('slack', { ...content, notices })) as SlackMessage;
const over = { state: 'resolved', resolvedAt: 9_000 } as const;

test('says how many, which, and what to do, in two colors', () => {
  const { text, attachments } = message([
    { kind: 'firing', alert: alertRow('orders-1') },
    { kind: 'resolved', alert: alertRow('orders-2', over) },
  ]);
  assert.equal(text, 'Penstock, acme: 1 firing, 1 resolved.');
  const [red, green] = attachments;
  assert.match(
    red?.text ?? '',
    /^\*agent-stale\* agent:orders-1: An agent has shown .* It is silent\.\nRun penstock-/,
  );
  assert.equal(green?.text, '*agent-stale* agent:orders-2 is over.');
  assert.notEqual(red?.color, green?.color);
});

test('is cut where nobody reads on, with the number of the others', () => {
  const notices = Array.from({ length: 300 }, (_, at) => ({
    kind: 'firing' as const,
    alert: alertRow(`a${at}`),
  }));
  const { text, attachments } = message(notices);
  assert.equal(text, 'Penstock, acme: 300 firing. 280 more are not shown: penstock-gateway alert list.');
  assert.equal(attachments[0]?.text.match(/\*agent-stale\*/g)?.length, 20);
});

test('nothing that an agent says is read as markup', () => {
  const detail = '<!channel> & <https://evil.example|click>';
  const { attachments } = message([{ kind: 'firing', alert: alertRow('a', { detail }) }]);
  assert.match(attachments[0]?.text ?? '', /&lt;!channel&gt; &amp; &lt;https/);
  assert.doesNotMatch(attachments[0]?.text ?? '', /[<>]/);
});

test('a test says that it is one', () => {
  const { text, attachments } = JSON.parse(composeTest('slack', content)) as SlackMessage;
  assert.deepEqual([text, attachments], ['Penstock, acme: this is a test. Alerts for chat arrive here.', []]);
});
