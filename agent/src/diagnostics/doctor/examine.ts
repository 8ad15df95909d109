import { errorText } from '@penstock/wire';

/** What one step found; its work throws a Complaint when something is wrong. */
export type Finding = {
  /** `skipped`: there was nothing to look at, and the sentence says why. */
  readonly verdict?: 'ok' | 'skipped';
  readonly sentence: string;
  readonly advice?: string;
};

/** Something is wrong: what, and what to do about it. */
export class Complaint extends Error {
  override readonly name = 'Complaint';
  readonly advice: string;

  constructor(sentence: string, advice: string, options?: ErrorOptions) {
    super(sentence, options);
    this.advice = advice;
  }
}

export type Step = {
  readonly name: string;
  /** Steps that must be well first; what depends on a failed one is skipped, not failed. */
  readonly needs: readonly string[];
  readonly look: () => Promise<Finding>;
};

/** One row of a diagnosis. */
export type Diagnosed = {
  readonly step: string;
  readonly verdict: 'ok' | 'failed' | 'skipped';
  readonly milliseconds?: number;
  readonly sentence: string;
  readonly advice: string;
};

/** Takes the steps one after the other. `onDone` is told of each as it is taken. */
export async function examine(
  steps: readonly Step[],
  onDone: (diagnosed: Diagnosed) => void,
): Promise<readonly Diagnosed[]> {
  const taken: Diagnosed[] = [];
  for (const step of steps) {
    const missing = step.needs.find((need) => taken.find((each) => each.step === need)?.verdict !== 'ok');
    const diagnosed = missing === undefined ? await take(step) : skipped(step, missing);
    taken.push(diagnosed);
    onDone(diagnosed);
  }
  return taken;
}

const skipped = ({ name }: Step, missing: string): Diagnosed => ({
  step: name,
  verdict: 'skipped',
  sentence: `It depends on ${missing}.`,
  advice: '',
});

async function take({ name, look }: Step): Promise<Diagnosed> {
  const started = performance.now();
  const milliseconds = () => Math.round((performance.now() - started) * 10) / 10;
  try {
    const { verdict = 'ok', sentence, advice = '' } = await look();
    return { step: name, verdict, milliseconds: milliseconds(), sentence, advice };
  } catch (error) {
    const advice = error instanceof Complaint ? error.advice : '';
    return {
      step: name,
      verdict: 'failed',
      milliseconds: milliseconds(),
      sentence: errorText(error),
      advice,
    };
  }
}
