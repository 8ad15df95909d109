/**
 * What is wrong with the agent's identity on this host.
 *
 * - `damaged`: a file does not contain what was written.
 * - `foreign`: the directory has the identity of another agent, or of one of another organization.
 * - `missing`: there is nothing to renew or promote.
 * - `certificate-rejected`: the gateway sent a certificate that does not match the key or the agent.
 */
export type IdentityFault = 'damaged' | 'foreign' | 'missing' | 'certificate-rejected';

/** The message states what is wrong, where, and what to do. */
export class IdentityError extends Error {
  override readonly name = 'IdentityError';
  readonly fault: IdentityFault;

  constructor(fault: IdentityFault, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.fault = fault;
  }
}
