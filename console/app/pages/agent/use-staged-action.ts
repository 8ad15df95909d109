import { useState } from 'react';
import type { Performed } from '../../api/performed.ts';
import type { Probe } from '../../api/types.ts';
import { useAction } from '../../parts/use-action.ts';
import type { ProbeStage } from './agent-api.ts';

type OnStage = (stage: ProbeStage) => void;

/** A probe or check, whose stages are there as they finish. */
export function useStagedAction<Args extends readonly unknown[]>(
  send: (onStage: OnStage, ...args: Args) => Promise<Performed<Probe>>,
  texts: { readonly failed: string; readonly stale: readonly string[] },
): {
  readonly run: (...args: Args) => Promise<void>;
  readonly isBusy: boolean;
  readonly result: Probe | undefined;
  readonly stages: readonly ProbeStage[];
} {
  const [stages, setStages] = useState<readonly ProbeStage[]>([]);
  const [result, setResult] = useState<Probe>();
  const { run, isBusy } = useAction(send, texts);
  return {
    isBusy,
    result,
    stages,
    async run(...args) {
      setStages([]);
      setResult(undefined);
      setResult(await run((stage) => setStages((before) => [...before, stage]), ...args));
    },
  };
}
