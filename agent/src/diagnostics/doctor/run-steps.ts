import { errorText } from '@penstock/wire';

/** The result of a step that did not fail. A step fails by throwing StepFailure. */
export type StepResult = {
  /** `skipped`: there was nothing to check, and the sentence states why. */
  readonly verdict?: 'ok' | 'skipped';
  readonly message: string;
  readonly advice?: string;
};

/** A step failed. The message states what is wrong, and the advice what to do. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure';
  readonly advice: string;

  constructor(message: string, advice: string, options?: ErrorOptions) {
    super(message, options);
    this.advice = advice;
  }
}

export type Step = {
  readonly name: string;
  /** Steps that must succeed first. A step that depends on a failed one is skipped. */
  readonly needs: readonly string[];
  readonly run: () => Promise<StepResult>;
};

/** One row of the doctor's report. */
export type StepReport = {
  readonly step: string;
  readonly verdict: 'ok' | 'failed' | 'skipped';
  readonly milliseconds?: number;
  readonly message: string;
  readonly advice: string;
};

/** Runs the steps one after another. Calls `onDone` after each. Never rejects. */
export async function runSteps(
  steps: readonly Step[],
  onDone: (report: StepReport) => void,
): Promise<readonly StepReport[]> {
  const reports: StepReport[] = [];
  for (const step of steps) {
    const missing = step.needs.find((need) => reports.find((each) => each.step === need)?.verdict !== 'ok');
    const report = missing === undefined ? await runStep(step) : skipped(step, missing);
    reports.push(report);
    onDone(report);
  }
  return reports;
}

const skipped = ({ name }: Step, missing: string): StepReport => ({
  step: name,
  verdict: 'skipped',
  message: `It depends on ${missing}.`,
  advice: '',
});

async function runStep({ name, run }: Step): Promise<StepReport> {
  const started = performance.now();
  const milliseconds = () => Math.round((performance.now() - started) * 10) / 10;
  try {
    const { verdict = 'ok', message, advice = '' } = await run();
    return { step: name, verdict, milliseconds: milliseconds(), message, advice };
  } catch (error) {
    const advice = error instanceof StepFailure ? error.advice : '';
    return {
      step: name,
      verdict: 'failed',
      milliseconds: milliseconds(),
      message: errorText(error),
      advice,
    };
  }
}
