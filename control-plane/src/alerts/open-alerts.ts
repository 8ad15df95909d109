import type { GatewayConfig } from '@penstock/config-schema';
import type { Store } from '@penstock/store';
import type { ChangeFeed } from '../changes/change-feed.ts';
import type { FleetEvents } from '../events/events.ts';
import type { OpenFleet } from '../fleet/open-fleet.ts';
import type { Leadership } from '../leadership/leadership.ts';
import type { ActiveCondition } from './active-condition.ts';
import type { AlertsOptions } from './alerts.ts';
import type { ConnectionSnapshot } from './fleet-snapshot.ts';
import { type AlertService, LedAlerts } from './led-alerts.ts';
import { Silences } from './silences.ts';
import { takeFleetSnapshot } from './take-fleet-snapshot.ts';

export type OpenAlertsOptions = Required<Pick<AlertsOptions, 'clock' | 'log' | 'isWhole'>> & {
  /** The configuration in force. */
  readonly store: AlertsOptions['store'] & Pick<Store, 'silences'>;
  readonly config: () => GatewayConfig;
  readonly fleet: Pick<OpenFleet, 'agentsAfter' | 'pools' | 'certificateNotAfter' | 'onChange'>;
  /** The opens of every connection within health.failingOpensWindow. */
  readonly openOutcomes: () => Iterable<ConnectionSnapshot>;
  /** Conditions that other parts of the control plane have found. */
  readonly reported: () => readonly ActiveCondition[];
  readonly events: Pick<FleetEvents, 'publish'>;
  readonly leadership: Leadership;
  readonly changes: Pick<ChangeFeed, 'on'>;
};

/**
 * Starts the alerts of a gateway. The caller must stop them before it closes the fleet and the store. Throws StoreError.
 */
export async function openAlerts(
  options: OpenAlertsOptions,
): Promise<AlertService & { readonly silences: Silences }> {
  const { store, clock, log, config, fleet, openOutcomes, reported, events, leadership, isWhole, changes } =
    options;
  const silences = await Silences.open(store, clock.wall);
  const alerts = await LedAlerts.open({
    store,
    clock,
    log,
    leadership,
    isWhole,
    isSilenced: (alert) => silences.silenceOf(alert) !== undefined,
    config: config(),
    snapshot: () => takeFleetSnapshot(fleet, config(), openOutcomes(), reported(), clock.wall()),
    onFleetChange: (listener) => fleet.onChange(() => listener()),
  });
  changes.on(
    'alert',
    (ids) => alerts.refresh(ids),
    () => alerts.refresh(),
  );
  const refreshSilences = () => silences.refresh();
  changes.on('silence', refreshSilences, refreshSilences);
  alerts.onChange(({ id, condition, subject, state, detail }) =>
    events.publish('alert', { id, condition, subject, state, detail }),
  );
  return Object.assign(alerts, { silences });
}
