/** A request about a rollout that cannot be carried out. Its code is one of the API's. */
export class RolloutProblem extends Error {
  override readonly name = 'RolloutProblem';
  readonly code: 'ROLLOUT_STATE' | 'ROLLOUT_CONFLICT' | 'RELEASE_UNUSABLE';

  constructor(code: RolloutProblem['code'], message: string) {
    super(message);
    this.code = code;
  }
}
