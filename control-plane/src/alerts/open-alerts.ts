import type { GatewayConfig } from '@penstock/config-schema';
import type { FleetEvents } from '../events/events.ts';
import type { OpenFleet } from '../fleet/open-fleet.ts';
import { Alerts, type AlertsOptions } from './alerts.ts';
import { fleetFacts } from './fleet-facts.ts';

export type OpenAlertsOptions = Pick<AlertsOptions, 'store' | 'clock' | 'log'> & {
  /** The configuration in force. */
  readonly config: () => GatewayConfig;
  readonly fleet: Pick<OpenFleet, 'agents' | 'pools' | 'certificateNotAfter' | 'onChange'>;
  readonly events: Pick<FleetEvents, 'publish'>;
};

/** The alerts of a gateway, over its fleet. The caller stops them before fleet and store. Throws StoreError. */
export async function openAlerts(options: OpenAlertsOptions): Promise<Alerts> {
  const { store, clock, log, config, fleet, events } = options;
  const alerts = await Alerts.open({
    store,
    clock,
    log,
    config: config(),
    facts: () => fleetFacts(fleet, config(), clock.wall()),
    onFactsChanged: (listener) => fleet.onChange(() => listener()),
  });
  alerts.onChange(({ id, condition, subject, state, detail }) =>
    events.publish('alert', { id, condition, subject, state, detail }),
  );
  return alerts;
}
