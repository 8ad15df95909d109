import { globSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Case } from '../case.ts';
import { DRAIN_MS } from '../files.ts';
import { REPLICAS, type ReplicaName, type Site, START_TIMEOUT_MS } from '../site.ts';

const LIBRARIES = '/usr/lib/*/faketime/libfaketimeMT.so.1';
const SECONDS = 600;
const EXIT_MS = 20_000;
/** Longer than a renewal, at which a replica compares its clock with that of the database. */
const NOTICED_MS = 8_000;
const MAX_DIFFERENCE_MS = 5_000;

/** Replicas whose clock is ahead by 10 minutes, or behind, and then the other way round. */
export const clocks: Case = {
  name: 'the clocks of replicas are 10 minutes off and step',
  get isMissing() {
    return globSync(LIBRARIES).length === 0 ? 'libfaketime is not installed' : undefined;
  },
  async run({ site, changes, check, progress, fireAlert }) {
    const [library = ''] = globSync(LIBRARIES);
    const clockOf = (name: ReplicaName) => join(site.directory, `${name}.clock`);
    const set = (name: ReplicaName, seconds: number) =>
      writeFile(clockOf(name), `${seconds < 0 ? '' : '+'}${seconds}s\n`);
    const off = ['r1', 'r2'] as const;
    const cutFrom = new Map<ReplicaName, number>();
    const restart = async (name: ReplicaName, environment: Readonly<Record<string, string>>) => {
      cutFrom.set(
        name,
        Math.min(cutFrom.get(name) ?? Infinity, performance.now() + DRAIN_MS.settle + DRAIN_MS.timeout - 500),
      );
      await site.replica(name).stop('SIGTERM', DRAIN_MS.settle + DRAIN_MS.timeout + EXIT_MS);
      await site.startReplica(name, environment);
    };
    await Promise.all([set('r1', SECONDS), set('r2', -SECONDS)]);
    for (const name of off) {
      await restart(name, {
        LD_PRELOAD: library,
        FAKETIME_TIMESTAMP_FILE: clockOf(name),
        FAKETIME_CACHE_DURATION: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
        FAKETIME_FORCE_MONOTONIC_FIX: '0',
      });
    }
    const expectAgreement = async (when: string) => {
      progress(`${when}: changes, an alert, and a new agent with a session to each replica`);
      const answers = await changes.make();
      check(
        answers.every((status) => typeof status === 'number' && status < 300),
        `${when}: ${answers.join()}`,
      );
      await (await fireAlert()).resolve();
      await newAgent(site, when === 'apart' ? 'n1' : 'n2');
      for (const name of REPLICAS) {
        const { body } = await site.api(name, 'GET /agents/a1');
        const { skewMs } = (body['clock'] ?? {}) as { skewMs?: number };
        check(
          skewMs !== undefined && Math.abs(skewMs) < MAX_DIFFERENCE_MS,
          `${when}: by ${name}, the clock of a1 is off by ${skewMs} ms.`,
        );
      }
    };
    await expectAgreement('apart');
    progress('the clocks step by 20 minutes');
    await Promise.all([set('r1', -SECONDS), set('r2', SECONDS)]);
    await pause(NOTICED_MS);
    await expectAgreement('after a step');
    for (const name of off) await restart(name, {});
    return { cutFrom };
  },
};

/** An agent that enrolls now must be accepted by every replica: its certificate is dated by the database. */
async function newAgent(site: Site, name: string): Promise<void> {
  const { body } = await site.api('r3', 'POST /enrollment-tokens', { pool: 'dc1', uses: 1 });
  const gateway = {
    url: `https://127.0.0.1:${site.balanced.agents}`,
    pins: site.pins,
    trust: 'pins',
    sessions: 3,
    proxy: 'none',
  };
  const agent = await site.startAgent(name, {
    pool: 'dc1',
    token: String(body['token']),
    changes: { gateway },
  });
  try {
    const reached = new Set<unknown>();
    for (const session of [0, 1, 2]) {
      reached.add((await agent.json({ event: 'session-ready', session }, START_TIMEOUT_MS))['replica']);
    }
    if (reached.size < REPLICAS.length)
      throw new Error(`${name} has sessions to ${[...reached].join(', ')} only.`);
  } finally {
    await agent.stop('SIGTERM', 60_000);
    await site.api('r3', `POST /agents/${name}/revoke`);
  }
}
