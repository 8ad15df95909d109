import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '@penstock/runtime';
import { publish } from '../../test/rig/release-directory.ts';
import { publisher } from '../../test/rig/release-files.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import type { Observation } from '../src/host.ts';
import { Updater } from '../src/updater.ts';
import { currentVersion } from '../src/version-folders.ts';
import { FileHost, SERVICE } from './rig/file-host.ts';
import { quickLimits } from './rig/quick-limits.ts';

const OTHER = 'penstock-agent-b';

/** A host whose second service runs from the same pointer, and exits with some versions. */
class TwoServices extends FileHost {
  readonly #exitsWith: string;
  /** Versions with which the second service was started. */
  readonly started: string[] = [];
  #invocation = '';
  deniedBy = '';

  constructor(root: string, exitsWith: string) {
    super(root);
    this.#exitsWith = exitsWith;
  }

  override services() {
    return [SERVICE, OTHER].map((name) => ({ name, config: `/etc/penstock/${name}.yaml` }));
  }

  override isUpgradeAllowed(service?: { readonly name: string }): boolean {
    return service?.name !== this.deniedBy;
  }

  override restart(service: string): void {
    if (service === OTHER) {
      this.started.push(currentVersion(this.layout) ?? '');
      this.#invocation = randomUUID();
    } else super.restart(service);
  }

  override observe(service: string): Observation {
    if (service !== OTHER) return super.observe(service);
    const exits = this.started.at(-1) === this.#exitsWith;
    return { state: exits ? 'restarting' : 'active', isHung: false, invocation: this.#invocation };
  }

  override health(service: string) {
    const health = super.health(service);
    if (service !== OTHER || health === undefined) return health;
    return { ...health, version: this.started.at(-1) ?? '' };
  }
}

async function upgrade(root: string, { exitsWith = '', deniedBy = '' } = {}) {
  const host = new TwoServices(root, exitsWith);
  host.install('1.0.0');
  host.restart(OTHER);
  host.change({ asking: SERVICE });
  host.deniedBy = deniedBy;
  const release = publisher();
  const files = join(root, 'files');
  publish(files, release, '2.0.0');
  host.ask({ to: '2.0.0', files });
  const updater = new Updater({
    host,
    limits: quickLimits,
    sequence: 10,
    rootKeys: release.trust.rootKeys,
    clock: systemClock,
    log: () => {},
  });
  updater.recover(false);
  await updater.run();
  const { phase } = updater.journal;
  return { host, phase: phase.name, code: 'code' in phase ? phase.code : undefined };
}

test('two services on one binary switch together', async () => {
  await using directory = await temporaryDirectory();
  const { host, phase } = await upgrade(directory.path);
  assert.equal(phase, 'committed');
  assert.deepEqual([host.state.service.version, host.started.at(-1)], ['2.0.0', '2.0.0']);
});

test('of two services on one binary, one that fails takes the other back', async () => {
  await using directory = await temporaryDirectory();
  const { host, phase, code } = await upgrade(directory.path, { exitsWith: '2.0.0' });
  assert.deepEqual([phase, code], ['rolled-back', 'EXITED']);
  assert.deepEqual([host.state.service.version, host.started], ['1.0.0', ['1.0.0', '2.0.0', '1.0.0']]);
});

test('of two services on one binary, one whose owner denies upgrades keeps the other as it is', async () => {
  await using directory = await temporaryDirectory();
  const { host, phase, code } = await upgrade(directory.path, { deniedBy: OTHER });
  assert.deepEqual([phase, code], ['failed', 'DENIED_LOCALLY']);
  assert.deepEqual([host.state.service.version, host.started], ['1.0.0', ['1.0.0']]);
});
