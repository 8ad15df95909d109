import type { ChangeFeed, Grants, Identity, OpenFleet } from '@penstock/control-plane';
import type { Store } from '@penstock/store';

export type FollowedParts = {
  readonly store: Pick<Store, 'announceAudit'>;
  readonly identity: Pick<Identity, 'revocation'>;
  readonly fleet: Pick<OpenFleet, 'agentsChanged' | 'refresh' | 'refreshPins'>;
  readonly grants: Pick<Grants, 'apply' | 'reload'>;
};

/**
 * Has what is in memory follow the store: which agents there are and which of them are revoked or drained, pins, grants,
 * and, by their audit entries, ended tokens and console sessions.
 */
export function followChanges(
  changes: Pick<ChangeFeed, 'on'>,
  { store, identity, fleet, grants }: FollowedParts,
): void {
  // Revoked first: the fleet reads thousands of agents when it reads everything.
  changes.on(
    'agent',
    (ids) => fleet.agentsChanged(ids),
    async () => {
      await identity.revocation.reload();
      await fleet.refresh();
    },
  );
  changes.on(
    'identity',
    (ids) => fleet.agentsChanged(ids),
    () => {},
  );
  changes.on(
    'pin',
    () => fleet.refreshPins(),
    () => fleet.refreshPins(),
  );
  changes.on(
    'grant',
    (ids) => grants.apply(ids),
    () => grants.reload(),
  );
  changes.on(
    'audit',
    (ids) => store.announceAudit(ids),
    () => {},
  );
}
