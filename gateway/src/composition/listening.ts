import type { HostPort } from '@penstock/config-schema';
import { bindError } from '@penstock/wire';

/** Opens a listener. Throws an error that names the configuration field and the address when listening fails. */
export async function namingAddress<Listener>(
  field: string,
  address: HostPort,
  listen: () => Promise<Listener>,
): Promise<Listener> {
  try {
    return await listen();
  } catch (error) {
    throw bindError(field, address, error);
  }
}
