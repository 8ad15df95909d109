import { TunnelError } from '@penstock/wire';

type ConfigVersion = { readonly version: number; readonly digest: string };

/** The configuration that the gateway has pinned for this agent. */
export type GatewayPin = ConfigVersion & { readonly mode: 'enforce' | 'warn' | 'off' };

/**
 * Compares the gateway's pin with the configuration in force. Under an enforced pin, an agent with drift refuses opens itself,
 * so that the guarantee does not depend on the gateway alone.
 */
export class ConfigPin {
  readonly #inForce: () => ConfigVersion;
  #pin: GatewayPin | undefined;

  /** `inForce` returns the version of the configuration in force. */
  constructor(inForce: () => ConfigVersion) {
    this.#inForce = inForce;
  }

  get pin(): GatewayPin | undefined {
    return this.#pin;
  }

  /** Replaces the pin with the latest one from the gateway; undefined when there is none. */
  update(pin: GatewayPin | undefined): void {
    this.#pin = pin;
  }

  /** Whether the configuration in force differs from the pinned one. False without a pin. */
  get hasDrifted(): boolean {
    const { version, digest } = this.#inForce();
    return this.#pin !== undefined && (this.#pin.version !== version || this.#pin.digest !== digest);
  }

  /** Why opens are refused, or undefined if they are accepted. */
  refusal(): TunnelError | undefined {
    if (this.#pin?.mode !== 'enforce' || !this.hasDrifted) return undefined;
    return new TunnelError(
      'CONFIG_DRIFT',
      `The agent runs configuration version ${this.#inForce().version}, but version ${this.#pin.version} is pinned.`,
    );
  }
}
