import { TunnelError } from '@penstock/wire';

type Stamp = { readonly version: number; readonly digest: string };

/** What the gateway expects this agent to run on. */
export type GatewayPin = Stamp & { readonly mode: 'enforce' | 'warn' | 'off' };

/**
 * The gateway's pin beside the file in force. Where it is enforced, an agent that drifts refuses opens itself: the
 * gateway asks none of it, and need not be believed.
 */
export class ConfigPin {
  readonly #stamp: () => Stamp;
  #pin: GatewayPin | undefined;

  /** `stamp` gives the configuration in force. */
  constructor(stamp: () => Stamp) {
    this.#stamp = stamp;
  }

  get pin(): GatewayPin | undefined {
    return this.#pin;
  }

  /** What the gateway said last; undefined when there is no pin. */
  learn(pin: GatewayPin | undefined): void {
    this.#pin = pin;
  }

  /** Whether the file in force is another one than the pinned. False without a pin. */
  get hasDrifted(): boolean {
    const { version, digest } = this.#stamp();
    return this.#pin !== undefined && (this.#pin.version !== version || this.#pin.digest !== digest);
  }

  /** Undefined when an open may start. */
  refusal(): TunnelError | undefined {
    if (this.#pin?.mode !== 'enforce' || !this.hasDrifted) return undefined;
    return new TunnelError(
      'CONFIG_DRIFT',
      `The agent runs version ${this.#stamp().version} of its file, and version ${this.#pin.version} is pinned.`,
    );
  }
}
