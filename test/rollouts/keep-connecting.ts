import { TestClient } from '../rig/client.ts';

/** Clients that come one after another until `signal` is aborted; resolves with how many were not served. */
export async function keepConnecting(
  port: () => number,
  signal: AbortSignal,
): Promise<{ readonly failed: number }> {
  let failed = 0;
  while (!signal.aborted) {
    await using client = await TestClient.connect({ host: '127.0.0.1', port: port() });
    client.send('ping');
    const echoed = await client.read(4, 10_000).catch(() => undefined);
    if (echoed?.toString() !== 'ping') failed += 1;
  }
  return { failed };
}
