#!/usr/bin/env node
import { requireSupportedNode } from '@penstock/wire/node-version';

requireSupportedNode('penstock-agent');
// Only now: an older Node could not even read these files.
await import('../src/main.ts');
