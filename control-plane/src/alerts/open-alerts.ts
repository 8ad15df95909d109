import type { GatewayConfig } from '@penstock/config-schema';
import type { FleetEvents } from '../events/events.ts';
import type { OpenFleet } from '../fleet/open-fleet.ts';
import type { ActiveCondition } from './active-condition.ts';
import { Alerts, type AlertsOptions } from './alerts.ts';
import type { ConnectionSnapshot } from './fleet-snapshot.ts';
import { takeFleetSnapshot } from './take-fleet-snapshot.ts';

export type OpenAlertsOptions = Pick<AlertsOptions, 'store' | 'clock' | 'log'> & {
  /** The configuration in force. */
  readonly config: () => GatewayConfig;
  readonly fleet: Pick<OpenFleet, 'agentsAfter' | 'pools' | 'certificateNotAfter' | 'onChange'>;
  /** The opens of every connection within health.failingOpensWindow. */
  readonly openOutcomes: () => Iterable<ConnectionSnapshot>;
  /** Conditions that other parts of the control plane have found. */
  readonly reported: () => readonly ActiveCondition[];
  readonly events: Pick<FleetEvents, 'publish'>;
};

/**
 * Starts the alerts of a gateway. The caller must stop them before it closes the fleet and the store. Throws StoreError.
 */
export async function openAlerts(options: OpenAlertsOptions): Promise<Alerts> {
  const { store, clock, log, config, fleet, openOutcomes, reported, events } = options;
  const alerts = await Alerts.open({
    store,
    clock,
    log,
    config: config(),
    snapshot: () => takeFleetSnapshot(fleet, config(), openOutcomes(), reported(), clock.wall()),
    onFleetChange: (listener) => fleet.onChange(() => listener()),
  });
  alerts.onChange(({ id, condition, subject, state, detail }) =>
    events.publish('alert', { id, condition, subject, state, detail }),
  );
  return alerts;
}
