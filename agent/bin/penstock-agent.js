#!/usr/bin/env node
import module from 'node:module';
import { fileURLToPath } from 'node:url';
import { requireSupportedNode } from '@penstock/wire/node-version';

requireSupportedNode('penstock-agent');
// Threads of libuv, created at their first use. Half of them resolve names, and a lookup occupies one for as long as the name
// servers do not answer (runtime/src/host-lookup.ts).
process.env.UV_THREADPOOL_SIZE ??= '128';
// SIGUSR1 would open Node's inspector, through which any user of the host could run code in this process.
process.on('SIGUSR1', () => {});
// Compiled code is kept next to the program, because a short command would spend most of its time compiling. Node does
// without if the directory cannot be written. A single executable contains its compiled code.
if (process.argv[2] !== 'run' && !process.getBuiltinModule('node:sea').isSea()) {
  module.enableCompileCache?.(fileURLToPath(new URL('../node_modules/.cache/', import.meta.url)));
}
// Imported last: an older Node cannot parse these files.
await import('../src/main.ts');
