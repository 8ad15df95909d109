/** What a workload found out about the connections that it has used. */
export type WorkloadResult = {
  readonly workload: string;
  /** Transactions, messages or transfers that were completed. */
  readonly done: number;
  /** What a client noticed: an error, a reset, an answer that never came. */
  readonly errors: readonly string[];
  /** Answers that were not what was asked for. */
  readonly wrong: number;
};

/** Clients that work through the tunnel while its link fails. */
export type Workload = {
  readonly name: string;
  /** Completes what was begun, and closes every connection. Never rejects. */
  finish(): Promise<WorkloadResult>;
};

/** Runs `step` until the workload is to finish, and counts. A step that throws is an error of a client. */
export function repeat(
  name: string,
  step: (round: number) => Promise<'ok' | 'wrong'>,
  close: () => Promise<void>,
): Workload {
  const errors: string[] = [];
  let done = 0;
  let wrong = 0;
  let isFinishing = false;
  const running = (async () => {
    for (let round = 0; !isFinishing; round += 1) {
      try {
        if ((await step(round)) === 'ok') done += 1;
        else wrong += 1;
      } catch (error) {
        errors.push(String(error));
        return;
      }
    }
  })();
  return {
    name,
    async finish() {
      isFinishing = true;
      await running;
      await close();
      return { workload: name, done, errors, wrong };
    },
  };
}
