/**
 * What is wrong with the agent's identity on this host. `open-to-others`: the directory or a file can be read by
 * other users. `unusable-directory`: it cannot be made, read or written. `damaged`: a file is not what was
 * written. `missing`: there is nothing to renew or promote. `certificate-refused`: the gateway sent a certificate
 * that does not fit the key or the agent.
 */
export type IdentityFault =
  | 'open-to-others'
  | 'unusable-directory'
  | 'damaged'
  | 'missing'
  | 'certificate-refused';

/** The message says where the fault is and what to do about it. */
export class IdentityError extends Error {
  override readonly name = 'IdentityError';
  readonly fault: IdentityFault;

  constructor(fault: IdentityFault, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.fault = fault;
  }
}
