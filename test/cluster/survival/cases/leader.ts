import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../../../rig/eventually.ts';
import type { Case } from '../case.ts';
import { REPLICAS } from '../site.ts';
import { leaderOf } from '../watch.ts';

const PAUSE_MS = 25_000;

/** Longer than its lease: it goes on as if it led, until it looks. */
export const pausedLeader: Case = {
  name: 'the leader is paused beyond its lease',
  isTimed: true,
  async run({ site, changes, check, fireAlert }) {
    const leader = leaderOf(site);
    if (leader === undefined) throw new Error('Nobody leads.');
    const others = REPLICAS.filter((name) => name !== leader);
    const alert = await fireAlert();
    // The pause is longer than what its clients wait for: those that are connected to it, or were about to be.
    const from = performance.now();
    const cutFrom = new Map([[leader, from]]);
    site.replica(leader).signal('SIGSTOP');
    try {
      await pause(PAUSE_MS);
      await eventually('another leader', () => others.includes(leaderOf(site, others) ?? leader), {
        within: 60_000,
      });
      await changes.make(others);
      await alert.resolve();
    } finally {
      site.replica(leader).signal('SIGCONT');
    }
    await eventually('the last leader to resign', () => leaderOf(site, [leader]) === undefined, {
      within: 60_000,
    });
    const next = leaderOf(site);
    check(next !== leader, `${leader} leads again.`);
    const until = performance.now();
    // The new leader has everything.
    const again = await fireAlert();
    await again.resolve();
    return { cutFrom, failing: { from, until }, facts: { leader, nextLeader: next ?? 'none' } };
  },
};
