import { addressRanges } from '@penstock/config-schema';
import { TunnelError } from '@penstock/wire';

/** The `allow` list of an ingress: the source addresses whose clients may connect through it. */
export class AllowList {
  readonly #has: (address: string) => boolean;

  /** `ranges` are CIDR ranges, already checked by the configuration. */
  constructor(ranges: readonly string[]) {
    this.#has = addressRanges(ranges);
  }

  /** Whether a client from this address may connect. An IPv4 address mapped into IPv6 counts as IPv4. */
  admits(address: string): boolean {
    return this.#has(address);
  }
}

/** The error for a client whose address no allow list of its ingress admits. */
export function notAllowed(address: string): TunnelError {
  return new TunnelError('CLIENT_DENIED', `${address} is not in the allow list of this ingress.`);
}
