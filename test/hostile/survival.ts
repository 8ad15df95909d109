import assert from 'node:assert/strict';
import { deadline } from '../rig/deadline.ts';
import { eventually } from '../rig/eventually.ts';
import type { Target } from './target.ts';

/** The parts of an attacker that `survives` needs. */
export type Attacker = AsyncDisposable & { readonly closed: Promise<unknown> };

export type SurvivalOptions = {
  /** Milliseconds after the attack within which the gateway must close every attacker. */
  readonly closedWithin?: number;
  /** Bytes by which the gateway's memory may grow at most. */
  readonly memory?: number;
};

const MIB = 1024 * 1024;
const SAMPLING_INTERVAL_MS = 25;

/**
 * Runs an attack and asserts that the gateway serves clients all the time, closes every attacker in time, does not use
 * more memory than allowed, and has as many connections afterward as before. `attack` returns its attackers and need not
 * wait for their close.
 */
export async function survives(
  target: Target,
  attack: () => Promise<readonly Attacker[]>,
  { closedWithin = 2_500, memory = 64 * MIB }: SurvivalOptions = {},
): Promise<void> {
  const before = { connections: await target.connections(), memory: target.memory() };
  let peak = before.memory;
  const sampler = setInterval(() => {
    peak = Math.max(peak, target.memory());
  }, SAMPLING_INTERVAL_MS);
  let attacking: 'yes' | 'no' = 'yes';
  const serving = (async () => {
    while (attacking === 'yes') await target.serve();
  })();
  serving.catch(() => {});
  let attackers: readonly Attacker[] = [];
  try {
    attackers = await attack();
    await deadline(
      'every attacker to be closed',
      Promise.all(attackers.map(({ closed }) => closed)),
      closedWithin,
    );
    attacking = 'no';
    await serving;
    await target.serve();
    await eventually(
      'all connections of attackers to be closed',
      async () => (await target.connections()) === before.connections,
    );
    const grown = peak - before.memory;
    assert.ok(grown < memory, `the gateway grew by ${Math.round(grown / MIB)} MiB`);
    assert.ok(target.gateway.running);
  } finally {
    attacking = 'no';
    clearInterval(sampler);
    for (const attacker of attackers) await attacker[Symbol.asyncDispose]();
  }
}
