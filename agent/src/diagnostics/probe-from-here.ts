import type { AgentConfig } from '@penstock/config-schema';
import type { ProbeResult } from '@penstock/wire';
import { probePolicy } from '../policy/probe-rules.ts';
import { type Probe, probe } from '../target/probe.ts';
import { Targets } from '../target/targets.ts';

/** A probe without a running agent: the same policy and the same ladder. */
export function probeFromHere(config: AgentConfig, asked: Probe): Promise<ProbeResult> {
  return probe(asked, {
    policy: probePolicy(config.policy.probe.allow),
    targets: new Targets(config),
    signal: new AbortController().signal,
  });
}
