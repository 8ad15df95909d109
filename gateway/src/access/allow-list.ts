import { addressRanges } from '@penstock/config-schema';
import type { TunnelError } from '@penstock/wire';
import { ClientDenied } from './client-denied.ts';

/** The `allow` list of an ingress: the source addresses whose clients may connect through it. */
export class AllowList {
  readonly #ranges: readonly string[];
  readonly #has: (address: string) => boolean;

  /** `ranges` are CIDR ranges, already checked by the configuration. */
  constructor(ranges: readonly string[]) {
    this.#ranges = ranges;
    this.#has = addressRanges(ranges);
  }

  /** Whether a client from this address may connect. An IPv4 address mapped into IPv6 counts as IPv4. */
  admits(address: string): boolean {
    return this.#has(address);
  }

  /** The first range that has the address; undefined if none has it. */
  rangeOf(address: string): string | undefined {
    return this.#ranges.find((range) => addressRanges([range])(address));
  }
}

/** The error for a client whose address no allow list of its ingress admits. */
export function notAllowed(address: string): TunnelError {
  return new ClientDenied('source-not-allowed', `${address} is not in the allow list of this ingress.`);
}
