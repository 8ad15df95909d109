import type { Reach } from '@penstock/wire';

/** The path to a target leads no further than `reach`. The message is for people. */
export class CheckFailure extends Error {
  override readonly name = 'CheckFailure';
  readonly reach: Reach;

  constructor(reach: Reach, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reach = reach;
  }
}
