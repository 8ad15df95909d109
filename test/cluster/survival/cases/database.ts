import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../../../rig/eventually.ts';
import type { Case, Stage } from '../case.ts';
import { REPLICAS } from '../site.ts';

const RECOVERY_TIMEOUT_MS = 90_000;

/** Expects that changes are refused with a reason, and never hang. */
async function expectRefused({ changes, check }: Stage, what: string): Promise<void> {
  const answers = await changes.make();
  check(
    answers.every((answer) => answer === 503),
    `While ${what}, changes were answered with ${answers.join(', ')}.`,
  );
}

/** Waits until every replica accepts changes. */
async function expectAccepted({ changes }: Stage): Promise<void> {
  await eventually(
    'every replica to accept changes',
    async () => (await changes.make()).every((answer) => answer === 201 || answer === 200),
    { within: RECOVERY_TIMEOUT_MS, state: () => changes.refused.slice(-REPLICAS.length) },
  );
}

export const stopped: Case = {
  name: 'the database is stopped',
  async run(stage) {
    const { site } = stage;
    await site.store.stop();
    await pause(1_000);
    await expectRefused(stage, 'the database is stopped');
    const alert = await stage.fireAlert();
    await alert.resolve();
    await site.store.restart();
    await expectAccepted(stage);
    return { mayRepeatAlerts: true };
  },
};

export const stalled = (seconds: number): Case => ({
  name: `the database stalls for ${seconds} s`,
  async run(stage) {
    const { site } = stage;
    await site.store.pause();
    const began = performance.now();
    await expectRefused(stage, 'the database stalls');
    const alert = await stage.fireAlert();
    await alert.resolve();
    await pause(Math.max(0, seconds * 1000 - (performance.now() - began)));
    await site.store.resume();
    await expectAccepted(stage);
    return { mayRepeatAlerts: true };
  },
});

/** Last: the store that was the first one is gone afterwards. */
export const failedOver: Case = {
  name: 'the database fails over to a standby that is read-only at first',
  async run(stage) {
    const { site, progress } = stage;
    const { standby } = site;
    if (standby === undefined) throw new Error('The store of this site has no standby.');
    await site.store.stop();
    site.storeSwitch.to(standby.address.port);
    await pause(3_000);
    await expectRefused(stage, 'the database is read-only');
    progress('promoting the standby');
    await standby.promote();
    await expectAccepted(stage);
    const alert = await stage.fireAlert();
    await alert.resolve();
    return { mayRepeatAlerts: true };
  },
};
