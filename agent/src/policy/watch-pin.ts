import type { GatewayMessageOf, TunnelError } from '@penstock/wire';
import { ConfigPin } from './config-pin.ts';

type ConfigVersion = { readonly version: number; readonly digest: string };
type PinNotification = Pick<GatewayMessageOf<'pin'>, 'pin' | 'agentState'>;

/** The latest pin and state from the gateway, as `penstock-agent status` shows them. */
export type PinStatus = {
  readonly pin: (ConfigVersion & { readonly mode: string; readonly drifted: boolean }) | undefined;
  readonly agentState: string | undefined;
};

export type PinLog = (
  event: 'config-drift' | 'config-in-sync',
  fields: { readonly inForce: ConfigVersion; readonly pin: ConfigVersion | undefined },
) => void;

export type PinWatch = {
  /** Applies a welcome or a pin message. */
  update(notification: PinNotification): void;
  /** Call it when another configuration is in force. */
  configChanged(): void;
  /** Why opens are refused, or undefined if they are accepted. */
  refusal(): TunnelError | undefined;
  status(): PinStatus;
};

/** Follows the gateway's pin, and logs when the configuration in force starts or stops to differ from it. */
export function watchPin(inForce: () => ConfigVersion, log: PinLog): PinWatch {
  const configPin = new ConfigPin(inForce);
  let agentState: string | undefined;
  let logged: 'in-sync' | 'drift' = 'in-sync';
  const configChanged = () => {
    const current = configPin.hasDrifted ? 'drift' : 'in-sync';
    if (current === logged) return;
    logged = current;
    log(current === 'drift' ? 'config-drift' : 'config-in-sync', { inForce: inForce(), pin: configPin.pin });
  };
  return {
    update(notification) {
      configPin.update(notification.pin);
      ({ agentState } = notification);
      configChanged();
    },
    configChanged,
    refusal: () => configPin.refusal(),
    status: () => ({
      pin: configPin.pin && { ...configPin.pin, drifted: configPin.hasDrifted },
      agentState,
    }),
  };
}
