import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';

/** Covers the loss of a first packet, which TCP repeats after a second (RFC 6298 section 2), on a slow link. */
const ATTEMPT_TIMEOUT_MS = 2_500;

/**
 * Gives each address of a name more time in requests with fetch. Node ends the attempt on one address before it tries the next,
 * after 250 ms by default, so a name with two addresses could not be reached over a link that loses a packet.
 */
export function extendAddressAttempts(): void {
  setDefaultAutoSelectFamilyAttemptTimeout(ATTEMPT_TIMEOUT_MS);
}
