import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceNotifier } from '../src/index.ts';

type Sent = { readonly path: string; readonly text: string };

function notifierOf(environment: Readonly<Record<string, string>>, works = true) {
  const sent: Sent[] = [];
  const fallbacks: (readonly string[])[] = [];
  const notifier = serviceNotifier({
    environment,
    pid: 7,
    send(path, text) {
      sent.push({ path, text });
      return works;
    },
    runFallback: (variables) => fallbacks.push(variables),
  });
  return { notifier, sent, fallbacks };
}

test('without systemd, nothing is sent', () => {
  const { notifier, sent } = notifierOf({});
  notifier.ready();
  notifier.stopping(1_000);
  notifier.stop();
  assert.deepEqual(sent, []);
});

test('readiness and the end are sent, with the time that the end takes', () => {
  const { notifier, sent } = notifierOf({ NOTIFY_SOCKET: '/run/notify' });
  notifier.ready();
  notifier.stopping(1_500);
  notifier.stop();
  assert.deepEqual(sent, [
    { path: '/run/notify', text: 'READY=1' },
    { path: '/run/notify', text: 'STOPPING=1\nEXTEND_TIMEOUT_USEC=1500000' },
  ]);
});

test('the watchdog gets three pings in its time, and none once stopped or for another process', (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] });
  const watched = { NOTIFY_SOCKET: '@x', WATCHDOG_USEC: '3000000' };
  const { notifier, sent } = notifierOf({ ...watched, WATCHDOG_PID: '7' });
  const pings = () => sent.filter(({ text }) => text === 'WATCHDOG=1').length;
  notifier.ready();
  notifier.ready();
  context.mock.timers.tick(3_000);
  assert.equal(pings(), 3);
  notifier.stop();
  context.mock.timers.tick(3_000);
  assert.equal(pings(), 3);
  const other = notifierOf({ ...watched, WATCHDOG_PID: '8' });
  other.notifier.ready();
  context.mock.timers.tick(3_000);
  assert.deepEqual(
    other.sent.map(({ text }) => text),
    ['READY=1'],
  );
});

test('systemd-notify is the fallback', () => {
  const { notifier, fallbacks } = notifierOf({ NOTIFY_SOCKET: '/run/notify' }, false);
  notifier.ready();
  notifier.stop();
  assert.deepEqual(fallbacks, [['READY=1']]);
});
