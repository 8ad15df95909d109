import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startProxyPair } from '../ingress/proxy-pair.ts';
import { TestClient } from '../rig/client.ts';
import { startEcho } from '../rig/targets.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';

/** https://github.com/summerwind/h2spec */
const isInstalled = () => {
  try {
    execFileSync('h2spec', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

/** The cases of h2spec that failed, as `section: description`. */
async function failuresOf(port: number, options: readonly string[]): Promise<readonly string[]> {
  await using directory = await temporaryDirectory();
  const report = join(directory.path, 'report.xml');
  const args = [
    '--host',
    '127.0.0.1',
    '--port',
    `${port}`,
    '--timeout',
    '1',
    '--junit-report',
    report,
    ...options,
  ];
  // The exit code says only that a case has failed.
  await new Promise<void>((resolve) => execFile('h2spec', args, { timeout: 300_000 }, () => resolve()));
  const results = await readFile(report, 'utf8');
  const cases = results.match(/<testcase /g)?.length ?? 0;
  assert.ok(cases > 100, `${cases} cases were run`);
  const failed: string[] = [];
  for (const [, attributes = '', body = ''] of results.matchAll(
    /<testcase ([^>]*[^/])>(.*?)<\/testcase>/gs,
  )) {
    const attribute = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(attributes)?.[1] ?? '';
    if (/<(failure|error)/.test(body)) failed.push(`${attribute('package')}: ${attribute('classname')}`);
  }
  return failed.sort();
}

/** A frame on a stream that has ended starts no request: the route has answered or refused already, and its bytes are discarded. */
const AFTER_END = 'nothing reads the stream any longer, and no request starts';
const NO_PRIORITIES = 'priorities are deprecated (RFC 9113 section 5.3.2) and not used';

/**
 * What Node does not refuse, or refuses in another way than h2spec expects, each with the reason why it is harmless. The table in
 * docs/security.md has the same. A case that passes one day is not missed.
 */
const HARMLESS: Readonly<Record<string, string>> = {
  'http2/5.1.1: Sends stream identifier that is numerically smaller than previous':
    'the stream is refused, or the connection closes without the expected code: no request starts',
  'http2/5.1: closed: Sends a DATA frame': AFTER_END,
  'http2/5.1: closed: Sends a DATA frame after sending RST_STREAM frame': AFTER_END,
  'http2/5.1: closed: Sends a HEADERS frame': AFTER_END,
  'http2/5.1: closed: Sends a HEADERS frame after sending RST_STREAM frame': AFTER_END,
  'http2/5.3.1: Sends PRIORITY frame that depend on itself': NO_PRIORITIES,
  'http2/6.3: Sends a PRIORITY frame with 0x0 stream identifier': NO_PRIORITIES,
  'http2/6.7: Sends a PING frame with ACK': 'it answers no PING of ours, so it is ignored',
  'http2/6.9.1: Sends multiple WINDOW_UPDATE frames increasing the flow control window to above 2^31-1 on a stream':
    'it lets us send more on that stream alone, and tunnel.memoryBudget bounds what is queued',
  // These depend on whether an answer has left before the frame arrives, or on the port.
  'http2/5.1: half closed (remote): Sends a DATA frame': AFTER_END,
  'http2/5.1: half closed (remote): Sends a HEADERS frame': AFTER_END,
  'http2/6.1: Sends a DATA frame on the stream that is not in &#34;open&#34; or &#34;half-closed (local)&#34; state':
    AFTER_END,
  'http2/3.5: Sends invalid connection preface':
    'on the ingress the bytes are read as HTTP/1.1 and refused as such',
};

/** Failures that are not known. h2spec waits a second for each answer, so a case counts only if it fails twice. */
async function newFailuresOf(port: number, options: readonly string[]): Promise<readonly string[]> {
  const isNew = (each: string) => !Object.hasOwn(HARMLESS, each);
  const failed = (await failuresOf(port, options)).filter(isNew);
  if (failed.length === 0) return [];
  const again = new Set(await failuresOf(port, options));
  return failed.filter((each) => again.has(each));
}

test('h2spec finds nothing new on the tunnel port and the HTTP CONNECT ingress', {
  skip: !isInstalled() && 'h2spec is not installed',
  timeout: 600_000,
}, async () => {
  await using echo = await startEcho();
  await using pair = await startProxyPair({
    targets: { db: echo.address.port },
    ingress: { httpConnect: { listen: '127.0.0.1:0' }, tls: 'off', grant: 'none' },
  });
  assert.deepEqual(await newFailuresOf(pair.gateway.tunnel.port, ['--tls', '--insecure']), []);
  assert.deepEqual(await newFailuresOf(pair.port('db'), []), []);
  await using client = await TestClient.connect({ host: '127.0.0.1', port: pair.port('db') });
  client.send('CONNECT db:1 HTTP/1.1\r\nHost: db:1\r\n\r\n');
  assert.match(String(await client.read(12)), /200/, 'clients are still served');
});
