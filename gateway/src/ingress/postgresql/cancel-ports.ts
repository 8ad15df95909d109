import type { ForwardedCancel } from '../../access/elsewhere.ts';
import type { ClientSource } from '../client-source.ts';

/** The part of CancelRequests that takes in what arrived elsewhere. */
type Receiver = {
  forwardHere(request: Buffer, source: ClientSource, signal: AbortSignal): Promise<boolean>;
};

/** The CancelRequests of each port, for requests that arrived at another replica. */
export class CancelPorts {
  readonly #ports = new Map<string, Receiver>();

  /** Adds a port until the returned function is called. */
  add(port: string, receiver: Receiver): () => void {
    this.#ports.set(port, receiver);
    return () => {
      if (this.#ports.get(port) === receiver) this.#ports.delete(port);
    };
  }

  /** Resolves to whether a client of this gateway was meant. Never rejects. */
  async forward(
    { port, request, address, clientPort }: ForwardedCancel,
    signal: AbortSignal,
  ): Promise<boolean> {
    const receiver = this.#ports.get(port);
    return receiver?.forwardHere(request, { address, port: clientPort }, signal) ?? false;
  }
}
