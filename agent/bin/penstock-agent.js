#!/usr/bin/env node
import { requireSupportedNode } from '@penstock/wire/node-version';

requireSupportedNode('penstock-agent');
// Imported last: an older Node cannot parse these files.
await import('../src/main.ts');
